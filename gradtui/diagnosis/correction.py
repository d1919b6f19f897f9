"""Applies the fix of a finding to its line: in memory first, in the file on request."""

from __future__ import annotations

import linecache
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec.structs import replace

from gradtui.base.files import ChangedError, reason, write_file
from gradtui.base.source import InputError, Place
from gradtui.base.text import clean
from gradtui.diagnosis.finding import Finding
from gradtui.engine.printer import owner_in
from gradtui.language.parser import Assignment, parse_program
from gradtui.language.refusals import READ
from gradtui.language.trees import same
from gradtui.scenario.bundled import bundled_folder
from gradtui.scenario.load import load_problem
from gradtui.scenario.problem import HandUpdate, Handwritten, Patch, Problem, assigned_by
from gradtui.scenario.reading import DATA_LIMIT, decode_text, read_bytes
from gradtui.scenario.scanner import NEWLINE

_MARK = b"\xef\xbb\xbf"
"""The byte-order mark that some editors write."""
_QUOTES = "\"'"


def correct(problem: Problem, finding: Finding) -> Problem:
    """Return the problem with a finding's line replaced by its fix; no file is touched.

    Raises InputError if the line cannot be replaced alone.
    """
    hand = _hand(problem, finding)
    if hand is None or finding.fix is None:
        raise InputError("this finding has no fix")
    wanted, (name, place) = _wanted(hand, finding, finding.fix)
    text = "\n".join(hand.lines)
    corrected, old = replace_statement(text, place, name, finding.fix)
    new = _patched(problem, Patch(hand.file, place, old, finding.fix, hand.lines), corrected)
    after = _hand(new, finding)
    if after is None or not _equal(after.program, wanted):
        raise InputError("the line cannot be replaced alone: change it in an editor", place)
    return new


def corrected_program(problem: Problem, finding: Finding) -> Sequence[Assignment]:
    """Return the lines of the hand-written code with a finding's fix among them.

    Raises InputError without a fix, or without the line that it replaces.
    """
    hand = _hand(problem, finding)
    if hand is None or finding.fix is None:
        raise InputError("this finding has no fix")
    return _wanted(hand, finding, finding.fix)[0]


def _wanted(
    hand: Handwritten | HandUpdate, finding: Finding, fix: str
) -> tuple[Sequence[Assignment], tuple[str, Place]]:
    """Return a program with a fix in it, and the name and the place of what it replaces."""
    wanted, start = list(hand.program), _start_of(hand, finding)
    if start is not None:
        return wanted, start
    right = parse_program(fix, context=READ)
    at = _index(hand, finding, right)
    old = wanted[at]
    wanted[at : at + 1] = right
    return wanted, (old.name, old.place)


def correct_again(problem: Problem, file: str, place: Place, before: str, after: str) -> Problem:
    """Return the problem with a line replaced as `correct` once did; no file is touched.

    It is the matching line nearest to `place`; the problem itself is returned if the line has been
    replaced already.  Raises InputError without such a line, or if `after` is not a line.
    """
    hands = [hand for hand in (problem.backward, problem.update) if hand and hand.file == file]
    name, text = assigned_by(before), "\n".join(problem.texts.get(file, ()))
    lines = [line for hand in hands for line in hand.program if line.name == name]
    starts = [place for hand in hands for key, place in _starts(hand) if key == name]
    right = () if starts and not lines else parse_program(after, context=READ)
    if len(right) > 2 or set(after) & set(f"{_QUOTES}\\#\r"):
        raise InputError("this line does not fit here", place)
    stands = bool(right) and any(_holds(hand.program, right) for hand in hands)
    if stands and "\n" in after:  # one of the two is the original line
        return problem
    stand, there = [*(line.place for line in lines), *starts], set[str]()
    for at in sorted(stand, key=lambda at: abs(at.line - place.line)):
        corrected, old = replace_statement(text, at, name, after)
        there.add(old)
        if old == before:
            return _patched(problem, Patch(file, at, old, after, problem.texts[file]), corrected)
    if after in there or stands:
        return problem
    raise InputError(
        f"the line {clean(before)} is no longer there" if stand
        else f"there is no line that assigns {clean(name)}", place,
    )  # fmt: skip


def _patched(problem: Problem, patch: Patch, text: str) -> Problem:
    """Return the problem with one more line replaced, its file having this text."""
    given = {one.file: "\n".join(problem.texts[one.file]) for one in problem.patches}
    new = load_problem(problem.path, texts={**given, patch.file: text}, ascii=problem.ascii)
    if dict(new.tables) != dict(problem.tables):
        new = replace(new.revised(problem.tables), changed=problem.changed)
    if new.drive != problem.drive:
        new = new.driven_by(problem.drive)
    return replace(new, patches=(*problem.patches, patch))


def write_fixes(problem: Problem) -> tuple[Patch, ...]:
    """Write the applied fixes into their files; return those files.

    Each file is replaced as a whole, or left as it is.  Raises InputError if that fails, or if a
    file has changed since it was compared.
    """
    files = dict.fromkeys(patch.file for patch in problem.patches)
    texts = {file: _corrected_file(file, problem.patches) for file in files}
    for file, (before, after) in texts.items():
        _replace_file(file, before, after)
    return problem.patches


