"""Drawings of the last graphs, with as many letters and digits as fit. Knows no cursor."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from math import inf
from time import monotonic
from typing import TypeVar

from msgspec import Struct

from gradtui.debugger.frame import Frame
from gradtui.debugger.structure import DrawnEdge
from gradtui.explain.graph_text import (
    CLOSE,
    LONGER,
    SHORTER,
    WORDY,
    Cells,
    box_width,
    wire_width,
)
from gradtui.layout import Box, Layout, Parts, Plan, Wire, count_parts, draw, finish, plan

_KEPT = 4
"""Most drawings kept: one of a long program takes a tenth of a second."""
_FEW = 30
"""Largest graph, in nodes, for which other texts are tried: larger ones would not fit."""
_AT_ONCE, _MOST = 2_000, 80_000
"""Largest drawing, in parts, made at once, and at all: two seconds' work."""
_PART = 8
"""One by so much of the room a drawing that is wider all the same may grow for uncut names."""
_Key = TypeVar("_Key")
_Made = TypeVar("_Made")
_Place = tuple[object, ...]
"""A graph at one level, with its room or the cells of its numbers."""


class Drawing(Struct, frozen=True, eq=False):
    """A drawn graph."""

    layout: Layout
    cells: Cells
    """The cells of its texts."""


class Drawings:
    """Makes and keeps drawings, those of large graphs in parts."""

    def __init__(self) -> None:
        self._sizes: dict[_Place, int] = {}
        self._plans: dict[_Place, Plan] = {}
        self._drawings: dict[_Place, Drawing] = {}
        self._making: tuple[_Place, Parts[None]] | None = None

    def is_drawn(self, frame: Frame) -> bool:
        """Return whether a frame's graph is small enough to be drawn whole."""
        return self._size(frame) <= _MOST

    def rows(self, frame: Frame) -> int | None:
        """Return the number of rows of a drawing at any width; None if not yet known."""
        if self._size(frame) <= _AT_ONCE:
            return finish(self._plan(frame, CLOSE)).height
        found = self._plans.get((frame.graph, frame.structure, CLOSE))
        return None if found is None else found.height

    def drawing(self, frame: Frame, room: int) -> Drawing | None:
        """Return the drawing of a frame's graph for `room` cells.

        With longer texts if they fit, and with shorter numbers if only they do; names are also
        whole where the drawing is wider than the room and they make it hardly wider still.
        None if it is too large, or while `go_on` is making it.
        """
        key = (frame.graph, frame.structure, room)
        if key not in self._drawings and self.is_drawn(frame):
            if self._making is None or self._making[0] != key:
                self._making = key, self._draw(frame, room)
            self.go_on(inf if self._size(frame) <= _AT_ONCE else 0.0)
        return self._drawings.get(key)

    def go_on(self, seconds: float) -> bool:
        """Continue the drawing requested last; return whether more is to be done."""
        until = monotonic() + seconds
        for _ in () if self._making is None else self._making[1]:
            if monotonic() >= until:
                return True
        self._making = None
        return False

    def around(self, frame: Frame, nodes: tuple[int, ...]) -> Drawing:
        """Return the drawing of some nodes of a frame's graph, and of the edges among them."""
        key = (frame.graph, frame.structure, nodes)
        found = self._drawings.get(key)
        if found is None:
            edges = [(i, id) for id in nodes for i in frame.structure.inputs.get(id, ())]
            inside = [edge for edge in edges if edge[0] in nodes]
            layout = finish(draw(finish(_plan(frame, nodes, inside, CLOSE))))
            found = Drawing(layout, CLOSE)
            self._drawings = _with(self._drawings, key, found)
        return found

    def _size(self, frame: Frame) -> int:
        structure = frame.structure
        key = (frame.graph, structure)
        if key not in self._sizes:
            size = count_parts(structure.nodes, structure.edges)
            self._sizes = _with(self._sizes, key, size)
        return self._sizes[key]

    def _draw(self, frame: Frame, room: int) -> Parts[None]:
        close = yield from self._plan(frame, CLOSE)
        found = Drawing((yield from draw(close, room)), CLOSE)
        width = found.layout.width
        others = [(cells, room) for cells in (LONGER if width <= room else SHORTER)]
        others += [(WORDY, width + room // _PART)] if width > room else []
        for cells, most in others if len(frame.structure.nodes) <= _FEW else ():
            layout = yield from draw((yield from self._plan(frame, cells)), room)
            if layout.width <= most:
                found = Drawing(layout, cells)
                break
        self._drawings = _with(self._drawings, (frame.graph, frame.structure, room), found)

    def _plan(self, frame: Frame, cells: Cells) -> Parts[Plan]:
        structure = frame.structure
        key = (frame.graph, structure, cells)
        if key not in self._plans:
            made = yield from _plan(frame, structure.nodes, structure.edges, cells)
            self._plans = _with(self._plans, key, made)
        return self._plans[key]


def _plan(
    frame: Frame, nodes: tuple[int, ...], edges: Sequence[DrawnEdge], cells: Cells
) -> Parts[Plan]:
    boxes = [Box(id, box_width(frame, id, cells), 2) for id in nodes]
    wires = [Wire(*edge, wire_width(frame, *edge, cells)) for edge in edges]
    return plan(boxes, wires)


def _with(kept: dict[_Key, _Made], key: _Key, made: _Made) -> dict[_Key, _Made]:
    """Return the drawings to keep besides a new one."""
    return {key: made, **dict(islice(kept.items(), _KEPT - 1))}
