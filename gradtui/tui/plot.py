"""Curves by plotext, which only this module knows. Returns plain rows of characters."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from gradtui.base.text import number
from gradtui.debugger.curves import Curve
from gradtui.debugger.outline import column_at
from gradtui.explain.curves import MARKS, PLAIN
from gradtui.layout.ticks import round_step
from gradtui.tui.textless import import_plotext

plotext = import_plotext()

Array = NDArray[np.float64]
Inks = tuple[tuple[int | None, ...], ...]
"""The number of the curve in each cell; None without one."""
_PIECES = re.compile(r"(?:\x1b\[38;5;(\d+)m)?([^\x1b]+)|\x1b\[[0-9;]*m")
"""The output of plotext: text, with a curve's cells after its colour."""
_APART = 14
"""Columns from one marker on a curve to the next."""


class Drawing(Struct, frozen=True):
    """Curves as rows of characters."""

    rows: tuple[str, ...]
    inks: Inks
    first: int
    final: int
    """The columns between its edges."""
    leaving: frozenset[int]
    """The numbers of the curves that leave the picture at the top."""
    empty: bool = False
    """Whether no curve has a number that can be drawn."""


_CALM = 100.0
"""A curve up to this many times its first value is in the picture as a whole."""
_ROOM = 0.2
"""Room above the others for a curve that runs away, relative to their height."""


