"""Arguments drawn around the user's own: of the same kind, as far away as is asked."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradtui.diagnosis.backward.probes import size_of

Array = NDArray[Any]
Values = Mapping[str, Array]
Index = NDArray[np.intp]
Inner = Mapping[str, Sequence[Index]]
"""Argument -> the places of the elements of symmetric matrices inside it."""

NONE_WITHIN: Inner = MappingProxyType({})

_FARTHEST = 9.7
"""The largest number tried far out, but for larger ones given: code guards against overflows.

At a round number code may have a corner.
"""
_APART = 0.01
"""How much smaller the largest number of the next array is."""
_SAME = 1e-6
"""The tolerance of symmetry for a rounded matrix, relative to its largest element."""


def between(one: Values, other: Values, share: float) -> Values:
    """Return the point at a fraction of the way from one point to another."""
    if share == 1:
        return other
    return {
        name: np.asarray(value + share * (other[name] - value), dtype=value.dtype)
        for name, value in one.items()
    }


@np.errstate(all="ignore")  # of the largest numbers some are infinite: such points are left out
def drawn(value: Array, spread: float, rng: np.random.Generator) -> Array:
    """Return random numbers around a value, or `spread` times as large as its own from 1 on."""
    normal = rng.normal(size=value.shape)
    if spread >= 1:
        return np.asarray(spread * size_of(value) * normal, dtype=value.dtype)
    grown = value * np.exp(spread * rng.normal(size=value.shape))
    return np.asarray(grown + 0.1 * spread * size_of(value) * normal, dtype=value.dtype)


def alike(
    value: Array, spread: float, rng: np.random.Generator, *, signed: bool = False,
    within: Sequence[Index] = (), free: bool = False,
) -> Array:  # fmt: skip
    """Return random numbers around a value that stay symmetric, definite or shares.

    A gradient of a function of such arguments need not be right for others.  If `signed`, numbers
    of one sign keep it, and so do matrices `within` the value, by the places of their elements.  If
    `free`, it need not stay symmetric.
    """
    found = drawn(value, spread, rng)
    if signed and is_one_signed(value):
        found = np.copysign(found, value.sum())
    if is_symmetric(value):
        apart = (found - found.swapaxes(-1, -2)) / 2 if free else 0.0
        found = _definite(value, spread, rng) if is_definite(value) else found
        found = (found + found.swapaxes(-1, -2)) / 2 + apart
    elif has_shares(value):
        found = np.abs(found) / np.abs(found).sum(axis=-1, keepdims=True)
    for index in within:
        found.reshape(-1)[index] = alike(value.reshape(-1)[index], spread, rng)
    return np.asarray(found, dtype=value.dtype)


def all_alike(
    values: Values, spread: float, rng: np.random.Generator, within: Inner, *, signed: bool = False,
    free: Collection[str] = (),
) -> Values:  # fmt: skip
    """Return random numbers around each of several values; the `free` need not stay symmetric."""
    return {
        name: alike(value, spread, rng, signed=signed, within=within.get(name, ()),
                    free=name in free)
        for name, value in values.items()
    }  # fmt: skip


def all_moved(values: Values, by: float) -> Values:
    """Return values with all numbers moved `by` times their size, but for matrices and shares."""
    return {
        name: value if is_symmetric(value) or has_shares(value)
        else bounded(np.asarray(value + by * size_of(value), dtype=value.dtype), value, at)
        for at, (name, value) in enumerate(values.items())
    }  # fmt: skip


def bounded(value: Array, given: Array, order: int) -> Array:
    """Return numbers, made smaller if the largest is beyond what is tried or given.

    Each array, by its `order`, has a bound of its own: at a tie of two, gradients are of either.
    """
    most = max(_FARTHEST / (1 + _APART * order), float(np.max(np.abs(given), initial=0.0)))
    largest = float(np.max(np.abs(value), initial=0.0))
    return value if largest <= most else np.asarray(value * (most / largest), dtype=value.dtype)


def is_symmetric(value: Array) -> bool:
    """Return whether the last two axes of an array are those of symmetric matrices."""
    if value.ndim < 2 or value.shape[-1] != value.shape[-2] or value.shape[-1] < 2:
        return False
    if not value.size or value.dtype.kind == "b" or not np.all(np.isfinite(value)):
        return False
    beside = value[..., 0, 1:]
    largest = np.max(np.abs(value))
    same = np.allclose(value, value.swapaxes(-1, -2), rtol=0, atol=_SAME * largest)
    return bool(np.ptp(value) and np.any(beside) and same)


def is_definite(value: Array) -> bool:
    """Return whether all matrices are positive definite, or all are negative definite."""
    sizes = np.linalg.eigvalsh(np.asarray(value, np.float64))
    return bool(np.all(sizes > 0) or np.all(sizes < 0))


def _definite(value: Array, spread: float, rng: np.random.Generator) -> Array:
    """Return definite matrices around some."""
    size = value.shape[-1]
    turned = np.eye(size) + spread * rng.normal(size=value.shape) / np.sqrt(size)
    return np.asarray(turned @ value @ turned.swapaxes(-1, -2))


def is_one_signed(value: Array) -> bool:
    """Return whether several numbers, not all 0, are all at least 0 or all at most 0."""
    one = bool(np.all(value >= 0) or np.all(value <= 0))
    return one and value.size > 1 and bool(np.any(value))


def has_shares(value: Array) -> bool:
    """Return whether numbers along the last axis are shares of 1, not one-hot."""
    if not value.ndim or value.shape[-1] < 2 or not np.all(value >= 0) or np.all(value % 1 == 0):
        return False
    return bool(np.allclose(value.sum(axis=-1), 1.0, rtol=0, atol=1e-6))
