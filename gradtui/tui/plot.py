"""Curves by plotext: the only module that knows it. Returns plain rows of characters."""

from __future__ import annotations

import math
import re

import numpy as np
import plotext
from numpy.typing import NDArray

from gradtui.layout.ticks import round_step

_ESCAPES = re.compile(r"\x1b\[[0-9;]*m")
_LARGEST = 1e300
SECOND = "•"
"""The mark of a second curve."""


def draw_curve(
    values: NDArray[np.float64],
    last: int,
    size: tuple[int, int],
    *,
    log: bool,
    second: NDArray[np.float64] | None = None,
) -> tuple[list[str], int, int]:
    """Return a curve over the steps 0 to `last` as rows, and the columns between its edges.

    A `second` curve is drawn over it as a row of `SECOND`.

    Values that are not finite are left out, as are those <= 0 on a log scale; the curve is reduced
    to the smallest and largest value of each column before it is drawn.
    """
    width, height = size
    curves = [
        reduce_columns(*_drawable(curve, log=log), last, max(1, width - 8))
        for curve in (values, np.empty(0) if second is None else second)
    ]
    heights = [height for _, curve in curves for height in curve]
    plotext.clear_figure()
    plotext.theme("clear")
    plotext.plot_size(width, height)
    plotext.xlim(0, max(1, last))
    plotext.xaxes(True, False)
    plotext.yaxes(True, False)
    if heights:
        low, high = min(heights), max(heights)
        if not log and 0.0 < low < 0.3 * high:
            low = 0.0
        # plotext divides by the range: it sees 0 to 1, whatever the numbers are.
        ticks = y_ticks(low, high, min(6, max(1, height // 3)), log=log)
        plotext.ylim(0, 1)
        for (steps, curve), marker in zip(curves, ("braille", SECOND), strict=True):
            if steps:
                plotext.plot(steps, [_share(h, low, high) for h in curve], marker=marker)
        plotext.yticks([_share(at, low, high) for at, _ in ticks], [text for _, text in ticks])
    plotext.xticks(*_x_ticks(last, width))
    rows = [_ESCAPES.sub("", row).ljust(width)[:width] for row in plotext.build().split("\n")]
    rows = rows[:height]
    edge = max((row.find("┤") for row in rows), default=-1)
    if edge < 0:
        edge = max((row.find("│") for row in rows), default=0)
    return rows, edge + 1, width - 1


def column_of(step: int, last: int, first: int, final: int) -> int:
    """Return the column at which a step stands between the columns of the first and final step."""
    return first + round(step * (final - first) / max(1, last))


def reduce_columns(
    steps: NDArray[np.float64], values: NDArray[np.float64], last: int, columns: int
) -> tuple[list[float], list[float]]:
    """Return at most a smallest and a largest value for each column, in the order of the steps."""
    if len(steps) <= 2 * columns:
        return steps.tolist(), values.tolist()
    column = np.minimum((steps * columns / max(1, last)).astype(int), columns - 1)
    keep: set[int] = set()
    starts = np.flatnonzero(np.diff(column, prepend=-1))
    for start, stop in zip(starts, [*starts[1:], len(column)], strict=True):
        part = values[start:stop]
        keep |= {int(start + np.argmin(part)), int(start + np.argmax(part))}
    order = sorted(keep)
    return steps[order].tolist(), values[order].tolist()


def y_ticks(low: float, high: float, count: int, *, log: bool) -> list[tuple[float, str]]:
    """Return heights at round numbers between `low` and `high`, and the numbers beside them."""
    if not high - low > 1e-12 * max(abs(low), abs(high), 1e-300):
        return [(low, _short(10.0**low if log else low))]
    step = round_step((high - low) / max(1, count))
    if log:
        step = max(1.0, round(step))
    first = math.ceil(low / step - 1e-9)
    heights = [index * step for index in range(first, math.floor(high / step + 1e-9) + 1)]
    if log and len(heights) < 2:
        heights = [low, high]
    if heights[-1] < high - 0.02 * (high - low):
        # The largest value is named too; a round number close below it gives way.
        room = 0.6 * (high - low) / max(1, count)
        heights = [*(h for h in heights if high - h > room), high]
    return [(h, _short(10.0**h if log else h)) for h in heights]


def _share(value: float, low: float, high: float) -> float:
    """Return where `value` stands between `low` and `high`, from 0 to 1."""
    span = high / 2 - low / 2
    return (value / 2 - low / 2) / span if span > 0.0 else 0.5


def _drawable(
    values: NDArray[np.float64], *, log: bool
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    good = np.isfinite(values) & (np.abs(values) < _LARGEST)
    if log:
        good &= values > 0
    steps = np.flatnonzero(good).astype(np.float64)
    return steps, np.log10(values[good]) if log else values[good]


def _x_ticks(last: int, width: int) -> tuple[list[float], list[str]]:
    count = max(2, min(last + 1, width // 12, 7))
    steps = sorted({round(index * max(1, last) / (count - 1)) for index in range(count)})
    return [float(step) for step in steps], [str(step) for step in steps]


def _short(value: float) -> str:
    return f"{value:.3g}"
