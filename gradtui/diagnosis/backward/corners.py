"""Where a loss has a corner: any slope between those of its two sides is right there."""

from __future__ import annotations

import numpy as np

from gradtui.engine.interpreter import Interpreter

_STEPS = (2.0**-16, 2.0**-18)
"""Distances at which both slopes are measured, relative to the size of what is moved."""
_SEEN = 1e-3
"""The share of a slope that two sides differ by at least."""
_STAYS = 0.6
"""The share of that difference that is left at a quarter of the distance; of a curve a quarter."""


def has_corner(
    world: Interpreter, loss: int, target: int, element: tuple[np.intp | int, ...]
) -> bool:
    """Return whether the slopes to both sides of an element differ, at the one point of a world."""
    value = world.value(target)[0]
    size = max(float(np.max(np.abs(value), initial=0.0)), 1e-3)
    distances = [size * step for step in _STEPS]
    moved = np.stack([value] * 5)
    for at, distance in enumerate((0.0, distances[0], -distances[0], distances[1], -distances[1])):
        moved[(at, *element)] += distance
    losses = world.replacing({target: moved}).value(loss)
    if not np.isfinite(losses).all():
        return False
    here, far, near = float(losses[0]), losses[1:3], losses[3:5]
    sides = [(float(one[0]) - here, here - float(one[1])) for one in (far, near)]
    jumps = [
        abs(after - before) / distance
        for (after, before), distance in zip(sides, distances, strict=True)
    ]
    slope = max(abs(sides[1][0]), abs(sides[1][1])) / distances[1]
    rounding = 8 * float(np.finfo(np.float64).eps) * abs(here) / distances[1]
    return jumps[1] > max(_SEEN * slope, rounding) and jumps[1] > _STAYS * jumps[0]
