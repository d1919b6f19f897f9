"""A function of a Python file -> a program of the language. Nothing in the file is run.

Knows where Python's lines, strings and blocks end; what a line means is the language's business.
"""

from __future__ import annotations

import keyword
import re
from bisect import bisect_right
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NoReturn

from msgspec import Struct
from msgspec.structs import replace

from gradtui.base.source import InputError, Place
from gradtui.base.text import clip
from gradtui.engine.ops import FUNCTIONS
from gradtui.language.foreign import instead_of_return, instead_of_several
from gradtui.language.parser import Assignment, parse_program
from gradtui.language.refusals import Context
from gradtui.language.several import NOTHING, UNREACHED, Bundle, Known, read_program
from gradtui.language.tokens import MAX_TOKENS, refuse_character, refuse_length
from gradtui.scenario.lines import (
    Line,
    Word,
    annotation_of,
    closing,
    defined,
    is_attribute,
    is_text,
    logical_lines,
    names_of,
    split,
    without_owner,
)

_ADVICE = {
    "for": "write out the loop, one line for each round, or as one operation on arrays",
    "while": "write out the loop, one line for each round",
    "if": "write name = where(condition, a, b) for a choice",
    "assert": "leave the line out",
    "print": "leave the line out",
    "del": "leave the line out",
    "import": "the functions of the language need no import, with or without np.",
    "from": "the functions of the language need no import, with or without np.",
}
"""Statement that the language lacks -> what to do about it."""
_STATEMENTS = frozenset(keyword.kwlist) - {"None", "True", "False", "lambda", "not", "await"}
_OWNERS = ("self", "cls")
"""First parameters of methods, which hold no value of the model."""


class Function(Struct, frozen=True):
    """A function as a program: its arguments, assignments and returned names."""

    parameters: tuple[tuple[str, Place], ...]
    program: tuple[Assignment, ...]
    returned: tuple[tuple[str, Place], ...]
    place: Place
    """Where its name stands."""
    kept: tuple[str, ...] = ()
    """Attributes that a method assigns: `self.dW`."""
    bundles: Mapping[str, Bundle] = {}
    """Names under which it keeps several values."""


def read_function(
    text: str, file: str, name: str, limit: int = MAX_TOKENS, kept: Collection[str] = (),
    known: Known = NOTHING, *, augmented: bool = False,
) -> Function | None:  # fmt: skip
    """Return the function called `name`, of at most `limit` tokens; None where there is none.

    The name may begin with that of its class: `Layer.backward`.  `kept` are names that hold last
    step's value until they are assigned; with `augmented` they may be assigned by `w -= x` too.
    `known` is what is known of the model.
    Raises InputError, with a place in `file`, at the first thing in the function that is not in
    the language.
    """
    return _Reader(text, file, limit, kept, known, augmented=augmented).function(name)


def function_names(text: str, file: str) -> list[str]:
    """Return the names of all functions of a file."""
    reader = _Reader(text, file)
    return [name.text for line in reader.lines if (name := defined(line))]


