"""Finds the line at fault in a vast run on fewer rounds, or rows, and confirms it on all of them.

Thousands of rounds tell no more of a line than a few, and each edit runs that much faster.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count, islice
from typing import Any

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from gradtui.base.source import InputError
from gradtui.diagnosis.recorded.blame.gradients import Blamed, Gradients, blamed
from gradtui.diagnosis.recorded.blame.guard import guarded
from gradtui.diagnosis.recorded.blame.trial import Patch
from gradtui.diagnosis.recorded.judge import Judge
from gradtui.diagnosis.recorded.point import Point
from gradtui.diagnosis.recorded.points import points_around
from gradtui.diagnosis.recorded.runs import VAST, CodeFailed, Lost, Runs
from gradtui.recording.holdings import replaced
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
    runs: Runs, points: Sequence[Point], judge: Judge, wrong: Sequence[str]
) -> Blamed:
    """Return the lines that make gradients wrong, as `blamed` does.

    Those of a vast run are found on fewer rounds if the same gradients are wrong there, and if the
    edits make them right on all.
    """
    vast = len(points[0].result.tape) > VAST and runs.target.library is NUMPY
    sizes = _sizes(runs) if vast else set()
    few = next(size for size in count(_LEAST) if size not in sizes)
    long = (size for size in sorted(sizes, reverse=True) if size >= _FEWER * few)
    for many in islice(long, _TRIED):
        with _shortened(runs, many, few) as short:
            found = _found(short, points[0], judge.tolerance, wrong)
        if found is not None and _mend(runs, points, judge, wrong, found.patches):
            return found
    return blamed(runs, points, judge, wrong)


def _sizes(runs: Runs) -> set[int]:
    """Return the lengths of the program's data, and its whole numbers."""
    found = set[int]()

    def note(value: Any) -> Any:
        if isinstance(value, np.ndarray):
            found.update(value.shape)
        elif type(value) in (list, tuple):
            found.add(len(value))
        elif type(value) is int:
            found.add(value)
        return value

    with replaced(runs.target.called, note):
        for value in (*runs.target.arguments.values(), *runs.given.values()):
            note(value)
    return found


@contextmanager
def _shortened(runs: Runs, many: int, few: int) -> Iterator[Runs]:
    """Give runs with so few of what the program has so many of."""

    def short(value: Any) -> Any:
        if isinstance(value, np.ndarray) and many in value.shape:
            return value[tuple([slice(few if own == many else own) for own in value.shape])].copy()
        if type(value) in (list, tuple) and len(value) == many:
            return value[:few]
        return few if type(value) is int and value == many else value

    target = runs.target
    runs.kept.rewind()
    with replaced(target.called, short):
        own = {name: short(value) for name, value in target.arguments.items()}
        found = runs.afresh(replace(target, arguments=own))
        try:
            yield found
        finally:
            found.kept.put_back()


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


def _mend(
    runs: Runs, points: Sequence[Point], judge: Judge, wrong: Sequence[str],
    patches: Sequence[Patch],
) -> bool:  # fmt: skip
    """Return whether edits together make all wrong gradients right at all points."""
    if not patches:
        return False

    def forgives(at: int, name: str, apart: Array) -> bool:
        return judge.forgives(points[at], name, apart)

    trials = Gradients(runs, points, forgives, wrong, len(points))
    with (
        guarded(runs.kept.arrays, lambda: runs.as_is(points[0].values)),
        runs.target.library.careful(),
        trials.watchdog.at_work(),
    ):
        trials.measure()
        for patch in patches[:-1]:
            trials.stand(patch, frozenset())
        return trials.mended(patches[-1]) == frozenset(wrong) and not trials.partly
