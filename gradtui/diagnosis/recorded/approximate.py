"""Gradients that are right except for an approximation, such as a truncated series."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gradtui.diagnosis.recorded.runs import Point

_CLOSE = 1e-4
"""Largest relative error of an approximation near the user's own point."""
_EXACT = 1e-11
"""Smaller errors count as exact: a mistake may show only elsewhere."""


def approximate(name: str, points: Sequence[Point]) -> float | None:
    """Return the error of a gradient relative to its largest element, if it is slight.

    None if it is larger, at the user's own point or near it, or if there is none.
    """
    shares = [_share(name, point) for point in points if point.near]
    return max(shares) if all(_EXACT < share <= _CLOSE for share in shares) else None


def _share(name: str, point: Point) -> float:
    hand, true = point.hand[name], point.true[name]
    largest = np.max(np.abs(true), initial=0.0)
    return float(np.max(np.abs(hand - true), initial=0.0) / largest) if largest else np.inf
