"""The data that a program starts from, number by number, where there is room for them."""

from __future__ import annotations

from gradtui.debugger.frame import Frame
from gradtui.engine.graph import Node
from gradtui.explain.spans import TextRow, line, line_width
from gradtui.explain.symbols import label
from gradtui.explain.values import LISTED, table

_LEAST = 3
"""Fewest rows of a long array that are worth showing."""


def data_rows(frame: Frame, width: int, room: int) -> list[TextRow]:
    """Return the data of this step in at most `room` rows; the last array may be cut."""
    data = [node for node in frame.graph.data if node.id not in frame.untold]
    rows = _number_rows(frame, [node for node in data if not node.shape], width)
    if len(rows) > room:
        return []
    for node in data:
        made = _array_rows(frame, node) if 0 < len(node.shape) < 3 else []
        if any(line_width(row) > width for row in made):
            continue
        left = room - len(rows)
        if len(made) > left > _LEAST:
            hidden = len(made) - left + 1
            return [*rows, *made[: left - 1], line((f"… {hidden:,} more rows", "dim"))]
        if len(made) <= left:
            rows += made
    return rows


def _number_rows(frame: Frame, numbers: list[Node], width: int) -> list[TextRow]:
    """Return single numbers side by side."""
    rows = list[TextRow]()
    for node in numbers:
        (text,) = table(frame.tape.value(node.id))
        one = line((f"{label(frame, node.id)} = ", "dim"), (f"{text}   ", "value"))
        if rows and line_width(rows[-1]) + line_width(one) <= width:
            rows[-1] = (*rows[-1], *one)
        else:
            rows.append(one)
    return rows


def _array_rows(frame: Frame, node: Node) -> list[TextRow]:
    value = frame.tape.value(node.id)
    if not 0 < value.size <= LISTED:
        return []
    head = f"{label(frame, node.id)} = "
    first, *others = table(value)
    rows = [line((head, "dim"), (first, "value"))]
    return rows + [line(" " * len(head), (text, "value")) for text in others]
