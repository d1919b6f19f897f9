"""The data of a classifier in the plane of its two features, with the predicted classes."""

from __future__ import annotations

import numpy as np

from gradtui.base.text import clean, clip, number, wrap
from gradtui.debugger.boundary import Boundary
from gradtui.debugger.frame import Frame
from gradtui.explain.contours import TINTS
from gradtui.explain.sheet import Sheet
from gradtui.explain.spans import Role, Span, TextRow, folded, line
from gradtui.explain.surface import LEAST_HEIGHT, LEAST_WIDTH, MARGIN, put_name, with_axes
from gradtui.explain.values import Array
from gradtui.layout.plane import ACROSS, DOWN, braille

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
    _draw_regions(sheet, found)
    drawn = with_axes(sheet, found.ranges[0], found.ranges[1], across)
    return [*drawn, *_legend(found, width)[: height - len(drawn)]]


def _names(frame: Frame, found: Boundary) -> tuple[str, str]:
    """Return the names of the features: those of the file's columns, else `X[:,0]` and `X[:,1]`."""
    name = clean(frame.problem.label(found.name))
    columns = frame.problem.headings.get(found.name) or (f"{name}[:,0]", f"{name}[:,1]")
    across, upward = (clip(clean(one), _NAME_CELLS) for one in columns)
    return across, upward


def _share(found: Boundary, place: Array) -> tuple[float, float]:
    (left, right), (bottom, top) = found.ranges
    return float((place[0] - left) / (right - left)), float((place[1] - bottom) / (top - bottom))


def _draw_regions(sheet: Sheet, found: Boundary) -> None:
    """Draw the boundaries between the classes, and each class's background."""
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
    sheet.lay_under(braille(edges), "value", grounds, middle)


def _legend(found: Boundary, width: int) -> list[TextRow]:
    right = int(np.sum(found.labels == found.found))
    parts: list[Span] = [
        (f"{right:,} of {len(found.labels):,} right  ", "good"),
        (f"accuracy {number(found.accuracy, 3)}  ", "value"),
        ("signs: classes; in a block: wrong", "dim"),
    ]
    return folded(("", "plain"), parts, width)
