"""Gradients that are right but for an approximation, as of a series that is cut off."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gradtui.diagnosis.recorded.runs import Point

_CLOSE = 1e-4
"""The part of the largest element that an approximation may be off near the user's own point."""
_EXACT = 1e-11
"""The part below which it is exact: a mistake may show elsewhere alone."""


def approximate(name: str, points: Sequence[Point]) -> float | None:
    """Return by which part of its largest element a gradient is off, where that is slight.

    None where it is more, at the user's own point or near it, or where it is nothing.
    """
    shares = [_share(name, point) for point in points if point.near]
    return max(shares) if all(_EXACT < share <= _CLOSE for share in shares) else None


def _share(name: str, point: Point) -> float:
    hand, true = point.hand[name], point.true[name]
    largest = np.max(np.abs(true), initial=0.0)
    return float(np.max(np.abs(hand - true), initial=0.0) / largest) if largest else np.inf
