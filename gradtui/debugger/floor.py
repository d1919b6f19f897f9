"""The lowest place of a loss surface in view, and whether it is a point or a line.

Knows numbers only: a function returns the losses.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

Array = NDArray[np.float64]
Place = tuple[float, ...]
"""A number for each axis."""

_NEAR = 0.01
"""Step of the slope's differences, as a part of the range."""
_STEPS = 4
"""Newton's steps: one is enough for a parabola."""
_AROUND, _ROUNDS = np.linspace(-1.0, 1.0, 5), 12
"""Places tried along each axis where Newton's steps do not help, and how often ever nearer."""
_FLAT = 1e-6
"""Relative to the largest curvature, or to the losses' range: less counts as zero."""
_STEEP = 1e-5
"""Relative to the losses' range: a slope that differences alone do not explain."""
_ROUNDING = 1e-13
"""Relative to the losses: the height of a surface that is no more is that of rounding."""
_POINTS = 33
"""Points tried along a line that may be level."""


class Floor(Struct, frozen=True):
    """The lowest known loss in view."""

    loss: float
    place: Place
    level: bool
    """Whether the loss is the same along a whole line through it, within the view."""


def find_floor(
    losses_at: Callable[[Array], Array],
    known: Sequence[tuple[float, Place]],
    limits: Sequence[tuple[float, float]],
    height: float,
    near: Place | None = None,
) -> Floor | None:
    """Return the lowest of some known losses in view, or what is lowest downhill from it in view.

    `losses_at` returns the losses at places, (k, axes); `limits` are the axes' ranges, `height`
    is the range of the losses in view.  None if no loss is finite, or if all are the same.  Of a
    whole line of lowest places it is the one nearest to `near`.
    """
    finite = [one for one in known if np.isfinite(one[0])]
    if not finite:
        return None
    low, high = (np.array(ends) for ends in zip(*limits, strict=True))
    loss, place = min(finite)
    if height <= _ROUNDING * abs(loss):
        return None
    here = np.array(place)
    unit = _NEAR * (high - low)
    slope, curve = _shape(losses_at, here, unit)
    for _ in range(_STEPS):
        if not np.isfinite(curve).all():
            break
        ways = _ways_down(slope, curve, (low - here) / unit, (high - here) / unit)
        below, there = _lowest(losses_at, np.clip(here + unit * ways, low, high))
        if not below < loss:
            break
        loss, here = below, there
        slope, curve = _shape(losses_at, here, unit)
    leaves = ((here <= low) & (slope > 0.0)) | ((here >= high) & (slope < 0.0))
    if (np.abs(np.where(leaves, 0.0, slope)) > _STEEP * height).any():
        loss, here = _closer(losses_at, loss, here, unit, (low, high))
        _, curve = _shape(losses_at, here, unit)
    along = None
    if len(here) == 2:
        along = _level_way(losses_at, here, loss, unit, curve, (low, high), height)
    if along is not None and near is not None:
        there = here + along * (along @ (np.array(near) - here) / (along @ along))
        if _inside(there, low, high):
            loss, here = min(loss, float(losses_at(there[None, :])[0])), there
    return Floor(loss, tuple(here.tolist()), along is not None)


def _inside(place: Array, low: Array, high: Array) -> bool:
    return bool(np.isfinite(place).all() and (low <= place).all() and (place <= high).all())


def _ways_down(slope: Array, curve: Array, low: Array, high: Array) -> Array:
    """Return the steps, (k, axes), that may lead to the minimum of a parabola between limits.

    To its own one, to those along each axis, and to those on the limits.
    """
    newton = -np.linalg.pinv(curve, rcond=_FLAT, hermitian=True) @ slope
    ways = [np.clip(newton, low, high)]
    for axis, other in ((0, 1), (1, 0)) if len(slope) == 2 else ():
        for held in (0.0, ways[0][axis]):
            way = np.full(2, held)
            if curve[other, other] > 0.0:
                rest = -(slope[other] + curve[other, axis] * held) / curve[other, other]
                way[other] = np.clip(rest, low[other], high[other])
                ways.append(way)
    return np.array(ways)


def _lowest(losses_at: Callable[[Array], Array], places: Array) -> tuple[float, Array]:
    """Return the lowest loss of some places, and its place."""
    found = losses_at(places)
    at = int(np.argmin(np.where(np.isfinite(found), found, np.inf)))
    return float(found[at]), places[at]


def _closer(
    losses_at: Callable[[Array], Array],
    loss: float,
    here: Array,
    unit: Array,
    limits: tuple[Array, Array],
) -> tuple[float, Array]:
    """Return a lower place nearby, found without slopes: the loss may have a kink there."""
    around = np.stack(np.meshgrid(*[_AROUND] * len(here)), axis=-1).reshape(-1, len(here))
    reach = unit
    for _ in range(_ROUNDS):
        below, there = _lowest(losses_at, np.clip(here + around * reach, *limits))
        inside = bool((np.abs(there - here) < reach).all())
        if inside or not below < loss:
            reach = reach / 2
        if below < loss:
            loss, here = below, there
    return loss, here


def _shape(losses_at: Callable[[Array], Array], here: Array, unit: Array) -> tuple[Array, Array]:
    """Return slope, (axes,), and curvature, (axes, axes), at a place by differences of `unit`."""
    axes = len(here)
    steps = [np.zeros(axes)]
    for axis in range(axes):
        for side in (1.0, -1.0):
            steps.append(np.eye(axes)[axis] * side)
    if axes == 2:
        steps += [np.array([a, b]) for a in (1.0, -1.0) for b in (1.0, -1.0)]
    found = losses_at(here + np.array(steps) * unit)
    slope = np.array([(found[1 + 2 * a] - found[2 + 2 * a]) / 2 for a in range(axes)])
    curve = np.diag([found[1 + 2 * a] - 2 * found[0] + found[2 + 2 * a] for a in range(axes)])
    if axes == 2:
        curve[0, 1] = curve[1, 0] = (found[5] - found[6] - found[7] + found[8]) / 4
    return slope, curve


def _level_way(
    losses_at: Callable[[Array], Array],
    here: Array,
    loss: float,
    unit: Array,
    curve: Array,
    limits: tuple[Array, Array],
    height: float,
) -> Array | None:
    """Return the direction of least curvature if the loss stays level along it, right across.

    A place without any curvature is a plateau, not a line.
    """
    if not np.isfinite(curve).all():
        return None
    bends, ways = np.linalg.eigh(curve)
    if not (bends[1] > 0.0 and abs(bends[0]) <= _FLAT * bends[1]):
        return None
    way = ways[:, 0] * unit
    across = np.linspace(-1.0, 1.0, _POINTS) / _NEAR
    along = here + across[:, None] * way
    seen = along[[_inside(place, *limits) for place in along]]
    level = np.all(np.abs(losses_at(seen) - loss) <= _FLAT * height)
    return way if level else None
