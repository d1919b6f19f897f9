"""Gradients by matrices that the code takes to be symmetric."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

_SEED = 20_240_229
_ROUNDED, _UNMOVED = 16.0, 1e-2
"""Units in the last place by which rounding may change a loss, and the share of the change by a
triangle that is none."""


def reads_a_triangle(loss: Callable[[Array], float], value: Array, true: Array) -> bool:
    """Return whether a loss may be that of symmetric matrices alone.

    One that no antisymmetric change moves is a function of any matrix, which its `true` gradient
    must be that of: the code makes the matrix symmetric itself, or reads all of it. Where the code
    takes only symmetric ones, the loss is infinite.
    """
    way = np.random.default_rng(_SEED).normal(size=value.shape)
    way -= way.swapaxes(-1, -2)
    eps = float(np.finfo(value.dtype).eps)
    step = np.cbrt(eps) * float(np.max(np.abs(value), initial=0.0))
    losses = [loss(np.asarray(value + one * way, value.dtype)) for one in (step, -step)]
    if not np.all(np.isfinite(losses)):
        return True
    moved, room = abs(losses[0] - losses[1]) / 2, step * np.linalg.norm(true * way)
    noise = _ROUNDED * eps * max(map(abs, losses))
    return not moved + noise <= _UNMOVED * float(room)


def shaped(value: Any, shape: tuple[int, ...]) -> Array:
    """Return a gradient as floats, in a compatible shape with as many elements."""
    array = np.asarray(value, dtype=np.float64)
    spare = len(shape) - array.ndim
    return array.reshape(shape) if spare >= 0 and (1,) * spare + array.shape == shape else array


def as_compared(
    value: Any, shape: tuple[int, ...], *, symmetric: bool, exact: bool = False
) -> Array:
    """Return a gradient in a shape; by a symmetric matrix, only its symmetric part.

    If it must have that shape `exact`ly, it keeps its own.
    """
    found = np.asarray(value, dtype=np.float64) if exact else shaped(value, shape)
    fits = symmetric and found.shape == shape
    return (found + found.swapaxes(-1, -2)) / 2 if fits else found