class _Reader:
    def __init__(
        self, text: str, file: str, limit: int = MAX_TOKENS, kept: Collection[str] = (),
        known: Known = NOTHING, *, augmented: bool = False,
    ) -> None:  # fmt: skip
        self.kept, self.known, self.augmented = kept, known, augmented
        self.text = text
        self.file = file
        self.limit = limit
        self.attributes = False
        """Whether the function is a method, in which self.x is x."""
        self.starts = [0, *(match.end() for match in re.finditer("\n", text))]
        self.lines = list(logical_lines(text, self.refuse))
        self.functions = {name.text for line in self.lines if (name := defined(line))}

    def function(self, name: str) -> Function | None:
        owner, _, name = name.rpartition(".")
        found = [
            (index, token)
            for index, line in enumerate(self.lines)
            if (token := defined(line))
            and token.text == name
            and (not owner or self.owner(index) == owner)
        ]
        outermost = min((self.lines[index].indent for index, _ in found), default=0)
        found = [entry for entry in found if self.lines[entry[0]].indent == outermost]
        if not found:
            return None
        if len(found) > 1:
            first, second = (self.place(token.at).line for _, token in found[:2])
            self.refuse(found[1][1], f"'{name}' is defined twice, on lines {first} and {second}")
        index, token = found[0]
        parameters = self.parameters(self.lines[index], token)
        body = [line for line in self.body(index) if not is_text(line)]
        kept: tuple[str, ...] = ()
        if parameters and parameters[0][0] in _OWNERS:
            owner, parameters = parameters[0][0], parameters[1:]
            kept = tuple(line.tokens[2].text for line in body if is_attribute(line, owner))
            body = [without_owner(line, owner) for line in body]
            self.attributes = True
        parameters, body = self.unpacked(parameters, body)
        self.known = replace(self.known, parameters=[name for name, _ in parameters])
        program, returned = self.statements(body)
        place = self.place(token.at, len(name))
        return Function(parameters, program, returned, place, kept, self.known.bundles)

    def owner(self, index: int) -> str:
        """Return the class that a line stands directly in; empty without one."""
        indent = self.lines[index].indent
        around = (line for line in reversed(self.lines[:index]) if line.indent < indent)
        head = next(around, None)
        words = [] if head is None else [token.text for token in head.tokens[:2]]
        return words[1] if words[:1] == ["class"] else ""

    def unpacked(
        self, parameters: tuple[tuple[str, Place], ...], body: Sequence[Line]
    ) -> tuple[tuple[tuple[str, Place], ...], list[Line]]:
        """Return parameters and lines, with values unpacked from a parameter as parameters.

        `x, w, b = cache`, or `self.cache`, says that x, w and b are what the forward pass has of
        that name; so does `x = x`, once the object is left out.  Where the model is known, the
        language takes care of the first.
        """
        follows = self.known.model is not None
        names, rest = {name for name, _ in parameters}, list[Line]()
        taken, bundles = list[tuple[str, Place]](), set[str]()
        for line in body:
            parts = split(line.tokens, "=")
            if len(parts) == 2 and [one.text for one in parts[0]] == [one.text for one in parts[1]]:
                continue
            found = names_of(parts[0]) if len(parts) == 2 and len(parts[1]) == 1 else ()
            if found and (parts[1][0].text in names or self.attributes) and not follows:
                bundles.add(parts[1][0].text)
                taken += [(one.text, self.place(one.at, len(one.text))) for one in found]
            else:
                rest.append(line)
        return (*(one for one in parameters if one[0] not in bundles), *taken), rest

    def body(self, index: int) -> Iterator[Line]:
        outside = self.lines[index].indent
        for line in self.lines[index + 1 :]:
            if line.indent <= outside:
                return
            yield line

    def parameters(self, line: Line, name: Word) -> tuple[tuple[str, Place], ...]:
        """Return the names of a function's parameters, without defaults and annotations."""
        found = list[tuple[str, Place]]()
        depth, expected = 0, True
        start = line.tokens.index(name) + 1
        rest = iter(line.tokens[start:])
        for index, token in enumerate(rest, start + 1):
            if depth == 1 and expected and token.kind == "word":
                found.append((token.text, self.place(token.at, len(token.text))))
                expected = False
            elif token.text == "*" and depth == 1 and expected and line.tokens[index].text != ",":
                self.refuse(token, "'*' before a parameter is not part of the language: name each")
            elif depth == 1 and token.text == ",":
                expected = True
            depth += (token.kind == "open") - (token.kind == "close")
            if depth == 0:
                break
        for token in rest:
            if token.text == ":" and depth == 0:
                break
            depth += (token.kind == "open") - (token.kind == "close")
        for token in rest:
            self.refuse(token, "the body of the function must be on its own lines")
        return tuple(found)

    def statements(
        self, body: Sequence[Line]
    ) -> tuple[tuple[Assignment, ...], tuple[tuple[str, Place], ...]]:
        program, assigned = list[Assignment](), set[str]()
        returned: tuple[tuple[str, Place], ...] | None = None
        count = 0
        for line in body:
            first = line.tokens[0]
            count += len(line.tokens)
            if count > self.limit:
                refuse_length(self.place(first.at, len(first.text)), self.limit)
            if returned is not None:
                self.refuse(first, UNREACHED)
            if first.text == "return":
                returned = self.returned(line)
            elif first.text != "pass":
                found = self.assignment(line, body[0].indent, assigned)
                assigned.update(one.name for one in found)
                program += found
        return tuple(program), returned or ()

    def assignment(
        self, line: Line, indent: int, assigned: Collection[str]
    ) -> Sequence[Assignment]:
        first, second = line.tokens[0], line.tokens[1:2]
        word = first.text
        if word in _STATEMENTS or (word == "print" and second and second[0].text == "("):
            advice = _ADVICE.get(word, "the body may hold lines `name = expression` and a return")
            self.refuse(first, f"'{word}' is not part of the language: {advice}")
        if line.indent != indent:
            self.refuse(first, "this line is indented more or less than the lines before it")
        self.check_owners(line)
        self.check_targets(line)
        self.check_calls(line)
        annotation = annotation_of(line.tokens)
        if len(annotation) == len(line.tokens) - 1:
            return ()
        last = line.tokens[-1]
        row = self.row(first.at)
        column = first.at - self.starts[row]

        def locate(down: int, across: int, width: int) -> Place:
            begin = column if down == 0 else 0
            return Place(row + down + 1, begin + across + 1, width, self.file)

        text = self.text[first.at : last.at + len(last.text)]
        if annotation:
            start, end = annotation[0].at - first.at, line.tokens[len(annotation) + 1].at - first.at
            if "\n" in text[start:end]:
                self.refuse(annotation[0], "leave out type hints that span several lines")
            text = text[:start] + " " * (end - start) + text[end:]
        context = self.context(assigned)
        if self.augmented:  # the update, whose names change
            return parse_program(text, locate, context=context)
        found = read_program(text, locate, context=context, known=self.known)
        self.known = replace(self.known, bundles=found.bundles)
        return found.lines

    def context(self, assigned: Collection[str]) -> Context:
        """Return what is known about names below the lines read so far."""
        updates = self.augmented
        return Context(assigned, self.kept, FUNCTIONS, self.attributes, updates, not updates)

    def check_owners(self, line: Line) -> None:
        """Refuse `self.x` in a function that is no method."""
        for token, after in zip(line.tokens, line.tokens[1:], strict=False):
            if (token.text, after.text) == ("self", ".") and not self.attributes:
                self.refuse(token, "'self' is not a parameter of this function: make it the first, "
                                   "or leave out self.")  # fmt: skip

    def check_calls(self, line: Line) -> None:
        """Refuse a call of another function of the file: only one function is read."""
        for index, token in enumerate(line.tokens[:-1]):
            called = token.kind == "word" and line.tokens[index + 1].text == "("
            if called and token.text in self.functions and token.text not in FUNCTIONS:
                self.refuse(token, f"'{token.text}' is another function of this file and is not "
                                   "read: write out what it does here")  # fmt: skip

    def check_targets(self, line: Line) -> None:
        """Refuse an assignment to several names at once, of values that strings name."""
        parts = split(line.tokens, "=")
        semicolon = next((token for token in line.tokens if token.text == ";"), None)
        if semicolon is not None:
            self.refuse(semicolon, "';' is not part of the language: write what follows on its "
                                   "own line")  # fmt: skip
        if len(parts) < 2:
            return
        names, values = split(parts[0], ","), split(parts[1], ",")
        if len(names) == 1:
            if len(parts) > 2:
                self.refuse(
                    parts[1][0] if parts[1] else line.tokens[0],
                    "a line assigns one name: write the second on its own line",
                )
            return
        if not any(token.kind == "string" for token in line.tokens):
            return
        rewrite = instead_of_several(*([self.source(p) for p in side] for side in (names, values)))
        self.refuse(
            line.tokens[0], f"several names cannot be assigned at once: {clip(rewrite, 200)}"
        )

    def returned(self, line: Line) -> tuple[tuple[str, Place], ...]:
        """Return the names that a return gives."""
        tokens = line.tokens[1:]
        if not tokens:
            return ()
        if tokens and closing(tokens) == len(tokens) - 1 and tokens[0].text in ("(", "["):
            tokens = tokens[1:-1]
        for stray in tokens:
            if stray.kind == "other" and (stray.text == ";" or not " " < stray.text <= "~"):
                refuse_character(self.text, stray.at, self.place(stray.at))
        parts = split(tokens, ",")
        if len(parts) > 1 and not parts[-1]:
            parts = parts[:-1]
        found = []
        for part in parts:
            if len(part) != 1 or part[0].kind != "word" or part[0].text.isdigit():
                at = part[0] if part else line.tokens[0]
                rewrite = instead_of_return([self.source(one) or "…" for one in parts])
                self.refuse(at, f"a return gives names: {clip(rewrite, 200)}")
            found.append((part[0].text, self.place(part[0].at, len(part[0].text))))
        return tuple(found)

    def source(self, tokens: Sequence[Word]) -> str:
        """Return the text of tokens, on one line."""
        if not tokens:
            return ""
        return " ".join(self.text[tokens[0].at : tokens[-1].at + len(tokens[-1].text)].split())

    def row(self, at: int) -> int:
        return bisect_right(self.starts, at) - 1

    def place(self, at: int, width: int = 1) -> Place:
        row = self.row(at)
        return Place(row + 1, at - self.starts[row] + 1, width, self.file)

    def refuse(self, token: Word, message: str) -> NoReturn:
        width = len(token.text.split("\n")[0])
        raise InputError(message, self.place(token.at, max(1, width)))
