"""Points, lines and contours on a plane of terminal cells. Knows no meanings and no screen.

A cell is (row, column), (0, 0) at the top left.  A cell has 2×4 dots, shown by Braille characters.
Shares run from 0 to 1, to the right and upwards.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Cell = tuple[int, int]
Share = tuple[float, float]
ACROSS, DOWN = 2, 4
"""The Braille dots of a cell."""
_BRAILLE = 0x2800
_BITS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
BLANK = np.uint32(ord(" "))
_HEADS = "→↗↑↖←↙↓↘"


def braille(dots: NDArray[np.bool_]) -> NDArray[np.uint32]:
    """Return (4·rows, 2·columns) dots as the code points of (rows, columns) characters.

    A cell without dots becomes a space.
    """
    found = np.zeros((dots.shape[0] // DOWN, dots.shape[1] // ACROSS), np.uint32)
    for down, bits in enumerate(_BITS):
        for across, bit in enumerate(bits):
            found |= dots[down::DOWN, across::ACROSS] * np.uint32(bit)
    return np.where(found, found + np.uint32(_BRAILLE), BLANK)


def text_of(codes: NDArray[np.uint32]) -> str:
    """Return a row of code points as text."""
    return codes.astype("<u4").tobytes().decode("utf-32-le")


def extremes(bands: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the lowest and the highest of the dots of each cell."""
    parts = [bands[down::DOWN, across::ACROSS] for down in range(DOWN) for across in range(ACROSS)]
    low = high = parts[0]
    for part in parts[1:]:
        low, high = np.minimum(low, part), np.maximum(high, part)
    return low, high


def resample(field: NDArray[np.float64], rows: int, columns: int) -> NDArray[np.float64]:
    """Return a field resampled to another size, by bilinear interpolation between middles."""
    for axis, count in ((0, rows), (1, columns)):
        size = field.shape[axis]
        if size == count:
            continue
        at = np.clip((np.arange(count) + 0.5) * size / count - 0.5, 0.0, size - 1.0)
        before = np.minimum(at.astype(int), size - 1)
        after = np.minimum(before + 1, size - 1)
        part = (at - before).reshape((-1, 1) if axis == 0 else (1, -1))
        with np.errstate(all="ignore"):
            # A neighbour of weight 0 must not make a place inf or NaN by 0·inf.
            low, high = field.take(before, axis), field.take(after, axis)
            field = np.where(part == 0.0, low, low * (1 - part) + high * part)
    return field


def rims(bands: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return the dots of each band that touch a lower one: thin lines between the bands.

    A negative band is no band: nothing is drawn beside it.
    """
    found = np.zeros(bands.shape, bool)
    for here, there in (
        (np.s_[1:, :], np.s_[:-1, :]),
        (np.s_[:-1, :], np.s_[1:, :]),
        (np.s_[:, 1:], np.s_[:, :-1]),
        (np.s_[:, :-1], np.s_[:, 1:]),
    ):
        found[here] |= (bands[here] > bands[there]) & (bands[there] >= 0)
    return found


def cell_of(share: Sequence[float], rows: int, columns: int) -> Cell | None:
    """Return the cell at a place; None if it is outside."""
    if not all(0.0 <= part <= 1.0 for part in share):
        return None
    x, y = share
    return rows - 1 - min(int(y * rows), rows - 1), min(int(x * columns), columns - 1)


def clipped(start: Sequence[float], end: Sequence[float]) -> tuple[Share, Share] | None:
    """Return the part of a straight line that lies inside; None if there is none.

    Liang and Barsky, A new concept and method for line clipping (1984).
    """
    start, end = [*map(float, start)], [*map(float, end)]
    moves = [b - a for a, b in zip(start, end, strict=True)]
    if not all(map(math.isfinite, (*start, *moves))):
        return None
    first, last = 0.0, 1.0
    for at, move in zip(start, moves, strict=True):
        for edge, speed in ((at, -move), (1.0 - at, move)):
            if speed == 0.0:
                if edge < 0.0:
                    return None
            elif speed < 0.0:
                first = max(first, edge / speed)
            else:
                last = min(last, edge / speed)
    if first > last:
        return None
    (x, y), (dx, dy) = start, moves
    ends = [(x + dx * t, y + dy * t) for t in (first, last)]
    a, b = ((min(max(u, 0.0), 1.0), min(max(v, 0.0), 1.0)) for u, v in ends)
    return a, b


def line_dots(
    start: Share, end: Share, rows: int, columns: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return rows and columns of the dots of a line two dots thick between places inside."""
    height, width = rows * DOWN, columns * ACROSS
    (x, y), (dx, dy) = start, (end[0] - start[0], end[1] - start[1])
    across, down = dx * width, -dy * height
    part = np.linspace(0.0, 1.0, 2 + int(2 * max(abs(across), abs(down))))
    column = np.minimum(((x + dx * part) * width).astype(np.int64), width - 1)
    row = np.maximum(height - 1 - ((y + dy * part) * height).astype(np.int64), 0)
    if abs(across) >= abs(down):
        beside = np.where(row < height - 1, row + 1, row - 1)
        return np.concatenate([row, beside]), np.concatenate([column, column])
    beside = np.where(column < width - 1, column + 1, column - 1)
    return np.concatenate([row, row]), np.concatenate([column, beside])


def head(right: float, up: float) -> str:
    """Return the arrow nearest to a direction, given in units of equal length."""
    return _HEADS[round(math.atan2(up, right) / (math.pi / 4)) % 8]