def draw_curves(
    curves: Sequence[Curve], edges: tuple[int, int], size: tuple[int, int], *, log: bool
) -> Drawing:
    """Return curves over the steps between two edges as rows, the first one on top.

    Values that are not finite are left out, and those <= 0 on a log scale; a curve is reduced to
    the smallest and largest value of each column before it is drawn.  A secondary curve that runs
    away from the others leaves the picture at the top.
    """
    width, height = size
    points = [_points(curve, edges, max(1, width - 8), log=log) for curve in curves]
    top = _top(curves, points, log=log)
    leaving = frozenset(n for n, (_, tall) in enumerate(points) if max(tall, default=top) > top)
    points = [_cut(*each, top) for each in points]
    heights = [height for _, curve in points for height in curve]
    first, last = edges
    plotext.clear_figure()
    plotext.theme("clear")
    plotext.limit_size(False, False)  # the terminal may be smaller by now than the layout
    plotext.plot_size(width, height)
    plotext.xlim(first, max(first + 1, last))
    plotext.xaxes(True, False)
    plotext.yaxes(True, False)
    if heights:
        low, high = min(heights), max(heights)
        if not log and 0.0 < low < 0.3 * high:
            low = 0.0
        # plotext divides by the range, so it is given 0 to 1, whatever the numbers are.
        ticks = y_ticks(low, high, min(6, max(1, height // 3)), log=log)
        plotext.ylim(0, 1)
        for curve, (steps, values) in reversed([*enumerate(points)]):
            if steps:
                shares = [_share(h, low, high) for h in values]
                plotext.plot(steps, shares, marker="braille", color=curve)
        plotext.yticks([_share(at, low, high) for at, _ in ticks], [text for _, text in ticks])
    plotext.xticks(*_x_ticks(first, last, width))
    rows, inks = _cells(plotext.build(), width, height)
    edge = max((row.find("┤") for row in rows), default=-1)
    if edge < 0:
        edge = max((row.find("│") for row in rows), default=0)
    if len(curves) > 1:
        columns = np.linspace(first, max(first + 1, last), width - 1 - edge)
        courses = [
            np.interp(columns, steps, [_share(h, low, high) for h in tall], np.nan, np.nan)
            if steps
            else np.array([])
            for steps, tall in points
        ]
        rows, inks = _signed(rows, inks, [curve.mark for curve in curves], edge, courses)
    return Drawing(tuple(rows), inks, edge + 1, width - 1, leaving, not heights)


def _cells(text: str, width: int, height: int) -> tuple[list[str], Inks]:
    """Return plotext's output as plain rows, with the curve of each cell."""
    rows, inks = list[str](), list[tuple[int | None, ...]]()
    for row in text.split("\n")[:height]:
        pieces = [(found[2], found[1]) for found in _PIECES.finditer(row) if found[2]]
        plain = "".join(piece for piece, _ in pieces)
        ink = [int(colour) if colour else None for piece, colour in pieces for _ in piece]
        rows.append(plain.ljust(width)[:width])
        inks.append((*ink, *[None] * (width - len(ink)))[:width])
    return rows, tuple(inks)


def _signed(
    rows: list[str], inks: Inks, marks: Sequence[int], edge: int, courses: Sequence[Array]
) -> tuple[list[str], Inks]:
    """Return a drawing with markers along each curve, so that colour is not needed.

    `courses` are the heights of each curve, 0 to 1, in the columns after `edge`: a curve hidden
    under another has its marker on that.
    """
    signed, owners = [list(row) for row in rows], [list(ink) for ink in inks]
    tall = sum(row[edge : edge + 1] in ("┤", "│") for row in rows)
    for curve, mark in enumerate(marks):
        places: dict[int, list[int]] = {}
        for x, height in enumerate(courses[curve], edge + 1):
            under = [] if np.isnan(height) else [round((1.0 - float(height)) * (tall - 1))]
            places[x] = [y for y, ink in enumerate(inks) if ink[x] == curve] or [
                y for y in under if inks[y][x] is not None
            ]
        columns = [x for x, found in places.items() if found]
        if MARKS[mark] == PLAIN or not columns:
            continue
        # Markers of curves that coincide do not: each curve starts elsewhere.
        first = columns[0] + (curve + 1) * _APART // (len(marks) + 1)
        for x in {*range(first, columns[-1] - _APART // 2, _APART), columns[-1]} & {*columns}:
            y = places[x][len(places[x]) // 2]
            signed[y][x], owners[y][x] = MARKS[mark], curve
    return ["".join(row) for row in signed], tuple(tuple(ink) for ink in owners)


def _top(
    curves: Sequence[Curve], points: Sequence[tuple[list[float], list[float]]], *, log: bool
) -> float:
    """Return the height at which curves are cut: a little above all that stay."""
    calm, wild = list[float](), False
    for curve, (_, heights) in zip(curves, points, strict=True):
        if heights:
            start = heights[0] + math.log10(_CALM) if log else _CALM * abs(heights[0])
            if curve.main or max(heights) <= start:
                calm += heights
            else:
                wild = True
    if not calm or not wild:
        return math.inf
    return max(calm) + _ROOM * ((max(calm) - min(calm)) or abs(max(calm)) or 1.0)


def _cut(steps: list[float], heights: list[float], top: float) -> tuple[list[float], list[float]]:
    """Return a curve up to the point at which it leaves the picture."""
    over = next((at for at, height in enumerate(heights) if height > top), None)
    if over is None:
        return steps, heights
    if over == 0:
        return [], []
    part = (top - heights[over - 1]) / (heights[over] - heights[over - 1])
    crossing = steps[over - 1] + part * (steps[over] - steps[over - 1])
    return [*steps[:over], crossing], [*heights[:over], top]


def column_of(step: int, edges: tuple[int, int], drawing: Drawing) -> int | None:
    """Return the column of a step; None if it is not in the picture."""
    first, last = edges
    if not first <= step <= max(first + 1, last):
        return None
    wide = drawing.final - drawing.first
    return drawing.first + round((step - first) * wide / max(1, last - first))


def reduce_columns(
    steps: NDArray[np.float64],
    values: NDArray[np.float64],
    edges: tuple[int, int],
    columns: int,
) -> tuple[list[float], list[float]]:
    """Return the smallest and largest value of each column at most, in the order of the steps."""
    if len(steps) <= 2 * columns:
        return steps.tolist(), values.tolist()
    column = column_at(steps, edges, columns)
    keep: set[int] = set()
    starts = np.flatnonzero(np.diff(column, prepend=-1))
    for start, stop in zip(starts, [*starts[1:], len(column)], strict=True):
        part = values[start:stop]
        keep |= {int(start + np.argmin(part)), int(start + np.argmax(part))}
    order = sorted(keep)
    return steps[order].tolist(), values[order].tolist()


def y_ticks(low: float, high: float, count: int, *, log: bool) -> list[tuple[float, str]]:
    """Return heights at round numbers between `low` and `high`, with their labels."""
    if not high - low > 1e-12 * max(abs(low), abs(high), 1e-300):
        return [(low, _short(10.0**low if log else low))]
    step = round_step((high - low) / max(1, count))
    if log:
        step = max(1.0, round(step))
    first = math.ceil(low / step - 1e-9)
    heights = [index * step for index in range(first, math.floor(high / step + 1e-9) + 1)]
    if len(heights) < 1 + log:
        heights = [low, high]
    if heights[-1] < high - 0.02 * (high - low):
        # The largest value is labelled, too; a round number close below it gives way.
        room = 0.6 * (high - low) / max(1, count)
        heights = [*(h for h in heights if high - h > room), high]
    return [(h, _short(10.0**h if log else h)) for h in heights]


def _share(value: float, low: float, high: float) -> float:
    """Return the position of `value` between `low` and `high`, from 0 to 1."""
    span = high / 2 - low / 2
    return (value / 2 - low / 2) / span if span > 0.0 else 0.5


def _points(
    curve: Curve, edges: tuple[int, int], columns: int, *, log: bool
) -> tuple[list[float], list[float]]:
    steps, values = curve.points(edges, columns, log=log)
    return reduce_columns(steps, np.log10(values) if log else values, edges, columns)


def _x_ticks(first: int, last: int, width: int) -> tuple[list[float], list[str]]:
    wide = max(1, last - first)
    count = max(2, min(wide + 1, width // 12, 7))
    steps = sorted({first + round(index * wide / (count - 1)) for index in range(count)})
    return [float(step) for step in steps], [f"{step:,}" for step in steps]


def _short(value: float) -> str:
    return number(value, 3)
