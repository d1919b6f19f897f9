"""Simple relations of a wrong gradient to the truth that hold everywhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from gradtui.base.text import number
from gradtui.diagnosis.backward.trial import rounded
from gradtui.diagnosis.recorded.point import Point

Array = NDArray[Any]

_CLOSE = 1e-6


class Simple(Struct, frozen=True):
    """A rule of the findings, with its words for this gradient."""

    rule: str
    text: str
    factor: str | None = None


def explained(name: str, points: Sequence[Point]) -> Simple | None:
    """Return the simple relation of a wrong gradient to the truth at all points, or None."""
    hand, true = [point.hand[name] for point in points], [point.true[name] for point in points]
    if hand[0].shape == true[0].shape:
        return next(_by_numbers(name, points, hand, true), None)
    return next(_by_shape(hand, true), None)


def _by_numbers(
    name: str, points: Sequence[Point], hand: Sequence[Array], true: Sequence[Array]
) -> Iterator[Simple]:
    ratio = ratio_of(hand, true)
    if ratio is not None and ratio == -1:
        yield Simple("sign", "it is the true gradient with the opposite sign", "-1")
    elif ratio is not None and abs(ratio) <= _CLOSE**2:
        if any(np.any(np.abs(one) > _CLOSE) for one in hand):
            return  # beside a truth that overflows nearly, any number is next to nothing
        rounding = " but for rounding" if ratio else ""
        yield Simple("missing-path", f"it is 0{rounding}: nothing flows back to it")
    elif ratio is not None and abs(ratio - 1) > _CLOSE:  # else it is off by next to nothing
        yield Simple("constant-factor", f"it is {_told(ratio)} times the true gradient",
                     _told(ratio))  # fmt: skip
    if true[0].ndim == 2 and _all_close(hand, [one.T for one in true]):
        yield Simple("transposed", "it is the true gradient transposed")
    for other in points[0].true:
        own = [point.true[other] for point in points]
        if other != name and own[0].shape == hand[0].shape and _all_close(hand, own):
            yield Simple("wrong-variable", f"it is the gradient of {other}", other)
    apart = [one - two for one, two in zip(true, hand, strict=True)]
    decay = ratio_of(apart, [np.asarray(point.values[name], np.float64) for point in points])
    if decay and abs(decay - float(f"{decay:.2e}")) <= _CLOSE * abs(decay):  # as a user writes it
        text = f"{number(abs(decay))}*{name}"
        lacks = f"it lacks the term {text}" if decay > 0 else f"it has the extra term {text}"
        yield Simple("missing-term", lacks, text)


def _by_shape(hand: Sequence[Array], true: Sequence[Array]) -> Iterator[Simple]:
    if hand[0].shape == true[0].T.shape and _all_close(hand, [one.T for one in true]):
        yield Simple("transposed", "it is the true gradient transposed")
    for axes in _added_axes(hand[0].shape, true[0].shape):
        summed = [one.sum(axis=axes).reshape(true[0].shape) for one in hand]
        if _all_close(summed, true):
            told = ", ".join(map(str, axes))
            yield Simple("unreduced-broadcast", f"a sum over its axis {told} is missing")


def _added_axes(shape: tuple[int, ...], wanted: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    """Yield axes whose sum leaves the wanted number of elements."""
    count = int(np.prod(wanted, dtype=int))
    for axis in range(len(shape)):
        if int(np.prod([*shape[:axis], *shape[axis + 1 :]], dtype=int)) == count:
            yield (axis,)
    if len(shape) > 1 and count == shape[-1]:
        yield tuple(range(len(shape) - 1))


def ratio_of(values: Sequence[Array], bases: Sequence[Array]) -> float | None:
    """Return c if each value is c times its base in all elements, else None."""
    value = np.concatenate([one.reshape(-1) for one in values])
    base = np.concatenate([one.reshape(-1) for one in bases])
    with np.errstate(all="ignore"):
        ratio = float(np.dot(value, base) / np.dot(base, base))
        close = np.abs(value - ratio * base) <= _room(max(1.0, abs(ratio)), bases)
    return rounded(ratio) if np.isfinite(ratio) and bool(np.all(close)) else None


def _all_close(values: Sequence[Array], others: Sequence[Array]) -> bool:
    return all(
        one.shape == two.shape and bool(np.all(np.abs(one - two).reshape(-1) <= _room(1.0, [two])))
        for one, two in zip(values, others, strict=True)
    )


def _room(scale: float, bases: Sequence[Array]) -> Array:
    """Return the tolerance of all elements, relative to the largest one of each point."""
    parts = [np.full(one.size, np.max(np.abs(one), initial=0.0)) for one in bases]
    return np.asarray(_CLOSE * scale * np.concatenate(parts))


def _told(value: float) -> str:
    inverse = 1 / value if value else 0.0
    if abs(value) < 1 and abs(inverse - round(inverse)) < 1e-6:
        return f"1/{round(inverse)}" if inverse > 0 else f"-1/{-round(inverse)}"
    return number(value)
