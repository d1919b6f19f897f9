"""The optimizer's step in rows: its formula, and each element's with numbers."""

from __future__ import annotations

from gradtui.base.ascii import spell
from gradtui.base.text import cell_width, element_text, number
from gradtui.debugger.frame import Frame
from gradtui.engine.graph import STRETCH, Kind
from gradtui.engine.ops import OPS
from gradtui.engine.shapes import ShapeError, broadcast
from gradtui.explain.spans import LazyRows, Role, Span, TextRow, line, line_width
from gradtui.explain.symbols import in_shapes, label, update_in_numbers
from gradtui.explain.training import effective_row, has_own_rate, schedule_rows
from gradtui.explain.values import UNKNOWN, Elements, Index, summary


def update_rows(frame: Frame, width: int = 80) -> LazyRows:
    """Return how the optimizer moves each parameter, line by line of its program, with numbers.

    Where a line is wider than the panel its result comes first, so that it stays in view.
    """
    program = frame.problem.trainer.program
    head = _head(frame, width)
    ready = [_is_ready(frame, update.parameter) for update in program.updates]
    elements = _elements(frame)
    left_out = elements.left_out
    foot = [line((f"… {left_out:,} more elements", "dim"))] if left_out else []

    def between(start: int, stop: int) -> list[TextRow]:
        above, below = start - len(head), stop - len(head)
        rows = head[start:stop]
        for position, index, first in elements.between(max(0, above), below):
            made = _element(frame, position, index, width, ready=ready[position])
            rows += made[max(0, above - first) : below - first]
        return rows + (foot if below > elements.rows else [])

    return LazyRows(len(head) + elements.rows + len(foot), between)


def update_row(frame: Frame, width: int) -> int | None:
    """Return the first row of what is looked at among the update's, None if there is none."""
    looked = frame.looked_at
    return None if looked is None else len(_head(frame, width)) + _elements(frame).row_of(*looked)


def _head(frame: Frame, width: int) -> list[TextRow]:
    return [line((_rule(frame), "dim")), *_clip_rows(frame), *schedule_rows(frame, width)]


def _elements(frame: Frame) -> Elements:
    program = frame.problem.trainer.program
    heights = [
        len(update.lines) + has_own_rate(frame, position)
        if _is_ready(frame, update.parameter)
        else 1
        for position, update in enumerate(program.updates)
    ]
    return Elements([program.nodes[update.parameter].shape for update in program.updates], heights)


def _rule(frame: Frame) -> str:
    """Return the update as its source has it, with the gradient that it is given here."""
    problem = frame.problem
    formula = problem.trainer.program.formula
    if problem.ascii:
        formula = spell(formula)
    if problem.drive == "hand" and problem.backward and problem.backward.claims:
        return formula.replace("∂L/∂w", "dw") + ", dw by hand"
    # The registry calls every loss L.
    return formula.replace("∂L/", f"∂{label(frame, frame.graph.loss)}/")


def _is_ready(frame: Frame, parameter: int) -> bool:
    """Return whether what moves a parameter is known at the cursor."""
    if frame.problem.trainer.program.clip:
        return frame.position >= frame.order.backward
    return frame.gradient_state(parameter) == "known"


def _element(
    frame: Frame, position: int, index: Index, width: int, *, ready: bool
) -> list[TextRow]:
    parameter = frame.problem.trainer.program.updates[position].parameter
    done = "✓" if frame.moved(position) else " "
    role: Role = "now" if parameter == frame.selected else "name"
    name: Span = (f"{element_text(label(frame, parameter), index)}{done} ", role)
    if ready:
        return _element_rows(frame, position, index, name, width)
    return [line(name, (UNKNOWN, "dim"))]


def _clip_rows(frame: Frame) -> list[TextRow]:
    """Return by how much the gradients are scaled, where the scenario limits their length."""
    clip = frame.problem.trainer.program.clip
    if clip is None:
        return []
    if frame.position < frame.order.backward:
        return [line(("clip  ", "name"), (UNKNOWN, "dim"))]
    norm, scale = (float(frame.tape.value(id)) for id in (clip.norm, clip.scale))
    verdict = "all gradients" if scale < 1 else "not clipped: all gradients"
    return [line(("clip  ", "name"), f"|∇| {number(norm)}: {verdict} × ", (number(scale), "value"))]


def _element_rows(
    frame: Frame, position: int, index: Index, name: Span, width: int
) -> list[TextRow]:
    """Return one element's update: each line of the program with its numbers."""
    update = frame.problem.trainer.program.updates[position]
    role: Role = "value" if frame.moved(position) else "dim"
    rows = []
    for count, (assigned, node) in enumerate(update.lines):
        head = name if count == 0 else (" " * cell_width(name[0]), "plain")
        written = assigned if frame.problem.ascii else _written(assigned)
        own = f"{written} = " if len(update.lines) > 1 else ""
        sum_text = arithmetic(frame, position, node, index)
        result: Span = (_value(frame, position, node, index), role)
        row = line(head, own, sum_text, (" = ", "dim"), result)
        if line_width(row) > width:
            row = line(head, own, result, (" = ", "dim"), sum_text)
        rows.append(row)
    return rows + effective_row(frame, position, index, cell_width(name[0]), width, role)


def _written(name: str) -> str:
    """Return an optimizer's name as it is written on paper: `m̂` for `mhat`."""
    return f"{name[0]}\N{COMBINING CIRCUMFLEX ACCENT}" if name.endswith("hat") else name


def arithmetic(frame: Frame, position: int, result: int, index: Index) -> str:
    """Return a line of the update with numbers; what earlier lines gave is a number in it.

    A line that is of no single element, as a sum is, has shapes where it has arrays.
    """
    program = frame.problem.trainer.program
    update, nodes = program.updates[position], program.nodes
    known = {update.gradient, *(node for _, node in update.lines if node < result)}
    own = nodes[nodes[result].inputs[0] if nodes[result].op == STRETCH else result]
    if own.id in known or own.kind is not Kind.OPERATION:
        return _value(frame, position, own.id, index)  # a line such as `v = g`
    if not (OPS[own.op].elementwise and _acts(frame, position, own.id)):
        return in_shapes(frame, result, known)
    return update_in_numbers(frame, result, known, lambda id: _value(frame, position, id, index))


def _value(frame: Frame, position: int, node: int, index: Index) -> str:
    """Return the number that acts on one element of a parameter; all in brief where none does."""
    if _acts(frame, position, node):
        return number(frame.tape.element(node, index))
    return summary(frame.tape.value(node), 6)


def _acts(frame: Frame, position: int, node: int) -> bool:
    """Return whether broadcasting puts an element of a node at each element of a parameter."""
    program = frame.problem.trainer.program
    shape = program.nodes[program.updates[position].parameter].shape
    try:
        return broadcast([program.nodes[node].shape, shape], {}) == shape
    except ShapeError:
        return False
