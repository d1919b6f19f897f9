"""Central differences of the user's own unedited code, with their error bounds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from gradtui.diagnosis.recorded.point import Point, Values
from gradtui.diagnosis.recorded.runs import CodeFailed, Runs

Array = NDArray[Any]
Element = tuple[int, ...]

COARSE = 1e-4
"""The largest relative difference of equal slopes."""
SOLVED = 1e-7
"""The share of the largest slope by which one may differ because a solver stops at a tolerance."""
_ROUNDED = 16.0
"""Units in the last place by which rounding may change a loss."""
_SINGLE_EPS = float(np.finfo(np.float32).eps)
_TINY, _VISIBLE = 1e-11, 1e-6
"""Moves of arguments of which only the second shows in results of single precision."""
_SEED = 7
_DIGITS = 9
"""With this many digits, a loss counts as unrounded."""


class Slope(Struct, frozen=True):
    """A slope of the loss, its error bound, and its smoothness."""

    value: float
    error: float
    corner: bool
    """Whether it differs between the two sides."""
    sure: bool
    """Whether two steps give the same, without a corner."""
    failed: bool = False
    """Whether the code fails near the point, so that the slope is unknown."""
    sides: tuple[tuple[float, float], ...] = ()
    """The slopes above and below the point, each with its error bound."""

    def agrees(self, gradient: float) -> bool:
        """Return whether a gradient may be this slope."""
        return bool(abs(self.value - gradient) <= COARSE * abs(gradient) + self.error)

    def is_same(self, other: Slope) -> bool:
        """Return whether another measurement may be of the same slope."""
        return abs(self.value - other.value) <= COARSE * abs(other.value) + self.error + other.error

    def fits_both_sides(self, gradient: float) -> bool:
        """Return whether a gradient may be the slope of each side, as where a corner is noise."""
        return all(
            abs(value - gradient) <= COARSE * abs(gradient) + error for value, error in self.sides
        )

    def is_beyond(self, gradient: float) -> bool:
        """Return whether a gradient is neither this slope nor that of one side."""
        return not self.agrees(gradient) and not any(
            abs(value - gradient) <= COARSE * abs(gradient) + error for value, error in self.sides
        )

    def beyond(self, gradient: float) -> float | None:
        """Return the nearest slope of one side if a gradient is not between those of both."""
        if not self.corner or not np.isfinite(gradient):
            return None
        room = COARSE * abs(gradient) + max(error for _, error in self.sides)
        nearest = min((value for value, _ in self.sides), key=lambda one: abs(one - gradient))
        signs = {np.sign(gradient - value) for value, _ in self.sides}
        return nearest if len(signs) == 1 and abs(nearest - gradient) > room else None


_UNKNOWN = Slope(0.0, float("inf"), False, False)
_FAILED = Slope(0.0, float("inf"), False, False, failed=True)


def slope_at(
    runs: Runs, values: Values, name: str, at: tuple[int, ...], *, wide: float = 1.0,
    symmetric: bool = False, loss: float | None = None,
) -> Slope:  # fmt: skip
    """Return the slope of the loss along one element of an argument; `wide` scales the steps.

    For a `symmetric` matrix, half of it belongs to the element across the diagonal.  `loss` is that
    of the values, if it is known.
    """
    value = values[name]
    places = [at, (*at[:-2], at[-1], at[-2])] if symmetric else [at]

    def moved(step: float) -> dict[str, Array]:
        changed = np.array(value)
        for place in places:
            changed[place] += step / len(places)
        return {**values, name: changed}

    size = wide * float(np.max(np.abs(value[at]), initial=1.0))
    return _slope(runs, values, moved, size, value.dtype, loss)


def slope_of(runs: Runs, values: Values, ways: Values, loss: float | None) -> Slope:
    """Return the slope of the loss along ways of some arguments, at values with this `loss`."""

    def moved(step: float) -> dict[str, Array]:
        own = {name: values[name] + step * way for name, way in ways.items()}
        return {**values, **own}

    return _slope(runs, values, moved, 1.0, _coarsest([one.dtype for one in ways.values()]), loss)


def slope_of_mean(runs: Runs, values: Values, name: str) -> Slope:
    """Return the slope of the loss along all elements of an argument, by their mean."""
    value = values[name]
    size = float(np.max(np.abs(value), initial=1.0))
    return _slope(runs, values, lambda step: {**values, name: value + step}, size, value.dtype)


def slope_along(
    runs: Runs, point: Point, gradients: Values | None = None, *, coarsely: bool = False
) -> tuple[Slope, float]:
    """Return the slope along a random direction of all drawn values, and the expected one.

    With `gradients`, the direction is one of their arguments, and they tell what is expected.
    The steps are those for single precision if it is measured `coarsely`.
    """
    rng = np.random.default_rng(_SEED)
    told = point.true if gradients is None else gradients
    ways = {
        name: rng.normal(size=np.shape(value)) * (name in told)
        for name, value in point.values.items()
    }
    for name in point.symmetric:
        ways[name] = (ways[name] + ways[name].swapaxes(-1, -2)) / 2
    expected = sum(float(np.sum(told[name] * way)) for name, way in ways.items() if name in told)

    def moved(step: float) -> dict[str, Array]:
        return {
            name: np.asarray(value + step * ways[name], dtype=value.dtype)
            for name, value in point.values.items()
        }

    types = [value.dtype for value in point.values.values()]
    types += [np.dtype(np.float32)] * coarsely
    largest = max(float(np.max(np.abs(value), initial=0.0)) for value in point.values.values())
    return _slope(runs, point.values, moved, min(1.0, largest or 1.0), _coarsest(types)), expected


def in_single(runs: Runs) -> bool:
    """Return whether code rounds its results to single precision, though its arguments are double.

    Then a move far smaller than that rounding leaves the loss as it is, and a larger one does not;
    nor is the loss rounded to decimals.
    """
    rng = np.random.default_rng(_SEED)
    ways = {name: rng.normal(size=np.shape(value)) for name, value in runs.given.items()
            if np.asarray(value).dtype == np.float64}  # fmt: skip

    def loss(step: float) -> float:
        moved = {name: np.asarray(runs.given[name] + step * way) for name, way in ways.items()}
        return runs.as_is({**runs.given, **moved})[0]

    try:
        rounded = bool(ways) and loss(0.0) == loss(_TINY) != loss(_VISIBLE)
        return rounded and digits_of(runs) is None
    except CodeFailed:
        return False


def _coarsest(types: list[np.dtype[Any]]) -> np.dtype[Any]:
    return max(types, key=lambda one: float(np.finfo(one).eps))


def _slope(
    runs: Runs, values: Values, moved: Callable[[float], dict[str, Array]], size: float,
    dtype: np.dtype[Any], loss: float | None = None,
) -> Slope:  # fmt: skip
    """Return a central difference, with error and corners from that of twice its step."""
    finest = np.finfo(_coarsest([dtype, *([np.dtype(np.float32)] if runs.single else [])]))
    eps, underflow = float(finest.eps), float(finest.tiny)
    full = float(np.cbrt(eps)) * size
    try:
        middle = runs.as_is(values)[0] if loss is None else loss
        sides = [[runs.as_is(moved(sign * step))[0] for sign in (1.0, -1.0)]
                 for step in (full, full / 2)]  # fmt: skip
    except CodeFailed:
        return _FAILED
    found = [middle, *sides[0], *sides[1]]
    if eps < _SINGLE_EPS and all(float(np.float32(loss)) == loss for loss in found):
        # The loss has been rounded to single precision: smaller steps tell nothing.
        return _slope(runs, values, moved, size, np.dtype(np.float32), middle)
    slopes = [(up - down) / (2 * step)
              for (up, down), step in zip(sides, (full, full / 2), strict=True)]  # fmt: skip
    bends = [abs(up - 2 * middle + down) / step
             for (up, down), step in zip(sides, (full, full / 2), strict=True)]  # fmt: skip
    noise = (_ROUNDED * eps * max(map(abs, found)) + underflow) / full
    apart = abs(slopes[0] - slopes[1])
    if not np.isfinite(apart):
        return _UNKNOWN
    corner = bends[1] > 0.7 * bends[0] + 4 * noise
    sure = not corner and apart <= 0.05 * abs(slopes[1]) + noise
    beside = [_one_sided(middle, sides[0][at], sides[1][at], sign * full, noise)
              for at, sign in ((0, 1), (1, -1))]  # fmt: skip
    return Slope(slopes[1], 4 * apart + noise, bool(corner), bool(sure), sides=(*beside,))


def _one_sided(
    middle: float, far: float, near: float, step: float, noise: float
) -> tuple[float, float]:
    """Return the slope where a step begins, and its error, from the losses far and half as far."""
    whole, half = (far - middle) / step, 2 * (near - middle) / step
    return 2 * half - whole, 4 * abs(half - whole) + 4 * noise


_ELEMENTS = 24
"""Most elements of a gradient tried if it is compared by differences alone."""


class Apart(Struct, frozen=True):
    """An element of a gradient that is not the slope of the loss, with its numbers by itself."""

    name: str
    element: tuple[int, ...]
    claimed: float
    slope: float


def apart_by_differences(
    runs: Runs, names: Sequence[str], values: Values | None = None
) -> tuple[list[Apart], list[str]]:
    """Compare gradients by central differences alone, at the given arguments or other `values`.

    Return one element of each wrong gradient, and the names of those that cannot be judged.  Raises
    CodeFailed if the code fails at other values.
    """
    values = values or {name: runs.given[name] for name in names}
    claimed = runs.as_is(values)[1]
    measured = {name: dict(_measured(runs, values, name)) for name in names}
    room = SOLVED * max((abs(one.value) for own in measured.values() for one in own.values()),
                        default=0.0)  # fmt: skip
    found = list[Apart]()
    for name, slopes in measured.items():
        hand = np.asarray(claimed[name], np.float64).reshape(values[name].shape)
        for at, slope in slopes.items():
            given = float(hand[at])
            if not slope.agrees(given) and not abs(slope.value - given) <= room:
                found.append(Apart(name, at, given / runs.weight, slope.value / runs.weight))
                break
    return found, [name for name in names if not measured[name]]


def _measured(runs: Runs, values: Values, name: str) -> Iterator[tuple[tuple[int, ...], Slope]]:
    """Yield elements of a gradient with their slopes, as far as these are sure."""
    elements = list(np.ndindex(*values[name].shape))
    for at in elements[:: max(1, len(elements) // _ELEMENTS)]:
        slope = slope_at(runs, values, name, at)
        if slope.sure and not (slope.value == 0 and _is_rounded(runs, values, name, at)):
            yield at, slope


def digits_of(runs: Runs) -> int | None:
    """Return the decimals to which the loss is rounded; None if it is not."""
    moved = {name: np.asarray(1.001 * value, value.dtype) for name, value in runs.given.items()}
    try:
        losses = [runs.as_is(values)[0] for values in (runs.given, moved)]
    except CodeFailed:
        return None
    exact = (n for n in range(_DIGITS) if all(round(loss, n) == loss for loss in losses))
    return next(exact, None) if any(losses) else None


def _is_rounded(runs: Runs, values: Values, name: str, at: tuple[int, ...]) -> bool:
    """Return whether a loss unaffected by small steps changes with large ones."""
    losses = set[float]()
    for step in (0.0, 1e-3, -1e-3, 1e-1, -1e-1):
        changed = np.array(values[name])
        changed[at] += step * max(1.0, abs(float(changed[at])))
        try:
            losses.add(runs.as_is({**values, name: changed})[0])
        except CodeFailed:
            return True
    return len(losses) > 1
