"""NumPy functions of the compiled code that NumPy lacks; all accept leading axes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def sigmoid(a: Any) -> Any:
    """Return 1/(1 + exp(-a)) without overflow: exp is only taken of a non-positive number."""
    small = np.exp(-np.abs(a))
    return np.where(np.asarray(a) >= 0, 1.0, small) / (1.0 + small)


def relu(a: Any) -> Any:
    """Return max(a, 0)."""
    return np.maximum(a, 0.0)


_erf = np.frompyfunc(math.erf, 1, 1)


def erf(a: Any) -> Any:
    """Return the error function, by the standard library's for each number."""
    a = np.asarray(a)
    return np.asarray(_erf(a), a.dtype)[()]


def gelu(a: Any) -> Any:
    """Return `a` times the standard normal distribution's share below `a`."""
    return a * (1.0 + erf(a / 2**0.5)) / 2.0


def softplus(a: Any) -> Any:
    """Return log(1 + exp(a)) without overflow."""
    return np.logaddexp(0.0, a)


def largest(a: Array, axis: tuple[int, ...], keepdims: bool) -> Any:
    """Return the maximum over axes; that of nothing is -inf."""
    return np.max(a, axis=axis, keepdims=keepdims, initial=-np.inf)


def variance(a: Array, axis: tuple[int, ...], n: int, keepdims: bool) -> Any:
    """Return the mean of the squared distances from the mean over axes of `n` elements."""
    distance = a - np.sum(a, axis=axis, keepdims=True) / n
    return np.sum(distance * distance, axis=axis, keepdims=keepdims) / n


def expand(a: Array, axis: tuple[int, ...]) -> Any:
    """Return `a` with new axes of size 1 at the given negative positions."""
    return np.expand_dims(a, axis)


def stretch(a: Array, shape: tuple[int, ...]) -> Array:
    """Return `a`, whose last axes fit `shape`, broadcast to it."""
    a = np.asarray(a)
    lead = a.shape[: max(0, a.ndim - len(shape))]
    return np.broadcast_to(a, lead + shape)


def collect(a: Array, drop: tuple[int, ...], keep: tuple[int, ...]) -> Any:
    """Return `a` summed over the axes that broadcasting added (`drop`) or stretched (`keep`)."""
    if keep:
        a = np.add.reduce(a, axis=keep, keepdims=True)
    return np.add.reduce(a, axis=drop) if drop else a


def transpose(a: Array, rank: int) -> Array:
    """Return `a` with its last `rank` axes reversed."""
    lead = a.ndim - rank
    return a.transpose(*range(lead), *range(a.ndim - 1, lead - 1, -1))


def matmul(a: Array, b: Array, rank_a: int, rank_b: int) -> Array:
    """Return `a @ b` where the operands' own ranks are given and leading axes are a batch."""
    if rank_a == 1:
        a = a[..., None, :]
    if rank_b == 1:
        b = b[..., :, None]
    own_a, own_b = max(rank_a, 2), max(rank_b, 2)
    product: Array = np.matmul(
        lift(a, own_a, max(0, own_b - own_a)), lift(b, own_b, max(0, own_a - own_b))
    )
    if rank_b == 1:
        product = product[..., 0]
    if rank_a == 1:
        product = product[..., 0] if rank_b == 1 else product[..., 0, :]
    return product


def lift(a: Array, rank: int, extra: int) -> Array:
    """Return `a` with `extra` axes of size 1 put before its own last `rank` axes."""
    a = np.asarray(a)
    lead = a.ndim - rank
    return a.reshape(a.shape[:lead] + (1,) * extra + a.shape[lead:])
