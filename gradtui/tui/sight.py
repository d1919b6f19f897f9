"""What of a drawing is brought into view, and the title over it."""

from __future__ import annotations

from gradtui.debugger.frame import Frame
from gradtui.debugger.steps import Level
from gradtui.explain.byhand import blamed_now
from gradtui.layout import ENTRY, Layout, Rect, around


def graph_title(frame: Frame) -> str:
    """Return the title of a frame's drawing."""
    if frame.level is Level.NAMED:
        return "Graph"
    folded = len(frame.structure.whole)
    lines = "line" if folded == 1 else "lines"
    return "Graph of operations" + (f", {folded} {lines} folded" if folded else "")


def looked_at(frame: Frame, layout: Layout, target: int, width: int) -> Rect | None:
    """Return the place to bring into view: a node with the wires that its line gets wrong.

    With the nodes at their ends, or without any, as far as the width has room.
    """
    box = layout.boxes.get(target)
    wires = [wire for wire in blamed_now(frame) if wire in layout.slots]
    if box is None or not wires:
        return box
    marks = [layout.slots[wire] for wire in wires]
    ends = [layout.boxes[end] for wire in wires for end in wire]
    nearest = min(marks, key=lambda place: abs(place.x - box.x))
    for places in ([box, *ends, *marks], [box, *marks], marks, [box, nearest]):
        found = around(places)
        if found.width + 2 * ENTRY <= width:
            return found
    return nearest
