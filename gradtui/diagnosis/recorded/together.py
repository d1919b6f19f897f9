"""Confirms many wrong gradients by one central difference of the user's code, along all of them.

One by one, each takes four runs; what is not certain from all at once is left to that.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from gradtui.diagnosis.recorded.differences import Element, slope_of
from gradtui.diagnosis.recorded.point import Point
from gradtui.diagnosis.recorded.runs import Runs

_SEED = 11
_FEWEST = 3
"""The fewest gradients that are worth a difference along them all."""
_APART = 1e-6
"""The share of a gradient's largest element from which on it may be wrong."""


def confirmed(runs: Runs, point: Point, loss: float | None) -> Mapping[str, Element]:
    """Return the gradients that are surely wrong at a point, each with its worst element.

    The loss changes along all of those elements as it does in truth, and on neither side as it
    would with what is claimed of one of them.  `loss` is that of the point, if it is known.
    """
    elements = {name: at for name in point.hand if (at := _farthest(point, name)) is not None}
    if len(elements) < _FEWEST:
        return {}
    rng = np.random.default_rng(_SEED)
    ways = {name: np.zeros_like(point.values[name]) for name in elements}
    expected, off = 0.0, dict[str, float]()
    for name, at in elements.items():
        # Ones that are far off by accident of their number do not hide one another.
        size = max(1.0, abs(float(point.values[name][at])))
        step = size * float(rng.uniform(0.5, 1.0) * rng.choice((-1.0, 1.0)))
        places = [at, (*at[:-2], at[-1], at[-2])] if name in point.symmetric else [at]
        for place in places:
            ways[name][place] += step / len(places)
        expected += step * float(point.true[name][at])
        off[name] = step * float(point.hand[name][at] - point.true[name][at])
    slope = slope_of(runs, point.values, ways, loss)
    if not (slope.sure and slope.agrees(expected)):
        return {}
    return {name: at for name, at in elements.items() if slope.is_beyond(expected + off[name])}


def _farthest(point: Point, name: str) -> Element | None:
    """Return the element of a gradient that is farthest off; None if it may be right."""
    hand, true = point.hand[name], point.true.get(name)
    if true is None or hand.shape != true.shape or not true.size:
        return None
    with np.errstate(all="ignore"):
        apart = np.nan_to_num(np.abs(hand - true), nan=np.inf)
    at = np.unravel_index(int(np.argmax(apart)), true.shape)
    known = np.isfinite(true).all() and apart[at] > _APART * np.max(np.abs(true))
    return tuple(map(int, at)) if known else None
