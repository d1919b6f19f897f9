"""A surface as a map: contours with their heights, and bands tinted by height."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gradtui.explain.sheet import Sheet
from gradtui.explain.spans import Role
from gradtui.layout.plane import ACROSS, BLANK, DOWN, braille, extremes, resample, rims
from gradtui.layout.ticks import round_numbers, round_powers, tick_texts

MOST = 7
"""Most contours of a map."""
TINTS: tuple[Role, ...] = (
    "height-0", "height-1", "height-2", "height-3", "height-4", "height-5", "height-6", "height-7",
)  # fmt: skip
"""Tints, from the lowest band to the highest."""
_LOW, _HIGH = 0.02, 0.98
"""Contours are drawn between these quantiles of the losses in view."""
_WIDE_RANGE = 100.0
"""From this ratio of highest to lowest on, contours go by powers."""
_CANDIDATES = 80
_NOT_FINITE = ("inf or nan", "inf")

Array = NDArray[np.float64]


def contour_levels(losses: Array) -> list[float]:
    """Return the heights of a map's contours: round numbers, or powers for a wide range."""
    known = losses[np.isfinite(losses)]
    if not known.size:
        return []
    low, high = _quantiles(known, _LOW, _HIGH)
    if low > 0.0 and high >= _WIDE_RANGE * low:
        return round_powers(low, high, MOST)
    found: list[float] = []
    for count in range(2 * MOST, 0, -1):
        found = [level for level in round_numbers(low, high, count) if low < level < high]
        if len(found) <= MOST:
            break
    return found


def _quantiles(values: Array, *parts: float) -> list[float]:
    """Return what `np.quantile` does, which imports all masked arrays: a pause at the first map."""
    ordered, found, last = np.sort(values), list[float](), len(values) - 1
    for part in parts:
        below, between = divmod(part * last, 1.0)
        low, high = (float(ordered[min(last, int(below) + at)]) for at in (0, 1))
        rise = high - low
        found.append(low + rise * between if between < 0.5 else high - rise * (1.0 - between))
    return found


def draw_contours(
    sheet: Sheet, losses: Array, levels: list[float], *, numbered: bool = False
) -> None:
    """Draw a grid of losses under the marks on a sheet.

    The contours are lines with their heights on them, or each is made of its number, from 1.
    """
    field = resample(losses, sheet.rows * DOWN, sheet.columns * ACROSS)[::-1]
    known = np.isfinite(field)
    bands = np.where(known, np.searchsorted(levels, np.where(known, field, 0.0), side="right"), -1)
    middle = bands[DOWN // 2 :: DOWN, ACROSS // 2 :: ACROSS]
    grounds = [_tint(band, len(levels)) for band in range(-1, len(levels) + 1)]
    lowest, highest = extremes(bands)
    lines = braille(rims(bands))
    if numbered:
        lines = np.where(lines == BLANK, lines, ord("0") + highest.astype(np.uint32))
    sheet.lay_under(lines, "dim", grounds, middle + 1)
    _name_blanks(sheet, middle)
    for index, text in enumerate(() if numbered else tick_texts(levels)):
        _name_contour(sheet, (lowest >= 0) & (lowest <= index) & (index < highest), text)


def _tint(band: int, contours: int) -> Role | None:
    if band < 0:
        return None
    return TINTS[round(band * (len(TINTS) - 1) / max(1, contours))]


def _name_blanks(sheet: Sheet, middle: NDArray[np.int64]) -> None:
    """Write a word over losses that are not finite, if there is room."""
    blank = (middle < 0) & ~sheet.taken
    for word in _NOT_FINITE:
        places = _runs(blank, len(word) + 2)
        if places.size:
            row, column = places[len(places) // 2]
            sheet.put((int(row), int(column) + 1), word, "dim")
            return


def _name_contour(sheet: Sheet, on: NDArray[np.bool_], text: str) -> None:
    """Write a contour's height on one of its cells, away from the marks, if there is room."""
    cells = np.argwhere(on)
    cells = cells[:: max(1, len(cells) // _CANDIDATES)]
    shift = len(text) // 2
    fitting = [
        (int(row), int(column) - shift)
        for row, column in cells
        if sheet.free((row, column - shift - 1), len(text) + 2)
    ]
    if not fitting:
        return
    at = np.array(fitting)
    marks = np.argwhere(sheet.taken)
    centre = np.array([sheet.rows, sheet.columns]) / 2
    from_centre = np.abs((at - centre) * (2, 1)).sum(axis=1) / sheet.columns
    room = np.full(len(at), 8.0)
    if len(marks):
        gaps = np.abs((at[:, None] + (0, shift) - marks[None]) * (2, 1)).max(axis=2)
        room = np.minimum(gaps.min(axis=1), 8.0)
    sheet.put(fitting[int(np.argmax(room - 3.0 * from_centre))], text, "name")


def _runs(cells: NDArray[np.bool_], width: int) -> NDArray[np.int64]:
    """Return the first cells of all runs of `width` cells in a row."""
    if cells.shape[1] < width:
        return np.empty((0, 2), np.int64)
    windows = np.lib.stride_tricks.sliding_window_view(cells, width, axis=1)
    return np.argwhere(windows.all(axis=2))
