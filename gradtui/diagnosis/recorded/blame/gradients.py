"""Finds the line that makes gradients wrong: edits are judged by the resulting gradients."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from gradtui.diagnosis.recorded.approximate import approximate, approximate_far, is_right_near
from gradtui.diagnosis.recorded.blame.hits import Blame, Hit
from gradtui.diagnosis.recorded.blame.judged import POINTS, Gradients
from gradtui.diagnosis.recorded.blame.primals import Primal, other_forward
from gradtui.diagnosis.recorded.blame.search import Search
from gradtui.diagnosis.recorded.blame.searches import Searches
from gradtui.diagnosis.recorded.blame.shared import Shared
from gradtui.diagnosis.recorded.blame.sized import Sized, is_close
from gradtui.diagnosis.recorded.blame.trees import walked
from gradtui.diagnosis.recorded.blame.trial import Patch, Trials
from gradtui.diagnosis.recorded.blame.units import Unit
from gradtui.diagnosis.recorded.judge import Judge
from gradtui.diagnosis.recorded.omitted import omitted
from gradtui.diagnosis.recorded.point import Point
from gradtui.diagnosis.recorded.runs import CodeFailed, Lost, Runs
from gradtui.diagnosis.recorded.surrogates import directions
from gradtui.diagnosis.recorded.upstream import stops_at
from gradtui.diagnosis.recorded.watchdog import Endless
from gradtui.recording.library import NUMPY
from gradtui.recording.slopes import Untold

Array = NDArray[Any]

_WORK, _CALL, _LEAST, _MOST = 4_000_000, 100, 200, 9_000
"""Most operations in all edited runs; the overhead of a run; and bounds on their number."""
_RUNNING = 0.5
"""The share of the time in which plain runs of the code alone would make as many as are allowed.

