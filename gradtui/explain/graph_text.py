"""The texts of the drawn graph: a box's two rows, an edge's label."""

from __future__ import annotations

from dataclasses import dataclass

from gradtui.explain.spans import Line, Role, line, line_width
from gradtui.explain.values import UNKNOWN, Array
from gradtui.frame import Frame
from gradtui.moments import Compute, Flow, Level, Move, Seed
from gradtui.text import clip, number, shape_text

_LABEL = 14
_FEW = 2
_RULE = 12


@dataclass(frozen=True, slots=True)
class BoxText:
    """What stands in a node's box."""

    rows: tuple[Line, Line]
    """Name and value; under them the gradient."""
    width: int
    """Cells that the rows take."""


def box_text(frame: Frame, node: int) -> BoxText:
    """Return a node's name and value, and its gradient, as far as they are known at the cursor."""
    found = frame.graph.nodes[node]
    name = clip(frame.problem.label(found.name) or found.op, _LABEL)
    known = frame.computed(node)
    value = _short(frame.tape.value(node)) if known else UNKNOWN
    state = frame.gradient_state(node)
    gradient = UNKNOWN if state == "unknown" else _short(frame.gradient(node))
    if state == "partial":
        gradient += "…"
    here = _is_now(frame, node)
    first: Role = "selected" if node == frame.selected else "name"
    above = line(
        (name, "now" if here == "value" else first), " ", (value, "value" if known else "dim")
    )
    below = line(" " * (len(name) + 1), (gradient, "now" if here == "gradient" else "gradient"))
    return BoxText((above, below), max(line_width(above), line_width(below)))


def wire_text(frame: Frame, source: int, target: int) -> str:
    """Return an edge's local derivative as `×2`, or its rule where it is not elementwise."""
    if not frame.computed(target):
        return UNKNOWN
    local = frame.edge_local(source, target)
    if local is not None:
        return "×" + _short(local)
    return clip(_rule(frame, source, target), _RULE)


def _rule(frame: Frame, source: int, target: int) -> str:
    op = frame.graph.nodes[target].op
    if frame.level is Level.OPERATIONS:
        return op
    operations = frame.structure.statement_of[target].operations
    linear = [
        frame.graph.nodes[id].op for id in operations if source in frame.graph.nodes[id].inputs
    ]
    return linear[0] if linear else op


def _short(value: Array) -> str:
    """Return an array in at most about a dozen cells."""
    if value.shape == ():
        return number(float(value), 4)
    if value.ndim == 1 and value.size <= _FEW:
        return "[" + " ".join(number(x, 3) for x in value) + "]"
    return f"[{shape_text(value.shape)}]"


def _is_now(frame: Frame, node: int) -> str:
    """Return which part of a node the cursor's moment has made: `value`, `gradient` or none."""
    match frame.now:
        case Compute(done):
            return "value" if done == node else ""
        case Seed(done) | Flow(done, _):
            return "gradient" if done == node else ""
        case Move(position):
            parameter = frame.problem.trainer.program.updates[position].parameter
            return "value" if parameter == node else ""
    return ""
