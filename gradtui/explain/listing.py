"""The graph as a list: one row a node, for graphs of hundreds of operations."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from gradtui.base.text import cell_width, clean, clip, pad, shape_text
from gradtui.debugger.frame import Frame
from gradtui.debugger.moments import node_of
from gradtui.debugger.structure import Structure
from gradtui.engine.graph import Kind
from gradtui.explain.spans import Role, Span, TextRow, line
from gradtui.explain.symbols import cursor_role, in_names
from gradtui.explain.values import UNKNOWN, UNUSED, extent
from gradtui.scenario.problem import Problem

Widths = tuple[int, ...]
_NAME, _WHAT, _NUMBERS = 14, 18, 14
"""Most cells of a name, of a node's operation, and of its value or gradient."""
_LONG_NAME, _LONG_WHAT = 32, 40
"""Most cells of the first two in a wide panel."""
_RANGE, _INPUTS = 19, 8
"""Cells of the longest range, and those that the inputs keep where it takes room from them."""
_ROOM = 72
"""From this width on there is room for all of that; below it the columns shrink."""


def list_rows(frame: Frame, width: int, start: int, stop: int) -> list[TextRow]:
    """Return the titles of the columns, and the rows of some nodes.

    A row has name, operation, shape, value, gradient, inputs.
    """
    widths = _widths(frame.problem, frame.structure, width)
    titles = ("", "name", "computed by", "shape", "value", "gradient", "inputs")
    nodes = frame.structure.nodes[start:stop]
    return [_row(widths, titles, ("dim",) * 7), *(_node(frame, widths, node) for node in nodes)]


def place_of_now(frame: Frame) -> int:
    """Return the node at the cursor, or else the selected one."""
    node = node_of(frame.now, frame.problem)
    return frame.selected if node is None else node


def _node(frame: Frame, widths: Widths, node: int) -> TextRow:
    found = frame.graph.nodes[node]
    known, state = frame.computed(node), frame.gradient_state(node)
    value = extent(frame.tape.value(node)) if known else UNKNOWN
    gradient = UNKNOWN if state == "unknown" else extent(frame.gradient(node))
    if state == "none":
        gradient = UNUSED
    read = frame.structure.inputs.get(node, ())
    inputs = " ".join(_name(frame.problem, id, widths[1]) for id in read)
    here = frame.now is not None and place_of_now(frame) == node
    chosen = node == frame.selected
    mark = "▸" if here else "›" if chosen else " "
    role: Role = "now" if chosen else "name"
    cells = (
        mark,
        _name(frame.problem, node, widths[1]),
        _what(frame, node),
        "" if found.shape == () else f"[{shape_text(found.shape)}]",
        value,
        gradient + ("…" if state == "partial" else ""),
        inputs,
    )
    roles: tuple[Role, ...] = (
        cursor_role(frame) if here else role, role, "dim", "dim", "value" if known else "dim",
        "gradient", "dim",
    )  # fmt: skip
    return _row(widths, cells, roles)


def _row(widths: Widths, cells: Sequence[str], roles: Sequence[Role]) -> TextRow:
    spans: list[Span] = []
    for text, role, size in zip(cells, roles, (*widths, 0), strict=True):
        spans += [(pad(text, size) if size else text, role), (" ", "plain")]
    return line(*spans[:-1])


@lru_cache(1)
def _widths(problem: Problem, structure: Structure, width: int) -> Widths:
    """Return the widths of the columns, which depend on the graph, not on the numbers.

    Names are whole, and what computes a node has more cells, where all else has its own.
    """
    long = _widths_for(problem, structure, width, _LONG_NAME)
    left = width - sum(long) - (len(long) - 1)
    if left < 0:
        return _widths_for(problem, structure, width, _NAME)[:-1]
    mark, name, what, *others, _ = long
    return mark, name, min(max(what, _LONG_WHAT), what + left), *others


def _widths_for(problem: Problem, structure: Structure, width: int, most: int) -> Widths:
    """Return the widths of all columns, that of the inputs uncut, for names of so many cells."""
    nodes, drawn = problem.graph.nodes, structure.nodes
    names = {id: cell_width(_name(problem, id, most)) for id in drawn}
    name = max([4, *names.values()])
    shape = max([5, *(len(shape_text(nodes[id].shape)) + 2 for id in drawn if nodes[id].shape)])
    part = min(1.0, max(0.3, (width - name - shape) / (_ROOM - name - shape)))
    what, numbers = int(_WHAT * part), int(_NUMBERS * part)
    read = structure.inputs.values()
    inputs = max([len("inputs"), *(sum(names.get(id, 0) + 1 for id in ids) - 1 for ids in read)])
    # Six columns end with a blank each, and there is a sign before them.
    spare = width - (1 + name + what + shape + 2 * numbers + 6) - min(inputs, _INPUTS)
    numbers = max(numbers, min(_RANGE, numbers + spare // 2))
    return 1, name, what, shape, numbers, numbers, inputs


def _name(problem: Problem, node: int, most: int) -> str:
    """Return a node's name; an operation without one is its number."""
    found = problem.graph.nodes[node]
    return clip(clean(problem.label(found.name)), most) if found.name else f"#{node}"


def _what(frame: Frame, node: int) -> str:
    """Return the line or the operation that computes a node."""
    found = frame.graph.nodes[node]
    if found.kind is not Kind.OPERATION:
        return str(found.kind.value)
    return in_names(frame, node) if node in frame.structure.whole else found.op