Recorded operations tell little of the time of code that computes with Python's own numbers.
"""
_PARTED = 4
"""Recorded operations that one on complex numbers becomes."""
_NUMBERS = 1 << 9
"""Bytes of a value that cost as much as an operation."""
_SLIGHT = 0.3
"""The share of the usual time where no line of the backward pass need be wrong."""
_CLOSE = 10.0
"""How far sums may be apart that should be equal, in tolerances."""
_HALF = 2


class Blamed(Struct, frozen=True, eq=False):
    """What makes gradients wrong."""

    lines: tuple[Blame, ...] = ()
    """The lines at fault, each with the edit that repairs some."""
    forward: Primal | None = None
    """Another line of the forward pass that all gradients are right for."""
    patches: tuple[Patch, ...] = ()
    """The edits, as they were run."""


def blamed(
    runs: Runs, points: Sequence[Point], judge: Judge, wrong: Sequence[str], share: float = 1.0
) -> Blamed:
    """Return the lines that make gradients wrong, each with the edit that repairs them.

    At the first of the points some are wrong; the user's own comes last, because its numbers are
    often special.  A smaller `share` of the usual time is for the likeliest edits alone.
    """
    early = POINTS - 1
    every = [*points[:early], *points[early:][-1:], *points[early:-1]]
    few, point = every[:POINTS], points[0]
    fitting = [name for name in wrong if _fits(name, points)]
    trials = _trials(runs, every, judge, wrong, fitting)
    trials.longest *= share
    searches = Searches(runs, trials, wrong, _CLOSE * judge.tolerance)
    trials.fits = Sized(
        runs, point.true, wrong, len(point.result.tape), trials.edited,
        lambda: _written(searches.units), lambda: _is_meant(runs, point, trials),
    )  # fmt: skip
    slight = all(
        approximate(name, points, judge.tolerance) or approximate_far(name, points)
        for name in fitting
    )
    if len(fitting) == len(wrong) and slight:
        trials.longest *= _SLIGHT  # most code that is off by so little is meant to be
    with trials.at_work():
        trials.allow(min(_MOST, int(_RUNNING * trials.longest / trials.watchdog.usual)))
        search = searches.of(point)
        shared = Shared(runs, few, judge.accepts, trials.edited, trials.standing)
        other = other_forward(searches.units, searches.forward, shared.fits)
        if other is not None:
            trials.longest *= _SLIGHT
        blame, kept = shared.blame(search.crossed()), trials.kept
        found = (blame,) if blame is not None else tuple(search.found())
        runs.cut_short = trials.made if trials.wrong and trials.left <= 0 else 0
        often = sum(not judge.accepts(one) for one in few) > 1  # and not at a kink alone
        left = not found and other is None and not slight and often
        if left and not _is_explained(runs, points, fitting):
            trials.allow(trials.made + 1)  # its time alone bounds it
            with trials.apart():
                blame = shared.blame(_of_loss(search))
            found = () if blame is None else (blame,)
        elif found:
            unused = any(not any(np.any(one.true[name]) for one in points) for name in wrong)
            with trials.apart(), trials.returning(kept, wrong):
                found = _with_shared(found, shared, search, likelier=unused or len(found) > 1)
        return Blamed(found, other, trials.kept)


def _trials(
    runs: Runs, points: Sequence[Point], judge: Judge, wrong: Sequence[str], fitting: Sequence[str]
) -> Gradients:
    """Return the trials of edits at some points, as many as there is time for.

    Those `fitting` of the `wrong` gradients have the shapes of the true ones.
    """
    tape = points[0].result.tape
    calls = len(tape) // (_PARTED if tape.imaginary else 1)
    most = _WORK // (calls + tape.bytes // _NUMBERS + _CALL)

    def forgives(index: int, name: str, apart: Array) -> bool:
        return judge.forgives(points[index], name, apart)

    trials = Gradients(runs, points, forgives, wrong, min(_MOST, max(_LEAST, most)))
    trials.approximates = any(is_right_near(name, points) for name in fitting)
    trials.directions = {name: directions(name, points[:POINTS]) for name in fitting}
    return trials


def _with_shared(
    found: tuple[Blame, ...], shared: Shared, search: Search, *, likelier: bool
) -> tuple[Blame, ...]:
    """Return lines at fault with one that the loss uses, too: only of a sign, if none is likelier.

    The search is for the mistakes of the code as it was.
    """
    if not (likelier or found[0].rule == "sign"):
        return found
    hits = _of_loss(search) if likelier else search.shared(signs=True)
    return shared.beside(found, hits, likelier=likelier)


def _of_loss(search: Search) -> Iterator[Hit]:
    """Yield the likely edits of lines of the loss, first of those that gradients use, too."""
    yield from search.shared()
    yield from search.shared(only=True)


def _is_explained(runs: Runs, points: Sequence[Point], wrong: Sequence[str]) -> bool:
    """Return whether what a gradient lacks is known: no other loss need be meant then."""
    return any(
        omitted(name, points) is not None
        or (runs.target.returns_loss and stops_at(points[0], name) is not None)
        for name in wrong
    )


def _is_meant(runs: Runs, point: Point, trials: Trials) -> bool:
    """Return whether the gradients of a point are to be others than the true ones.

    Those of NumPy's code are seldom; where a run takes too long to be recorded, they may be.
    """
    if runs.target.library is NUMPY:
        return False
    try:
        with trials.edited(None):
            own = runs.point(point.values, (*point.true,), near=True)
    except (CodeFailed, Endless, Lost, Untold):
        return True
    return not all(is_close(own.true[name], true) for name, true in point.true.items())


def _written(units: Iterable[Unit]) -> set[int]:
    """Return the whole numbers that functions have, but for those of squares and halves.

    What their arguments are by default counts for nothing: they are given.
    """
    found = set[int]()
    for unit in units:
        args = getattr(unit.node, "args", None)
        given = {*(walked(args) if args is not None else ())}
        found |= {
            one.value for one in unit.of(ast.Constant)
            if one not in given and type(one.value) is int and one.value > _HALF
        }  # fmt: skip
    return found


def _fits(name: str, points: Sequence[Point]) -> bool:
    """Return whether a gradient has the shape of the true one."""
    return all(one.hand[name].shape == one.true[name].shape for one in points)
