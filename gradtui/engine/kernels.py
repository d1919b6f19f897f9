"""Functions of the compiled code that NumPy lacks; all accept leading axes."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
_FEW = 4
"""Most columns that are compared faster by column than by row."""
_sum: Callable[..., Any] = np.add.reduce
root = math.sqrt
"""The square root of a bare number that is not negative; exact, as NumPy's is."""


def total(a: Array, axis: tuple[int, ...], keepdims: bool = False) -> Any:
    """Return the sum over axes."""
    if axis == (-2,) and a.ndim == 2 and not keepdims:
        # A product with ones takes a third of the time of NumPy's own sum over rows.
        return np.dot(_ones(len(a), a.dtype), a)
    return _sum(a, axis, None, None, keepdims)


@lru_cache(64)
def _ones(size: int, dtype: np.dtype[Any]) -> Array:
    ones = np.ones(size, dtype)
    ones.flags.writeable = False
    return ones


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


def power(a: Any, b: Any) -> Any:
    """Return a to the power b; for NumPy's scalars, in a tenth of the time."""
    return a**b if isinstance(a, np.floating) else np.power(a, b)


def raised(a: float, b: float) -> float:
    """Return a bare number to a power, inf where Python's own would raise."""
    if not a > 0.0:
        return float(np.power(a, b))
    try:
        return float(a**b)
    except OverflowError:
        return math.inf


def softplus(a: Any) -> Any:
    """Return log(1 + exp(a)) without overflow."""
    return np.logaddexp(0.0, a)


def largest(a: Array, axis: tuple[int, ...], keepdims: Any) -> Any:
    """Return the maximum over axes; that of an empty array is -inf."""
    return np.max(a, axis=axis, keepdims=keepdims, initial=-np.inf)


def variance(a: Array, axis: tuple[int, ...], n: int, keepdims: Any) -> Any:
    """Return the mean of the squared distances from the mean over axes of `n` elements."""
    distance = a - np.sum(a, axis=axis, keepdims=True) / n
    return np.sum(distance * distance, axis=axis, keepdims=keepdims) / n


def exponentials(a: Array, axis: tuple[int, ...]) -> tuple[Array, Array, Array, Array]:
    """Return the largest over axes, the distances from it, their exponentials and the total."""
    top = _top(a, axis)
    below = a - top
    powers = np.exp(below)
    if axis == (-1,):
        return top, below, powers, np.dot(powers, _ones(a.shape[-1], a.dtype))[..., None]
    return top, below, powers, total(powers, axis, True)


def _top(a: Array, axis: tuple[int, ...]) -> Array:
    """Return the maximum over axes, which are kept; that of an empty array is -inf."""
    if axis == (-1,) and 0 < a.shape[-1] <= _FEW:
        top: Array = a[..., :1]
        for place in range(1, a.shape[-1]):
            top = np.maximum(top, a[..., place : place + 1])
        return top
    return np.asarray(np.max(a, axis=axis, keepdims=True, initial=-np.inf))


def shares(top: Array, below: Array, powers: Array, whole: Array) -> Any:
    """Return the softmax: shares that add up to 1, without overflow."""
    return powers / whole


def log_shares(top: Array, below: Array, powers: Array, whole: Array) -> Any:
    """Return the logarithms of the softmax, exact where it is too small for a number."""
    return below - np.log(whole)


def log_total(
    top: Array, below: Array, powers: Array, whole: Array, axis: tuple[int, ...], keepdims: bool
) -> Any:
    """Return log(sum(exp(a))) over axes without overflow."""
    found = np.log(whole) + top
    return found if keepdims else np.squeeze(found, axis)[()]


def surprise(
    top: Array,
    below: Array,
    powers: Array,
    whole: Array,
    index: Array,
    places: Array,
    valid: Array | None,
    rank: int,
) -> Any:
    """Return the mean of -log_softmax at the classes `index`; nan where one is not `valid`.

    The classes' own axes are `rank`; `places` are those in a matrix of a row for each.
    """
    if below.ndim == 2 and index.ndim == rank == 1:
        picked = below.take(places)
    else:
        axes = max(below.ndim, index.ndim + 1)
        picked = np.take_along_axis(
            lift(below, below.ndim, axes - below.ndim),
            lift(index[..., None], index.ndim + 1, axes - index.ndim - 1),
            -1,
        )[..., 0]
    losses = np.log(whole[..., 0]) - picked
    if valid is not None:
        losses = np.where(valid, losses, np.nan).astype(losses.dtype)
    return total(losses, tuple(range(-rank, 0))) / math.prod(losses.shape[losses.ndim - rank :])


def classes(labels: Array, size: int) -> tuple[Array, Array, Array | None]:
    """Return labels as indices below `size`, then in rows of `size`, and where they are that.

    The last is None if all are valid.
    """
    index, valid = _indices(labels, size)
    places = index + size * np.arange(index.shape[-1] if index.ndim else 1)
    return index, places, None if valid.all() else valid


def one_hot(labels: Array, k: int) -> Any:
    """Return rows with 1 at the label; an invalid label gives a row of nan."""
    labels = np.asarray(labels)
    index, valid = _indices(labels, k)
    rows = (index[..., None] == np.arange(k)).astype(labels.dtype)
    return np.where(valid[..., None], rows, labels.dtype.type(np.nan))


def take(a: Array, tokens: Array, rank_a: int, rank_b: int) -> Any:
    """Return the rows of `a` with these numbers; an invalid number gives nan."""
    index, valid = _indices(tokens, a.shape[a.ndim - rank_a])
    rows = a[(*_lead(a.shape[: a.ndim - rank_a], rank_b), index)]
    return np.where(lift_right(valid, rank_a - 1), rows, a.dtype.type(np.nan))


