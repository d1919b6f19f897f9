"""The texts of the drawn graph: a box's two rows, an edge's label."""

from __future__ import annotations

from msgspec import Struct

from gradtui.base.text import cell_width, clean, clip, compact, shape_text
from gradtui.debugger.frame import Frame
from gradtui.debugger.steps import Compute, Flow, Move, Seed, Written
from gradtui.engine.ops import OPS
from gradtui.explain.byhand import BLAMED, blamed_edges, claimed_node
from gradtui.explain.spans import Role, TextRow, line
from gradtui.explain.symbols import cursor_role
from gradtui.explain.values import UNKNOWN, UNUSED, Array

_FEW = 2
_EXAMINED = 10_000
"""Most elements of a local derivative that are compared with each other in every frame."""


class Cells(Struct, frozen=True):
    """The cells reserved for texts in a drawing, so that it stands still while numbers change."""

    value: int
    element: int
    """Cells of a short array."""
    local: int
    """Cells of a local derivative."""
    name: int = 14
    """Most cells of a node's name."""
    rule: int = 7
    """Most cells of a rule such as `cross_entropy`."""
    loss: int = 0
    """Cells of the loss, if it has more than other values."""


CLOSE = Cells(6, 6, 7)
"""At least two significant digits fit, except in an element below 0.01: -0.015, ×-1.5e-5."""
WORDY = Cells(6, 6, 7, 32, 16, loss=8)
"""The same, with names and rules uncut, and two digits of a loss of 2.8e-12."""
EASY = Cells(7, 7, 8, 32, 16, loss=9)
"""Two digits also fit in a small value: -1.5e-5."""
EXACT = Cells(9, 8, 9)
"""At least four fit in a value: -0.01458, ×-1.235e-5."""
ROOMY = Cells(9, 8, 9, 32, 16)
"""Both: digits, and names and rules uncut."""
LONGER = ROOMY, EASY, WORDY, EXACT
"""What takes more room, the best first: a cut name is worse than a rounded number."""
SHORTER = Cells(6, 6, 5), Cells(5, 5, 5)
"""What takes less, the best first: one significant digit of any number fits, -2e-5, ×-0.1."""


class BoxText(Struct, frozen=True):
    """The text of a node's box."""

    above: TextRow
    """Name and value."""
    below: TextRow
    """The gradient, under the value."""


def box_width(frame: Frame, node: int, cells: Cells) -> int:
    """Return the cells that a node's box needs for any numbers."""
    shape = frame.graph.nodes[node].shape
    if shape == ():
        value = _cells_of(frame, node, cells)
    elif len(shape) == 1 and shape[0] <= _FEW:
        value = shape[0] * (cells.element + 1) + 1
    else:
        value = len(shape_text(shape)) + 2
    if frame.gradient_state(node) == "none":
        value = max(value, len(UNUSED))
    return cell_width(_name(frame, node, cells)) + 1 + value


def box_text(frame: Frame, node: int, cells: Cells, behind: int = 0) -> BoxText:
    """Return a node's name and value, and its gradient, as far as they are known at the cursor.

    The gradient may go on into `behind` blank cells after the box.
    """
    name = _name(frame, node, cells)
    known = frame.computed(node)
    room = _cells_of(frame, node, cells)
    value = _short(frame.tape.value(node), room, cells.element) if known else UNKNOWN
    state = frame.gradient_state(node)
    gradient = UNKNOWN
    if state != "unknown":
        found = frame.gradient(node)
        more = behind // max(1, found.size)
        gradient = _short(found, room + more, cells.element + more)
    if state == "none":
        gradient = UNUSED
    if state == "partial":
        gradient += "…"
    here = _is_now(frame, node)
    cursor = cursor_role(frame)
    first: Role = "now" if node == frame.selected else "name"
    made: Role = cursor if here == "value" else "value" if known else "dim"
    above = line((name, first), " ", (value, made))
    below = line(
        " " * (cell_width(name) + 1), (gradient, cursor if here == "gradient" else "gradient")
    )
    return BoxText(above, below)


