"""Arrays as text: short for a line, aligned tables for a panel."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import accumulate
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from gradtui.base.text import SHORT, number, shape_text
from gradtui.engine.shapes import Shape

Array = NDArray[Any]
Index = tuple[int, ...]
UNKNOWN = "·"
"""The sign for a value not computed yet."""
UNUSED = "unused"
"""The sign for the gradient of a value that the loss does not depend on."""
_FEW = 3
_FEW_DIGITS = 2
"""Digits of each number of a short vector that has little room."""
_EACH = 8
"""Up to so many numbers are looked at one by one for the widest."""
_ROUGH, _LEAST = 1.23456789, -307
"""A number without zeros at its end, and the least power of 10 that it is multiplied by."""
_REMEMBERED = 1000
"""Most texts of spreads that are remembered: those of many numbers are few, as powers of 10."""
LISTED = 400
"""Most elements of one array that a panel lists; more are counted."""


def summary(value: Array, digits: int = SHORT) -> str:
    """Return an array in a few cells: `0.4`, `[0.8 1.5]`, or shape and range `[5×2] 0.5 to 5`."""
    if value.shape == ():
        return number(float(value), digits)
    if value.ndim == 1 and value.size <= _FEW:
        return "[" + " ".join(number(x, digits) for x in value) + "]"
    return f"[{shape_text(value.shape)}] {extent(value, digits)}"


def extent(value: Array, digits: int = SHORT) -> str:
    """Return the numbers of an array in a few cells, without its shape: `0.4`, `0.5 to 5`."""
    if value.shape == () or (value.ndim == 1 and 0 < value.size <= _FEW):
        return summary(value, digits)
    if not value.size:
        return "empty"
    tail = ""
    low, high = value.min(), value.max()
    if np.isnan(low):  # searched only here, because a large array is summed up at every key
        known = value[~np.isnan(value)]
        if not known.size:
            return "all nan"
        low, high, tail = known.min(), known.max(), " and nan"
    if low == high:
        return f"all {number(low, 3)}{tail}"
    return f"{number(low, 3)} to {number(high, 3)}{tail}"


def forms(value: Array) -> tuple[str, ...]:
    """Return an array in ever fewer cells: shape and range, the range, the shape if all is finite.

    A number, and an array with what is not finite, keep all their cells.
    """
    shape = f"[{shape_text(value.shape)}]"
    if not value.shape or (value.ndim == 1 and value.size <= _FEW):
        full, short = summary(value), extent(value, _FEW_DIGITS)
    else:
        short = extent(value)  # looked for once, and as long with any digits
        full = f"{shape} {short}"
    return (full,) if not value.shape or "nan" in full or "inf" in full else (full, short, shape)


class Spread(Struct, frozen=True):
    """The sizes of some numbers, from which the width of their texts follows."""

    sizes: tuple[float, ...]
    """Such as are as wide as any of the numbers."""
    below: bool
    """Whether any is below 0."""

    def text(self, digits: int) -> str:
        """Return a text as wide as the widest number's; of one number, that number's."""
        return _widest(self, digits)


@lru_cache(_REMEMBERED)
def _widest(spread: Spread, digits: int) -> str:
    return "-" * spread.below + max((number(size, digits) for size in spread.sizes), key=len)


def spread(values: Array) -> Spread:
    """Return the sizes of some numbers; of many, any of their powers of 10 with all its digits."""
    if values.size <= _EACH:
        each = [float(value) for value in values.ravel().tolist()]
        return Spread(tuple(map(abs, each)), any(value < 0.0 for value in each))
    sizes = np.abs(values)
    seen = np.isfinite(sizes) & (sizes > 0.0)
    known = sizes if seen.all() else sizes[seen]
    left_out = () if known.size == values.size else (math.nan,)
    between = _between(known.min(), known.max()) if known.size else ()
    return Spread(left_out + between, bool((values < 0.0).any()))


def _between(low: float, high: float) -> tuple[float, ...]:
    """Return numbers as wide as any that has all its digits, from a smallest one to a largest."""
    return _powers(*(math.floor(math.log10(end)) for end in (low, high)))


@lru_cache(_REMEMBERED)
def _powers(low: int, high: int) -> tuple[float, ...]:
    # Between the ends the widest numbers are those of 0.0001 and 1.
    powers = (min(max(at, low, _LEAST), high) for at in (low, -4, 0, high))
    return tuple(_ROUGH * 10.0**at for at in powers)


def spreads(arrays: Sequence[Array]) -> list[Spread]:
    """Return the sizes of the numbers of each array; large arrays are looked at together."""
    large = [array for array in arrays if array.size > _EACH]
    found = iter(_together(large) if large else ())
    return [next(found) if array.size > _EACH else spread(array) for array in arrays]


def _together(arrays: Sequence[Array]) -> Iterator[Spread]:
    numbers = np.concatenate([array.ravel() for array in arrays])
    starts = [0, *accumulate(array.size for array in arrays)][:-1]
    sizes = np.abs(numbers)
    least, lows, highs, firsts = (
        reduce.reduceat(them, starts).tolist()
        for reduce, them in (
            (np.minimum, sizes), (np.minimum, np.where(sizes > 0.0, sizes, np.inf)),
            (np.maximum, sizes), (np.minimum, numbers),
        )
    )  # fmt: skip
    for array, zero, low, high, first in zip(arrays, least, lows, highs, firsts, strict=True):
        if not high < math.inf:  # an inf, or a nan
            yield spread(array)
        else:
            left_out = (math.nan,) if zero == 0.0 else ()
            yield Spread(left_out + (_between(low, high) if high else ()), first < 0.0)


class Elements:
    """The listed elements of several arrays, one below the other.

    Each element of array i takes `heights[i]` rows; of each array at most `most` are listed.
    """

    def __init__(self, shapes: Sequence[Shape], heights: Sequence[int], most: int = LISTED) -> None:
        sizes = [math.prod(shape) for shape in shapes]
        self.left_out = sum(max(0, size - most) for size in sizes)
        self._shapes, self._heights, self._most = shapes, heights, most
        rows = zip(sizes, heights, strict=True)
        self._ends = [*accumulate(min(size, most) * height for size, height in rows)]
        self.rows = self._ends[-1]

    def row_of(self, array: int, index: Index = ()) -> int:
        """Return the first row of an array, or of one of its elements if that is listed."""
        offset = int(np.ravel_multi_index(index, self._shapes[array])) if index else 0
        before = self._ends[array - 1] if array else 0
        return before + (offset * self._heights[array] if offset < self._most else 0)

    def places_of(self, array: int, index: Index = ()) -> tuple[range, range]:
        """Return the rows of an array, or of one of its elements, and those of its first one."""
        first = self.row_of(array, index)
        element = range(first, first + self._heights[array])
        return (element if index else range(first, self._ends[array])), element

    def between(self, start: int, stop: int) -> Iterator[tuple[int, Index, int]]:
        """Yield (array, index, its first row) of each element with a row in `start` to `stop`."""
        array = bisect_right(self._ends, start)
        row = start
        while row < min(stop, self.rows):
            while row >= self._ends[array]:
                array += 1
            before = self._ends[array - 1] if array else 0
            offset = (row - before) // self._heights[array]
            first = before + offset * self._heights[array]
            index = np.unravel_index(offset, self._shapes[array]) if self._shapes[array] else ()
            yield array, tuple(int(i) for i in index), first
            row = first + self._heights[array]


def moved(places: tuple[range, range], by: int) -> tuple[range, range]:
    """Return places with as many more rows above them."""
    first, second = (range(one.start + by, one.stop + by) for one in places)
    return first, second


def table_height(shape: Shape) -> int:
    """Return the number of rows of the table of an array, without making it."""
    size = math.prod(shape)
    if not shape or size > LISTED or not size:
        return 1
    rows = size // shape[-1]
    return rows if len(shape) < 3 else rows + rows // shape[-2] - 1


def table(value: Array, digits: int = SHORT) -> list[str]:
    """Return an array as aligned rows of numbers; for more axes, its matrices."""
    if value.shape == ():
        return [number(float(value), digits)]
    if value.size > LISTED or not value.size:
        return [summary(value, digits)]
    flat = value.reshape(-1, value.shape[-1])
    cells = [[number(x, digits) for x in row] for row in flat]
    widths = [max(len(row[i]) for row in cells) for i in range(flat.shape[1])]
    rows = [
        "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True))
        for row in cells
    ]
    if value.ndim < 3:
        return rows
    height = value.shape[-2]
    parted: list[str] = []
    for start in range(0, len(rows), height):
        parted += [*rows[start : start + height], ""]
    return parted[:-1]
