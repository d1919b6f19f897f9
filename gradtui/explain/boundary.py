"""The data of a classifier in the plane of its two features, with the predicted classes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gradtui.base.text import clean, clip, number, wrap
from gradtui.debugger.boundary import Boundary
from gradtui.debugger.frame import Frame
from gradtui.debugger.wording import predicted_classes
from gradtui.explain.contours import TINTS
from gradtui.explain.sheet import Sheet
from gradtui.explain.spans import Role, Span, TextRow, folded, line
from gradtui.explain.surface import LEAST_HEIGHT, LEAST_WIDTH, MARGIN, put_name, with_axes
from gradtui.explain.values import Array
from gradtui.layout.plane import ACROSS, BLANK, DOWN, braille

_SIGNS = "0123456789abcdefghijklmnopqrstuvwxyz"
_NAME_CELLS = 12
_OTHER = "·"
"""The sign for rows of classes beyond those with a sign of their own."""


def boundary_title(frame: Frame) -> str:
    """Return the title of the plane."""
    plane = frame.looked.plane
    assert plane is not None
    return f"Data  {clean(frame.problem.label(frame.graph.nodes[plane.data].name))}"


def boundary_rows(frame: Frame, width: int, height: int) -> list[TextRow]:
    """Return the plane drawn into a size, with its axes and the number of right rows."""
    rows, columns = height - 4, width - MARGIN - 1
    if width < LEAST_WIDTH or height < LEAST_HEIGHT:
        said = wrap("a larger panel shows the data: zoom it", width)
        return [line((text, "dim")) for text in said][:height]
    found = frame.boundary((columns * ACROSS, rows * DOWN))
    sheet = Sheet(rows, columns)
    across, upward = _names(frame, found)
    for place, label, said in zip(found.places, found.labels, found.found, strict=True):
        role: Role = "good" if label == said else "now"
        cell = sheet.cell(_share(found, place))
        if cell is not None:
            sheet.put(cell, _SIGNS[label] if 0 <= label < len(_SIGNS) else _OTHER, role)
    put_name(sheet, upward)
    _draw_regions(sheet, found, _classes(frame, int(found.said.max()) + 1))
    drawn = with_axes(sheet, found.ranges[0], found.ranges[1], across)
    return [*drawn, *_legend(found, width, height - len(drawn))]


def _names(frame: Frame, found: Boundary) -> tuple[str, str]:
    """Return the names of the features: those of the file's columns, else `X[:,0]` and `X[:,1]`."""
    name = clean(frame.problem.label(found.name))
    columns = frame.problem.headings.get(found.name) or (f"{name}[:,0]", f"{name}[:,1]")
    across, upward = (clip(clean(one), _NAME_CELLS) for one in columns)
    return across, upward


def _share(found: Boundary, place: Array) -> tuple[float, float]:
    (left, right), (bottom, top) = found.ranges
    return float((place[0] - left) / (right - left)), float((place[1] - bottom) / (top - bottom))


def _draw_regions(sheet: Sheet, found: Boundary, names: Sequence[str]) -> None:
    """Draw the boundaries between the classes, and each class's background and name."""
    rows, columns = sheet.rows * DOWN, sheet.columns * ACROSS
    down = np.arange(rows) * found.said.shape[0] // rows
    across = np.arange(columns) * found.said.shape[1] // columns
    said = found.said[down][::-1, across]
    edges = np.zeros(said.shape, bool)
    edges[1:] |= said[1:] != said[:-1]
    edges[:, 1:] |= said[:, 1:] != said[:, :-1]
    classes = int(said.max()) + 1
    grounds = [TINTS[round(at * (len(TINTS) - 1) / max(1, classes - 1))] for at in range(classes)]
    middle = said[DOWN // 2 :: DOWN, ACROSS // 2 :: ACROSS]
    lines = braille(edges)
    for at in sorted(set(said.ravel().tolist())):
        _put_inside(sheet, (middle == at) & (lines == BLANK), f"[{names[at]}]")
    sheet.lay_under(lines, "value", grounds, middle)


def _put_inside(sheet: Sheet, region: NDArray[np.bool_], text: str) -> None:
    """Write a text into a region, as far from its edges and from marks as it can be."""
    free = region & ~sheet.taken
    span = len(text) + 2
    if free.shape[1] < span:
        return
    fits = np.lib.stride_tricks.sliding_window_view(free, span, axis=1).all(axis=2)
    last = fits
    while fits.any():
        last, around = fits, np.pad(fits, 1)
        fits = around[:-2, 1:-1] & around[2:, 1:-1] & around[1:-1, :-2] & around[1:-1, 2:] & fits
    places = np.argwhere(last)
    if len(places):
        row, column = places[len(places) // 2].tolist()
        sheet.put((row, column + 1), text, "name")


def _legend(found: Boundary, width: int, most: int) -> list[TextRow]:
    """Return the legend in at most so many rows; its counts tell the accuracy, too."""
    right = int(np.sum(found.labels == found.found))
    counted: Span = (f"{right:,} of {len(found.labels):,} right  ", "good")
    accuracy: Span = (f"accuracy {number(found.accuracy, 3)}  ", "value")
    signs: list[Span] = [
        ("wrong: in a block  ", "dim"), ("signs: true, in brackets: predicted", "dim")
    ]  # fmt: skip
    rows = folded(("", "plain"), [counted, accuracy, *signs], width)
    if len(rows) > most:
        rows = folded(("", "plain"), [counted, *signs], width)
    return rows[:most]


def _classes(frame: Frame, count: int) -> list[str]:
    """Return the signs of the classes, each with the class's name if it has one."""
    words = predicted_classes(frame.problem)
    signs = [_SIGNS[at] if at < len(_SIGNS) else _OTHER for at in range(count)]
    names = [f" {clip(clean(word), _NAME_CELLS)}" for word in words] or [""] * count
    return [f"{sign}{name}" for sign, name in zip(signs, names, strict=False)]
