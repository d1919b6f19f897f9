"""The drawings of the graphs shown last, with the digits that fit. Knows no cursor."""

from __future__ import annotations

from itertools import islice
from typing import TypeVar

from msgspec import Struct

from gradtui.explain.graph_text import CLOSE, ROOMY, Cells, box_width, wire_width
from gradtui.frame import Frame
from gradtui.layout import Box, Layout, Plan, Wire, draw, plan

_KEPT = 4
"""Drawings kept: that of a long program takes a tenth of a second."""
_FEW = 30
"""Nodes up to which more digits are tried: a larger graph would not fit with them."""
_Key = TypeVar("_Key")
_Made = TypeVar("_Made")


class Drawing(Struct, frozen=True, eq=False):
    """A graph as drawn."""

    layout: Layout
    cells: Cells
    """What its numbers were given."""


class Drawings:
    """Makes drawings, each only once while it is among the last."""

    def __init__(self) -> None:
        self._plans: dict[tuple[object, ...], Plan] = {}
        self._drawings: dict[tuple[object, ...], Drawing] = {}

    def rows(self, frame: Frame) -> int:
        """Return the rows that the drawing of a frame's graph takes at any width."""
        return self._plan(frame, CLOSE).height

    def drawing(self, frame: Frame, room: int) -> Drawing:
        """Return the drawing of a frame's graph for `room` cells: with more digits if they fit."""
        key = (frame.graph, frame.structure, room)
        found = self._drawings.get(key)
        if found is None:
            found = Drawing(draw(self._plan(frame, CLOSE), room), CLOSE)
            if len(frame.structure.nodes) <= _FEW:
                layout = draw(self._plan(frame, ROOMY), room)
                if layout.width <= room:
                    found = Drawing(layout, ROOMY)
            self._drawings = _with(self._drawings, key, found)
        return found

    def _plan(self, frame: Frame, cells: Cells) -> Plan:
        structure = frame.structure
        key = (frame.graph, structure, cells)
        found = self._plans.get(key)
        if found is None:
            boxes = [Box(id, box_width(frame, id, cells), 2) for id in structure.nodes]
            wires = [Wire(*edge, wire_width(frame, *edge, cells)) for edge in structure.edges]
            found = plan(boxes, wires)
            self._plans = _with(self._plans, key, found)
        return found


def _with(kept: dict[_Key, _Made], key: _Key, made: _Made) -> dict[_Key, _Made]:
    """Return what is kept when one more is made."""
    return {key: made, **dict(islice(kept.items(), _KEPT - 1))}
