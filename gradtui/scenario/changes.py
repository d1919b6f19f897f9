"""Changes to a run in progress, in the words of the scenario file.

`lr 0.1`, `optimizer adam beta1 0.8`, `schedule cosine`, `w[0] = 1.5`, `seed 3`, several in a row.
The text is parsed, never run.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import get_args

from gradtui.base.source import InputError
from gradtui.scenario.problem import Array, Drive, Problem
from gradtui.scenario.settings import NAMED, Change, Clause, ClauseReader, Word, error_at

LARGEST_SWEEP = 24
"""Most values in one sweep."""
_WORD = r"[^\W\d]\w*"
_HEAD = re.compile(rf"\s*({_WORD}(?:\.{_WORD})*)(\[[^\]]*\]?)?\s*(=)?\s*")
_PLAIN_VALUE = re.compile(r"\"[^\"]*\"?|'[^']*'?|[^\s,\[\]]+")


@lru_cache(maxsize=1)  # a prompt has it checked, and then made
def read_change(text: str, problem: Problem) -> Change:
    """Return the change that a text asks for; raises InputError with a place in the text."""
    try:
        clauses = [*_clauses(text)]
        if not clauses:
            raise error_at("say what to change, for example lr 0.1", 0, 1)
        change = ClauseReader(problem, clauses).change()
        _try(problem, change, clauses)
    except InputError as error:
        raise InputError(error.message, error.place, source_line=text) from None
    return change


def read_sweep(text: str, problem: Problem) -> tuple[Change, ...]:
    """Return a change for each value of `lr 0.01 0.1 1`; raises InputError like `read_change`."""
    try:
        head = _HEAD.match(text)
        if head is None:
            raise error_at("say what to try, for example lr 0.01 0.1 1", 0, max(1, len(text)))
        found = [*_values(text, head.end())]
        if len(found) < 2:
            raise error_at(f"expected two values or more: {head[1]} 0.01 0.1", len(text), 1)
        if len(found) > LARGEST_SWEEP:
            raise error_at(f"{len(found)} values: at most {LARGEST_SWEEP} at once", found[-1][0], 1)
        changes = []
        for start, value in found:
            clause = Clause(head[1], head[2] or "", value, head.start(1), start)
            changes.append(ClauseReader(problem, [clause]).change())
            _try(problem, changes[-1], [clause])
    except InputError as error:
        raise InputError(error.message, error.place, source_line=text) from None
    return tuple(changes)


def suggest(
    text: str, problem: Problem, weights: Mapping[str, Array] | None = None
) -> tuple[int, tuple[Word, ...]]:
    """Return where the word being typed starts in `text`, and its completions.

    `weights` are the current parameters, where they differ from the first ones.
    """
    done, at = list[Clause](), 0
    while (head := _HEAD.match(text, at)) and (value := _first_value(text, head.end())):
        end = value[0] + len(value[1])
        if end >= len(text) and _names_of(head[1]):
            return value[0], _starting(value[1], [Word(name) for name in _names_of(head[1])])
        if end >= len(text):
            return len(text), ()
        done.append(Clause(head[1], head[2] or "", value[1], head.start(1), value[0]))
        at = end + len(re.match(r"[\s,]*", text[end:])[0])  # type: ignore[index]
    head = _HEAD.match(text, at)
    if head and text[head.end() :].lstrip().startswith("["):
        return len(text), ()
    reader = ClauseReader(problem, done)
    if head and head.end() > head.end(2 if head[2] else 1):
        if names := _names_of(head[1]):
            return head.end(), tuple(map(Word, names))
        now = {word.text: word.now for word in reader.words(weights)}.get(
            head[1] + (head[2] or ""), ""
        )
        return head.end(), (Word("", now),) if now else ()
    typed = text[at:].strip()
    return len(text) - len(typed), _starting(typed, reader.words(weights))


def _names_of(head: str) -> tuple[str, ...]:
    return get_args(Drive) if head == "drive" else tuple(NAMED.get(head, ()))


def _starting(typed: str, words: Iterable[Word]) -> tuple[Word, ...]:
    return tuple(word for word in words if word.text.startswith(typed) and word.text != typed)


def _try(problem: Problem, change: Change, clauses: Sequence[Clause]) -> None:
    """Check the settings as those of a file, and blame the words that do not fit."""
    try:
        change.problem(problem)
    except InputError as error:
        blamed = clauses[-1]
        for clause in reversed(clauses):
            rest = [other for other in clauses if other is not clause]
            try:
                ClauseReader(problem, rest).change().problem(problem)
            except InputError:
                continue
            blamed = clause
            break
        message = error.message.replace("got text in quotes", "got a word")
        raise error_at(message, blamed.value_start, len(blamed.value)) from None


def _clauses(text: str) -> Iterator[Clause]:
    at = 0
    while text[at:].strip(" ,"):
        at += len(text[at:]) - len(text[at:].lstrip(" ,"))
        head = _HEAD.match(text, at)
        if head is None:
            raise error_at("expected a name: lr, optimizer, a weight …", at, 1)
        value = next(_values(text, head.end()), None)
        if head[2] and not head[2].endswith("]"):
            raise error_at("this index is not closed", head.start(2), 1)
        if value is None:
            what = head[1] + (head[2] or "")
            raise error_at(f"'{what}' needs a value: {what} 0.1", head.start(1), len(what))
        yield Clause(head[1], head[2] or "", value[1], head.start(1), value[0])
        at = value[0] + len(value[1])


def _values(text: str, at: int) -> Iterator[tuple[int, str]]:
    """Yield the values from a place on, each with its start; a list counts as one value."""
    while True:
        at += len(text[at:]) - len(text[at:].lstrip(" ,"))
        if text[at : at + 1] == "[":
            value = _list_at(text, at)
        else:
            match = _PLAIN_VALUE.match(text, at)
            if match is None:
                return
            value = match[0]
        yield at, value
        at += len(value)


def _first_value(text: str, at: int) -> tuple[int, str] | None:
    """Return the first value from a place on; None while a list there is not closed."""
    try:
        return next(_values(text, at), None)
    except InputError:
        return None


def _list_at(text: str, at: int) -> str:
    depth = 0
    for end in range(at, len(text)):
        depth += {"[": 1, "]": -1}.get(text[end], 0)
        if depth == 0:
            return text[at : end + 1]
    raise error_at("this list is not closed", at, 1)
