"""Finds the line at fault in a vast run on fewer rounds, or rows, and confirms it on all of them.

Thousands of rounds tell no more of a line than a few, and each edit runs that much faster.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count, islice
from typing import Any

from numpy.typing import NDArray

from gradtui.base.source import InputError
from gradtui.diagnosis.recorded.blame.gradients import Blamed, blamed
from gradtui.diagnosis.recorded.blame.judged import Gradients
from gradtui.diagnosis.recorded.blame.trial import Patch
from gradtui.diagnosis.recorded.judge import Judge
from gradtui.diagnosis.recorded.point import Point
from gradtui.diagnosis.recorded.points import points_around
from gradtui.diagnosis.recorded.resized import resized, sizes_of
from gradtui.diagnosis.recorded.runs import VAST, CodeFailed, Lost, Runs
from gradtui.recording.library import NUMPY
from gradtui.recording.slopes import Untold

Array = NDArray[Any]

_LEAST = 5
"""The fewest rounds: with one or two, most mistakes in loops vanish."""
_FEWER = 5
"""How many times more there are of them, and of operations."""
_TRIED = 3
"""Most lengths of data that are tried."""
_FAILING = (CodeFailed, InputError, Lost, Untold)
"""What code may raise for fewer data."""


def blamed_on_fewer(
    runs: Runs, points: Sequence[Point], judge: Judge, wrong: Sequence[str], share: float
) -> Blamed:
    """Return the lines that make gradients wrong, as `blamed` does.

    Those of a vast run are found on fewer rounds if the same gradients are wrong there, and if the
    edits make them right on all.
    """
    vast = len(points[0].result.tape) > VAST and runs.target.library is NUMPY
    own = sizes_of(runs) if vast else None
    sizes = set[int]() if own is None else own.lengths | own.numbers
    few = next(size for size in count(_LEAST) if size not in sizes)
    long = (size for size in sorted(sizes, reverse=True) if size >= _FEWER * few)
    for many in islice(long, _TRIED):
        with resized(runs, many, few) as short:
            found = _found(short, points[0], judge.tolerance, wrong)
        if found is not None and mend(runs, points, judge, wrong, found.patches):
            return found
    return blamed(runs, points, judge, wrong, share)


def _found(short: Runs, full: Point, tolerance: float, wrong: Sequence[str]) -> Blamed | None:
    """Return the lines at fault on fewer rounds; None if other gradients are wrong there."""
    names, fits = tuple(full.true), _fitting(full)
    try:
        short.first()
        start = short.point(short.given, names, near=True)
        if not start.is_finite or _fitting(start) != fits:
            return None
        if _FEWER * len(start.result.tape) > len(full.result.tape):
            return None
        points = [start, *points_around(short, start, names)]
    except _FAILING:
        return None
    judge = Judge(short, points, tolerance)
    told = judge.judged([name for name in names if name in fits])
    if {one.name for one in told.wrong} != fits & set(wrong) or told.mistrusted:
        return None
    first = [*(one.point for one in told.wrong), *points[1:], points[0]]
    return blamed(short, list({id(one): one for one in first}.values()), judge, wrong)


def _fitting(point: Point) -> set[str]:
    """Return the gradients with the shapes of the true ones."""
    return {name for name, one in point.hand.items() if one.shape == point.true[name].shape}


def mend(
    runs: Runs, points: Sequence[Point], judge: Judge, wrong: Sequence[str],
    patches: Sequence[Patch],
) -> bool:  # fmt: skip
    """Return whether edits together make all wrong gradients right at all points."""
    if not patches:
        return False

    def forgives(at: int, name: str, apart: Array) -> bool:
        return judge.forgives(points[at], name, apart)

    trials = Gradients(runs, points, forgives, wrong, len(points))
    with trials.at_work():
        for patch in patches[:-1]:
            trials.stand(patch, frozenset())
        return trials.mended(patches[-1]) == frozenset(wrong) and not trials.partly
