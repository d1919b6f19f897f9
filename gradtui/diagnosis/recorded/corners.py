"""Gradients exactly at a kink: any slope between those of its two sides will do."""

from __future__ import annotations

import numpy as np

from gradtui.diagnosis.recorded.differences import Slope
from gradtui.diagnosis.recorded.runs import CodeFailed, Lost, Point, Runs
from gradtui.diagnosis.recorded.sides import differences

_STEP = 1e-3
"""How far an element is moved off a kink, relative to its size from 1 on."""


def beyond_both(
    runs: Runs, point: Point, name: str, at: tuple[int, ...], slope: Slope
) -> float | None:
    """Return the nearest slope beside a kink if a claim lies between no two, else None.

    Where an element is on several kinks at once, a gradient may take each at another slope, so that
    the sum is any number: nothing is told of those.
    """
    nearest = slope.beyond(float(point.hand[name][at]))
    return None if nearest is None or _kinks_at(runs, point, name, at) != 1 else nearest


def _kinks_at(runs: Runs, point: Point, name: str, at: tuple[int, ...]) -> int | None:
    """Return on how many kinks an element is; None if that is unknown."""
    moved = np.array(point.values[name])
    moved[at] += _STEP * max(1.0, abs(float(moved[at])))
    try:
        other = runs.recorded({**point.values, name: moved})
    except (CodeFailed, Lost):
        return None
    found = set[tuple[bytes, bytes]]()
    before, after = (differences(one, point.root) for one in (point.result.tape, other.tape))
    for own, new in zip(before, after, strict=False):
        if own is None or new is None or own.shape != new.shape:
            return None
        left = (own == 0) & (new != 0)
        if np.count_nonzero(left) > 1:
            return None
        if left.any():
            found.add((own.tobytes(), new.tobytes()))  # a relu and its mask are one kink
    return len(found)