def write_fix(finding: Finding) -> None:
    """Write the fix of a finding in called code into its file; nothing is run.

    Raises InputError without a fix, or if the file has changed since it was run.
    """
    place, lines, fix = finding.place, finding.replaces, finding.fix
    if place is None or lines is None or fix is None:
        raise InputError("this finding has no fix")
    raw = read_bytes(place.file, DATA_LIMIT)
    text = decode_text(raw, place.file)
    there = [line + "\n" for line in NEWLINE.split(text)]
    if there[: -1 if text.endswith("\n") else None] != linecache.getlines(place.file):
        raise InputError("nothing is written: the file has changed since the run",
                         place, file=place.file)  # fmt: skip
    starts = [0, *(match.end() for match in NEWLINE.finditer(text)), len(text)]
    start, end = starts[lines[0] - 1], starts[lines[1]]
    old = text[start:end]
    margin, ending = old[: len(old) - len(old.lstrip())], old[len(old.rstrip()) :]
    after = text[:start] + margin + fix.replace("\n", ending or "\n") + ending + text[end:]
    mark = _MARK if raw.startswith(_MARK) else b""
    _replace_file(place.file, raw, mark + after.encode())


def replace_statement(text: str, place: Place, name: str, new: str) -> tuple[str, str]:
    """Return a text with the statement at a place replaced, and the original statement.

    A statement ends with its line, with a comment, or with the quotes that hold the program;
    inside parentheses it continues over lines.  A Python line keeps its type annotation.
    The replacement may be two statements, each on a line of its own, and may begin with the `self.`
    that stands before the place.  Raises InputError without such a statement, or without room for
    two.
    """
    starts = [0, *(match.end() for match in NEWLINE.finditer(text))]
    start = starts[place.line - 1] + place.column - 1 if place.line <= len(starts) else len(text)
    end, depth = start, 0
    while end < len(text) and text[end] not in _QUOTES:
        char = text[end]
        if char == "#":
            if depth == 0:
                break
            end = text.find("\n", end)
            continue
        if char in "\r\n" and depth == 0:
            break
        depth += (char in "([") - (char in ")]")
        end += 1
    old, new = text[start:end].rstrip(), new.removeprefix(owner_in(text[:start]))
    head = re.match(rf"{re.escape(name)}(\s*:[^=]*?)?\s*(?:[-+*/@]|\*\*)?=", old)
    if head is None or "\\" in old:
        raise InputError(f"there is no line {name} = … here that can be replaced alone", place)
    if head[1] and "\n" not in new:
        new = f"{name}{head[1]} {new[len(name) :].lstrip()}"
    margin = text[starts[place.line - 1] : start]
    if "\n" in new and margin.strip():
        raise InputError("two lines cannot replace one here", place)
    ending = "\r\n" if "\r\n" in text else "\n"
    new = new.replace("\n", ending + margin)
    return text[:start] + new + text[start + len(old) :], old


def _hand(problem: Problem, finding: Finding) -> Handwritten | HandUpdate | None:
    return problem.update if finding.of_update else problem.backward


def _starts(hand: Handwritten | HandUpdate) -> Iterator[tuple[str, Place]]:
    """Yield the lines with initial values of an update: the name assigned, and the place."""
    for place in hand.state_places.values() if isinstance(hand, HandUpdate) else ():
        row = hand.lines[place.line - 1]
        yield assigned_by(row), Place(place.line, len(row) - len(row.lstrip()) + 1)


def _start_of(hand: Handwritten | HandUpdate, finding: Finding) -> tuple[str, Place] | None:
    """Return the line of initial values that a finding is about; None if it is about another."""
    if any((line.name, line.place.line) == (finding.target, finding.line) for line in hand.program):
        return None
    return next((start for start in _starts(hand) if start[1].line == finding.line), None)


def _index(hand: Handwritten | HandUpdate, finding: Finding, right: Sequence[Assignment]) -> int:
    """Return the line of a program that a finding is about."""
    names = {finding.target, *(line.name for line in right)}
    for index, line in enumerate(hand.program):
        if line.place.line == finding.line and line.name in names:
            return index
    raise InputError(f"there is no line {right[0].name} = … to correct")


def _holds(program: Sequence[Assignment], part: Sequence[Assignment]) -> bool:
    """Whether a program contains some lines, one after the other."""
    starts = range(len(program) - len(part) + 1)
    return any(_equal(program[start : start + len(part)], part) for start in starts)


def _equal(program: Sequence[Assignment], wanted: Sequence[Assignment]) -> bool:
    return len(program) == len(wanted) and all(
        one.name == other.name and same(one.value, other.value)
        for one, other in zip(program, wanted, strict=True)
    )


def _corrected_file(file: str, patches: tuple[Patch, ...]) -> tuple[bytes, bytes]:
    """Return the present and the new text of a file."""
    raw = read_bytes(file, DATA_LIMIT)
    if bundled_folder() in Path(os.path.realpath(file)).parents:
        name, ending = os.path.splitext(os.path.basename(file))
        copy = f"new my.toml --from {name}" if ending == ".toml" else "new --from"
        raise InputError(f"not changed, it is gradtui's own: gradtui {copy}", file=file)
    own = [patch for patch in patches if patch.file == file]
    text = decode_text(raw, file)
    if tuple(NEWLINE.split(text)) != own[0].base:
        place = own[0].place
        raise InputError("the file has changed since it was compared: nothing is written",
                         place, file=file)  # fmt: skip
    for patch in own:
        text, _ = replace_statement(text, patch.place, patch.name, patch.after)
    return raw, (_MARK if raw.startswith(_MARK) else b"") + text.encode()


def _replace_file(file: str, before: bytes, after: bytes) -> None:
    try:
        write_file(file, after, instead_of=before)
    except ChangedError:
        raise InputError("the file has just been changed: nothing is written", file=file) from None
    except OSError as error:
        raise InputError(f"cannot be written: {reason(error)}", file=file) from None
