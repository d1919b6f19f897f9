"""The fix of a finding, put into its line: in memory first, in the file if that is asked for."""

from __future__ import annotations

import os
import re
from pathlib import Path

from msgspec.structs import replace

from gradtui.diagnosis.finding import Finding
from gradtui.diagnosis.spelling import same
from gradtui.engine.expression import Assignment, parse_program
from gradtui.scenario.bundled import bundled_folder
from gradtui.scenario.load import load_problem
from gradtui.scenario.problem import HandUpdate, Handwritten, Patch, Problem
from gradtui.scenario.reading import DATA_LIMIT, decode_text, read_bytes
from gradtui.scenario.rules import UPDATE_RULES
from gradtui.scenario.scanner import NEWLINE
from gradtui.source import InputError, Place
from gradtui.text import clean
from gradtui.writing import ChangedError, reason, write_file

_MARK = b"\xef\xbb\xbf"
"""Of the byte order, as some editors write it."""
_QUOTES = "\"'"


def correct(problem: Problem, finding: Finding) -> Problem:
    """Return the problem with the line of a finding as its fix has it; no file is touched.

    Raises InputError where the line cannot be replaced by itself.
    """
    hand = _hand(problem, finding)
    if hand is None or finding.fix is None:
        raise InputError("this finding has no fix")
    (right,) = parse_program(finding.fix)
    at = _index(hand, finding, right)
    place = hand.program[at].place
    text = "\n".join(hand.lines)
    corrected, old = replace_statement(text, place, right.name, finding.fix)
    new = _patched(problem, Patch(hand.file, place, old, finding.fix, hand.lines), corrected)
    after = _hand(new, finding)
    wanted = [right if index == at else line for index, line in enumerate(hand.program)]
    if after is None or not _equal(after.program, wanted):
        raise InputError("the line cannot be replaced by itself: change it in an editor", place)
    return new


def correct_again(problem: Problem, file: str, place: Place, before: str, after: str) -> Problem:
    """Return the problem with a line replaced as it once was by `correct`; no file is touched.

    It is the line that stood nearest to `place`; the problem itself is returned if it has been
    replaced already.  Raises InputError where there is no such line, or `after` is none.
    """
    right = parse_program(after)
    if len(right) != 1 or set(after) & set(f"{_QUOTES}\\#\r\n"):
        raise InputError("this is no line that could stand here", place)
    hands = [hand for hand in (problem.backward, problem.update) if hand and hand.file == file]
    lines = [line for hand in hands for line in hand.program if line.name == right[0].name]
    for line in sorted(lines, key=lambda line: abs(line.place.line - place.line)):
        text = "\n".join(problem.texts[file])
        corrected, old = replace_statement(text, line.place, line.name, after)
        if old == before:
            patch = Patch(file, line.place, old, after, problem.texts[file])
            return _patched(problem, patch, corrected)
    if any(same(line.value, right[0].value) for line in lines):
        return problem
    raise InputError(
        f"the line {clean(before)} is not there any more" if lines
        else f"there is no line that assigns {right[0].name}", place,
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
    """Write the fixes that were applied into their files and return them.

    Each file is replaced as a whole, or left as it is.  Raises InputError if that cannot be done,
    or if a file is not what was compared.
    """
    files = dict.fromkeys(patch.file for patch in problem.patches)
    texts = {file: _corrected_file(file, problem.patches) for file in files}
    for file, (before, after) in texts.items():
        _replace_file(file, before, after)
    return problem.patches


def replace_statement(text: str, place: Place, name: str, new: str) -> tuple[str, str]:
    """Return a text with the statement at a place replaced, and the statement as it was.

    It ends with its line, with a comment, or with the quotes that hold the program; inside
    parentheses it goes on over lines.  The type that a line of Python gives its name stays.
    Raises InputError if no such statement is there.
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
    old = text[start:end].rstrip()
    head = re.match(rf"{name}(\s*:[^=]*?)?\s*=", old)
    if head is None or "\\" in old:
        raise InputError(f"there is no line {name} = … here that can be replaced by itself", place)
    if head[1]:
        new = f"{name}{head[1]} {new[len(name) :].lstrip()}"
    return text[:start] + new + text[start + len(old) :], old


def _hand(problem: Problem, finding: Finding) -> Handwritten | HandUpdate | None:
    return problem.update if finding.rule in UPDATE_RULES else problem.backward


def _index(hand: Handwritten | HandUpdate, finding: Finding, right: Assignment) -> int:
    """Return which line of a program a finding is about."""
    for index, line in enumerate(hand.program):
        if (line.name, line.place.line) == (right.name, finding.line):
            return index
    raise InputError(f"there is no line {right.name} = … to correct")


def _equal(program: tuple[Assignment, ...], wanted: list[Assignment]) -> bool:
    return len(program) == len(wanted) and all(
        one.name == other.name and same(one.value, other.value)
        for one, other in zip(program, wanted, strict=True)
    )


def _corrected_file(file: str, patches: tuple[Patch, ...]) -> tuple[bytes, bytes]:
    """Return what a file holds and what it is to hold."""
    raw = read_bytes(file, DATA_LIMIT)
    if bundled_folder() in Path(os.path.realpath(file)).parents:
        raise InputError(
            "this scenario comes with gradtui and stays as it is: copy it and open the copy",
            file=file,
        )
    own = [patch for patch in patches if patch.file == file]
    text = decode_text(raw, file)
    if tuple(NEWLINE.split(text)) != own[0].base:
        place = own[0].place
        raise InputError("the file is not what was compared any more: nothing is written",
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
