"""Ranks remedies as a reader of the program would. Finds none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from gradtui.diagnosis.updates.evidence import Course, fits
from gradtui.diagnosis.updates.line_edits import LineEdit
from gradtui.diagnosis.updates.reference import Reference
from gradtui.diagnosis.updates.remedies import Remedy, applied, cost_of
from gradtui.diagnosis.updates.scope import MEANS
from gradtui.diagnosis.updates.search import which_matter
from gradtui.engine.handwritten import UpdateProgram
from gradtui.language.parser import Call, Name, Number, Tree
from gradtui.language.trees import mapped, names_read, parts_of, shape_of

_COMPARED = 12
"""Most remedies compared by the programs that they result in."""
_BAND = 0.4
"""The extra cost over the smallest remedy that a better resulting program can outweigh."""


def ranked(
    remedies: Sequence[Remedy],
    program: UpdateProgram,
    reference: Reference,
    rates: Sequence[Course],
) -> list[tuple[tuple[float, ...], Remedy]]:
    """Return remedies, given cheapest first, in the order of quality of the resulting programs.

    A good program is right at other `rates`, has no idle line, and has more lines with values of
    the optimizer's or written alike.  Each remedy comes with its rank; two of the same rank are
    equally good except for their cost.  Of these, a line that only passes on its input is the one
    that has lost something.
    """

    def rank(remedy: Remedy) -> tuple[float, ...]:
        right = applied(program, remedy)
        literal = bool(rates) and not fits(right, rates)
        large = cost_of(remedy) > cost_of(remedies[0]) + _BAND
        alike, whole = reference.likeness(right)
        undone = sum(_undoes(line.value) for line in right.lines)
        idle = _idle(right) + undone
        return (float(literal), idle, float(large), -alike, -_paired(right), -whole)

    def fuller(remedy: Remedy) -> int:
        edits = (step for step in remedy if isinstance(step, LineEdit))
        return sum(not isinstance(program.lines[edit.line].value, Name) for edit in edits)

    found = [(rank(remedy), remedy) for remedy in remedies[:_COMPARED]]
    return sorted(found, key=lambda one: (one[0], cost_of(one[1]), fuller(one[1])))


def _idle(program: UpdateProgram) -> int:
    """Return the number of idle lines: w does not depend on them, or they only rename."""
    matter = which_matter(program.lines)
    kept = {"w", *(name for name in program.state if _is_carried(program, name))}

    def renames(name: str, value: Tree) -> bool:
        return name not in kept and isinstance(value, Name) and value.name not in kept

    lines = zip(program.lines, matter, strict=True)
    return sum(not matters or renames(line.name, line.value) for line, matters in lines)


def _undoes(tree: Tree) -> bool:
    """Whether a tree contains the root of a square, or the square of a root."""

    def power(part: Tree) -> float:
        match part:
            case Call("sqrt", _):
                return 0.5
            case Call("**", (_, Number(exponent))):
                return exponent
        return 1.0

    calls = (part for _, part in parts_of(tree) if isinstance(part, Call))
    return any({power(one), power(one.arguments[0])} == {0.5, 2.0} for one in calls)


def _is_carried(program: UpdateProgram, name: str) -> bool:
    """Return whether a state is read before a line assigns it."""
    for line in program.lines:
        if name in names_read(line.value):
            return True
        if line.name == name:
            return False
    return False


def _paired(program: UpdateProgram) -> int:
    """Return the number of lines written like another: vhat like mhat."""

    def general(part: Tree) -> Tree | None:
        match part:
            case Call("**", (Name() as base, Number(2.0))):
                return general(base)
            case Call("*", (Name(one) as base, Name(other))) if one == other:
                return general(base)
            case Name(name, place) if name in MEANS:
                return Name(MEANS[0], place)
            case Name(name, place) if name in program.state:
                return Name("w", place)
        return None

    shapes = (shape_of(mapped(line.value, general)) for line in program.lines)
    counts = Counter(tuple(sorted(shape.split())) for shape in shapes)
    return sum(count for count in counts.values() if count > 1)