def scatter(a: Array, tokens: Array, rank_a: int, rank_b: int, rows: int) -> Any:
    """Return `rows` rows, each the sum of the rows of `a` with its number."""
    a = np.asarray(a)
    index, valid = _indices(tokens, rows)
    own = rank_a - rank_b
    lead = max(a.shape[: a.ndim - rank_a], index.shape[: index.ndim - rank_b], key=len)
    added = np.where(lift_right(valid, own), a, a.dtype.type(0))
    total = np.zeros((*lead, rows, *a.shape[a.ndim - own :]), a.dtype)
    np.add.at(total, (*_lead(lead, rank_b), index), added)
    return total


def gather(a: Array, index: Array, rank_a: int, rank_b: int) -> Any:
    """Return the elements of `a` at positions in the row order of its own last `rank_a` axes."""
    a, places = np.asarray(a), _places(index, rank_b)
    lead = a.shape[: a.ndim - rank_a]
    flat = a.reshape((*lead, math.prod(a.shape[a.ndim - rank_a :])))
    if places.ndim == 1:
        found = flat[..., places]
    else:
        lead = np.broadcast_shapes(lead, places.shape[:-1])
        both = [np.broadcast_to(one, (*lead, one.shape[-1])) for one in (flat, places)]
        found = np.take_along_axis(both[0], both[1], -1)
    return found.reshape((*found.shape[:-1], *np.shape(index)[np.ndim(index) - rank_b :]))


def spread(a: Array, index: Array, rank_b: int, shape: tuple[int, ...]) -> Any:
    """Return zeros of a shape with the elements of `a` added at positions in its row order."""
    a, places = np.asarray(a), _places(index, rank_b)
    added = a.reshape((*a.shape[: a.ndim - rank_b], places.shape[-1]))
    lead = np.broadcast_shapes(added.shape[:-1], places.shape[:-1])
    total = np.zeros((*lead, math.prod(shape)), a.dtype)
    np.add.at(total, (*_lead(lead, 1), places), added)
    return total.reshape((*lead, *shape))


def _places(index: Array, rank: int) -> NDArray[np.intp]:
    """Return positions as whole numbers, their own last `rank` axes as one."""
    index = np.asarray(index, np.intp)
    lead = index.ndim - rank
    return index.reshape((*index.shape[:lead], math.prod(index.shape[lead:])))


def _indices(labels: Array, size: int) -> tuple[Array, Array]:
    """Return numbers as indices below `size`, and where they are that."""
    valid = (labels >= 0) & (labels < size) & (labels == np.floor(labels))
    return np.asarray(np.where(valid, labels, 0), np.intp), np.asarray(valid)


def _lead(shape: tuple[int, ...], rank: int) -> tuple[Array, ...]:
    """Return indices of all of the leading axes, to go with an index of `rank` axes."""
    return tuple(lift_right(axis, rank) for axis in np.indices(shape, sparse=True))


def lift_right(a: Array, extra: int) -> Array:
    """Return `a` with `extra` axes of size 1 put after its own."""
    return a.reshape(a.shape + (1,) * extra)


def layer_norm(a: Array) -> Any:
    """Return `a` with mean 0 and, up to the 1e-5 in the root, variance 1 along its last axis."""
    distance = a - np.mean(a, axis=-1, keepdims=True)
    spread = np.mean(distance * distance, axis=-1, keepdims=True)
    return distance / np.sqrt(spread + 1e-5)


def reshape(a: Array, rank: int, shape: tuple[int, ...]) -> Any:
    """Return `a` with its own last `rank` axes in another shape."""
    return a.reshape(a.shape[: a.ndim - rank] + shape)


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
        a = total(a, keep, True)
    return total(a, drop) if drop else a


def permute(a: Array, axes: tuple[int, ...]) -> Array:
    """Return `a` with its own last axes in the order of these negative ones."""
    lead = a.ndim - len(axes)
    return a.transpose(*range(lead), *(axis + a.ndim for axis in axes))


def outer(a: Array, b: Array) -> Any:
    """Return the products of each element of `a` with each of `b` along their last axes."""
    return a[..., :, None] * b[..., None, :]


def contract(subscripts: str, *operands: Array) -> Any:
    """Return a product along axes named by letters, for each place along the leading axes."""
    parts, result = subscripts.split("->")
    wide = ",".join(f"...{part}" for part in parts.split(","))
    return np.einsum(f"{wide}->...{result}", *operands, optimize=True)


def concat(a: Array, b: Array, axis: int, rank: int) -> Array:
    """Return `a` and `b`, both of `rank` axes of their own, one after the other along an axis."""
    lead = np.broadcast_shapes(a.shape[: a.ndim - rank], b.shape[: b.ndim - rank])
    parts = [np.broadcast_to(one, lead + one.shape[one.ndim - rank :]) for one in (a, b)]
    return np.concatenate(parts, axis=axis)


def part(a: Array, axis: int, start: int, stop: int) -> Array:
    """Return the elements of `a` from `start` to before `stop` along a negative axis."""
    index: tuple[Any, ...] = (..., slice(start, stop), *[slice(None)] * (-axis - 1))
    chosen: Array = a[index]
    return chosen


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
    if own_a < own_b:
        a = lift(a, own_a, own_b - own_a)
    elif own_b < own_a:
        b = lift(b, own_b, own_a - own_b)
    product: Array = np.matmul(a, b)
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