def _name(frame: Frame, node: int, cells: Cells) -> str:
    found = frame.graph.nodes[node]
    return clip(clean(frame.problem.label(found.name) or found.op), cells.name)


def wire_text(frame: Frame, source: int, target: int, cells: Cells) -> str:
    """Return an edge's local derivative as `×2`, or its rule if it is not elementwise.

    An edge that a hand-written line gets wrong is marked, `✗ ×2`: the mark takes cells from the
    number, so that the drawing is the same for right and for wrong.
    """
    if not frame.local_known(source, target):
        return UNKNOWN
    sign = BLAMED if (source, target) in blamed_edges(frame) else ""
    room = wire_width(frame, source, target, cells) - len(sign)
    local = frame.edge_local(source, target)
    if local is None:
        return sign + clip(_rule(frame, source, target), room)
    if _is_uniform(local):
        return f"{sign}×{compact(float(local.flat[0]), room - 1)}"
    numbers = _short(local, cells.value, cells.element)
    return f"{sign}×" + (numbers if len(numbers) < room else f"[{shape_text(local.shape)}]")


def _is_uniform(local: Array) -> bool:
    """Return whether each element has the same derivative, as those of `yhat - y` have."""
    return 0 < local.size <= _EXAMINED and bool((local == local.flat[0]).all())


def wire_width(frame: Frame, source: int, target: int, cells: Cells) -> int:
    """Return the cells that an edge's label needs for any numbers and any mark."""
    shape = frame.graph.nodes[target].shape
    mark = len(BLAMED) if frame.problem.backward is not None else 0
    if not _is_elementwise(frame, source, target):
        return 1 + mark + min(len(_rule(frame, source, target)), cells.rule)
    if shape == ():
        return 1 + cells.local
    return 1 + max(cells.local, mark + len(shape_text(shape)) + 2)


def _is_elementwise(frame: Frame, source: int, target: int) -> bool:
    """Return whether an edge has a local derivative, at whatever step."""
    reverse = frame.tape.program.reverse
    if target in frame.structure.whole:
        return (source, target) in reverse.named_local
    inputs = frame.graph.nodes[target].inputs
    return all((target, slot) in reverse.local for slot, id in enumerate(inputs) if id == source)


def _rule(frame: Frame, source: int, target: int) -> str:
    op = frame.graph.nodes[target].op
    if target not in frame.structure.whole:
        return op
    operations = frame.structure.statement_of[target].operations
    nodes = [frame.graph.nodes[id] for id in operations]
    readers = [node for node in nodes if source in node.inputs]
    whole = [node.op for node in (*readers, *nodes) if not OPS[node.op].elementwise]
    return whole[0] if whole else op


def _cells_of(frame: Frame, node: int, cells: Cells) -> int:
    """Return the cells of a node's value, if it is a scalar."""
    return max(cells.value, cells.loss) if node == frame.graph.loss else cells.value


def _short(value: Array, cells: int, element: int) -> str:
    """Return a scalar or an array of very few elements as numbers, any other as its shape."""
    if value.shape == ():
        return compact(float(value), cells)
    if value.ndim == 1 and value.size <= _FEW:
        return "[" + " ".join(compact(x, element) for x in value) + "]"
    return f"[{shape_text(value.shape)}]"


def _is_now(frame: Frame, node: int) -> str:
    """Return the part of a node that the cursor's moment computed: `value`, `gradient` or none."""
    match frame.now:
        case Compute(done):
            return "value" if done == node else ""
        case Seed(done) | Flow(done, _):
            return "gradient" if done == node else ""
        case Written(index):
            return "gradient" if claimed_node(frame, index) == node else ""
        case Move(position):
            parameter = frame.problem.trainer.program.updates[position].parameter
            return "value" if parameter == node else ""
    return ""
