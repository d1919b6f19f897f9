"""Notes on nodes that are exactly where a derivative jumps."""

from __future__ import annotations

import numpy as np

from gradtui.base.text import wrap
from gradtui.debugger.frame import Frame
from gradtui.engine.graph import Kind
from gradtui.explain.spans import TextRow, line
from gradtui.explain.symbols import label


def kink_notes(frame: Frame, node: int) -> list[str]:
    """Return the conventions for a drawn node's derivatives where they jump."""
    if frame.graph.nodes[node].kind is not Kind.OPERATION or not frame.computed(node):
        return []
    from gradtui.engine.kinks import on_kink

    notes: dict[str, None] = {}
    for operation in sorted(frame.step_to(node).operations):
        convention = on_kink(frame.tape, operation)
        if convention is not None:
            notes.setdefault(f"at a kink{_where(frame, operation)}: {convention}")
    return list(notes)


def _where(frame: Frame, operation: int) -> str:
    """Return which elements are meant, if there are several."""
    from gradtui.engine.kinks import kink_mask

    mask = kink_mask(frame.tape, operation)
    if mask is None or mask.ndim == 0:
        return ""
    places = np.argwhere(mask)
    first = f"[{','.join(map(str, places[0]))}]"
    return (
        f", element {first}"
        if len(places) == 1
        else f", {len(places):,} elements, the first {first}"
    )


def kink_rows(frame: Frame, node: int, width: int) -> list[TextRow]:
    """Return these notes as rows, wrapped."""
    return [
        line(("  " if place else "! ", "bad"), text)
        for note in kink_notes(frame, node)
        for place, text in enumerate(wrap(note, width - 2))
    ]


def all_kinks(frame: Frame) -> list[TextRow]:
    """Return the notes of all drawn nodes, each with the node's name."""
    return [
        line((f"{label(frame, node)}  ", "name"), note)
        for node in frame.structure.nodes
        for note in kink_notes(frame, node)
    ]
