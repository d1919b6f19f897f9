"""The truth by central differences alone, for code that a recording cannot see through.

An example is a root found by bisection, whose derivative belongs to none of its steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Any

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from gradtui.diagnosis.recorded.differences import COARSE, slope_along, slope_at
from gradtui.diagnosis.recorded.judge import Judge
from gradtui.diagnosis.recorded.point import Point, is_close
from gradtui.diagnosis.recorded.runs import Runs

Array = NDArray[Any]

_MOST = 400
"""Most elements of all gradients, each of which takes several runs."""
_CONFIRMED = 1e-6
"""The relative difference of a slope from what it is confirmed to be, and of its error bound."""
_WIDE = 100.0
"""Factor by which steps are widened when slopes are measured again."""
_STEPS = (1.0, 10.0)
"""The steps that are tried: what a solver leaves of its tolerance swamps small ones."""


class NumericJudge(Judge):
    """Compares gradients with what central differences give, as far as these are exact."""

    def __init__(self, runs: Runs, points: Sequence[Point]) -> None:
        super().__init__(runs, points, COARSE)
        self._stops = True  # differences need no further differences to confirm them

    def forgives(self, point: Point, name: str, apart: Array) -> bool:
        """Return whether differences from the truth are within tolerance at a point."""
        return bool(np.all(apart <= self._room(point, name)))

    def accepts(self, point: Point) -> bool:
        """Return False: the recording does not tell the truth of another forward pass."""
        return False

    def _compared(self, index: int, name: str) -> tuple[Array, Array]:
        point = self._points[index]
        apart = np.abs(point.hand[name] - point.true[name])
        return np.where(np.isnan(apart), np.inf, apart), self._room(point, name)

    def _room(self, point: Point, name: str) -> Array:
        true = np.abs(point.true[name])
        return np.full(true.shape, COARSE * np.max(true, initial=0.0))


def numeric_points(
    runs: Runs, points: Sequence[Point], names: Sequence[str], *, detached: bool
) -> list[Point]:
    """Return a few points with their true gradients by central differences.

    They are the user's own, the one at which most leaves the recording, and the farthest at which
    that shows.  What the recording misses may be `detached`: then it is known what is flat.  Empty
    if the gradients have too many elements, or are uncertain at the user's own.
    """
    found = list[Point]()
    if sum(points[0].true[name].size for name in names) > _MOST:
        return found
    leaving = sorted(points[1:], key=lambda one: -len(one.result.tape.converted))
    farthest = (one for one in points[:0:-1] if one.outer and _is_apart(runs, one))
    chosen = [points[0], *leaving[:1], *islice(farthest, 1)]
    for point in {id(one): one for one in chosen}.values():
        true = {name: _slopes(runs, point, name) for name in names}
        if all(one is not None for one in true.values()):
            apart = (n for n in names if not is_close(true[n], point.true[n], COARSE))
            unseen = frozenset(() if detached else apart)
            hand = {name: point.hand[name] for name in names}
            found.append(replace(point, true=true, hand=hand, unseen=unseen))
        elif not found:
            return found
    return found


def _is_confirmed(runs: Runs, point: Point, name: str) -> bool:
    hand = point.hand[name]
    if not np.all(np.isfinite(hand)):
        return False
    slope, expected = slope_along(runs, point, {name: hand})
    room = _CONFIRMED * abs(expected)
    return slope.sure and slope.error <= room and abs(slope.value - expected) <= room


def _is_apart(runs: Runs, point: Point) -> bool:
    """Return whether the loss changes otherwise than the recording tells."""
    slope, expected = slope_along(runs, point)
    return slope.sure and not slope.agrees(expected)


def _slopes(runs: Runs, point: Point, name: str) -> Array | None:
    """Return a gradient by central differences; None if they are uncertain.

    It is the claimed one if that is right along a random direction, which takes a few runs.
    """
    if _is_confirmed(runs, point, name):
        return point.hand[name]
    true = np.zeros(point.true[name].shape)
    for at in np.ndindex(*true.shape):
        found = (_slope(runs, point, name, at, step) for step in _STEPS)
        slope = next((one for one in found if one is not None), None)
        if slope is None:
            return None
        true[at] = slope
    return true


def _slope(runs: Runs, point: Point, name: str, at: tuple[int, ...], step: float) -> float | None:
    """Return the slope by one element if far larger steps give the same, as on a grid they do not.

    A solution is found on such a grid, within which it changes differently.
    """
    slope = slope_at(runs, point.values, name, at, wide=step)
    wide = slope_at(runs, point.values, name, at, wide=step * _WIDE)
    return slope.value if slope.sure and wide.sure and wide.is_same(slope) else None
