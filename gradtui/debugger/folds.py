"""Loops of called code that may be folded into one line: the moments of their rounds.

Knows no cursor and no rows.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache

from msgspec import Struct

from gradtui.debugger.structure import Structure
from gradtui.scenario.problem import Call, Executed

Fold = tuple[str, int, int]
"""A loop: its file, the line of its header, and the last line of its body."""
_Within = Mapping[int, tuple[str, ...]]
"""Line of a loop -> its rounds of the loops around that loop, and of the loop itself."""
_RUNS, _CALLS = 64, 8


class Run(Struct, frozen=True):
    """All rounds of a loop, one after the other."""

    first: int
    last: int
    """The first and the last position at which one of its lines is done."""
    rounds: tuple[int, ...]
    """The position at which the first line of each round is done."""
    total: str
    """The number of its rounds."""


def loops_of(line: Executed) -> list[Fold]:
    """Return the loops of its function around a line, outermost first."""
    return [(line.place.file, first, last) for first, last in line.loops]


@lru_cache(_CALLS)
def loops_in(call: Call) -> frozenset[Fold]:
    """Return all loops of which a line was executed."""
    return frozenset(loop for line in call.lines for loop in loops_of(line))


@lru_cache(_RUNS)
def runs_of(structure: Structure, call: Call, fold: Fold) -> tuple[Run, ...]:
    """Return each run of a loop, with the lines of the functions that it calls.

    A loop that computes the loss and gradients has a run in either pass.
    """
    within, runs = _within(call, fold), list[list[int]]()
    before = None
    for position, at in structure.called.items():
        *around, _ = within.get(at, ("",))
        here = (structure.order.pass_at(position), around) if at in within else None
        if here is not None:
            if here != before:
                runs.append([])
            runs[-1].append(position)
        before = here
    return tuple(_run(positions, structure, within) for positions in runs)


def _run(positions: Sequence[int], structure: Structure, within: _Within) -> Run:
    rounds, told = list[int](), ""
    for position in positions:
        *_, here = within[structure.called[position]]
        if here != told:
            rounds.append(position)
        told = here
    return Run(positions[0], positions[-1], tuple(rounds), told.rpartition(" of ")[2])


def _within(call: Call, fold: Fold) -> _Within:
    """Return the lines of a loop and of the functions called in it, each with its rounds.

    In the order in which they began a line stands before those of the functions that it calls.
    """
    found, own, depth = dict[int, tuple[str, ...]](), None, 0
    for at in sorted(range(len(call.lines)), key=lambda at: call.lines[at].began):
        line = call.lines[at]
        loops = loops_of(line)
        if fold in loops:
            depth = len(line.rounds) - len(loops) + loops.index(fold)
            own = line
        elif own is not None and (
            line.scope == own.scope or line.rounds[: depth + 1] != own.rounds[: depth + 1]
        ):
            own = None
        if own is not None:
            found[at] = line.rounds[: depth + 1]
    return found


def fold_of(line: Executed, folds: Collection[Fold]) -> Fold | None:
    """Return the outermost folded loop around a line; None without one."""
    return next((loop for loop in loops_of(line) if loop in folds), None)


def run_at(structure: Structure, call: Call, fold: Fold, position: int) -> Run | None:
    """Return the last run of a loop that has begun at a position; None if none has."""
    runs = runs_of(structure, call, fold)
    at = bisect_right([run.first for run in runs], position)
    return runs[at - 1] if at else None
