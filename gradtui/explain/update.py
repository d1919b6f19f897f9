"""The optimizer's step in rows: its formula, and each element's with numbers."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache, lru_cache

from gradtui.base.ascii import spell
from gradtui.base.text import DIGITS, SHORT, cell_width, clean, element_text, number, wrap
from gradtui.debugger.frame import Frame
from gradtui.engine.elements import flat_index
from gradtui.engine.graph import STRETCH, Kind
from gradtui.engine.ops import OPS
from gradtui.engine.optimizers import VELOCITY
from gradtui.engine.program import StepProgram
from gradtui.engine.shapes import ShapeError, broadcast
from gradtui.explain.byhand import claim_done, claimed
from gradtui.explain.folds import INDENT, broken, cuts, pieces
from gradtui.explain.spans import LazyRows, Role, Span, TextRow, line, line_width
from gradtui.explain.symbols import element_roles, in_shapes, label, update_in_numbers
from gradtui.explain.training import own_rate, schedule_rows
from gradtui.explain.values import UNKNOWN, Elements, Index, summary

_FEWER = (SHORT, 3)
"""Digits of numbers wider than their rows were made for."""
_MOVED, _SPELT = "→ ", "-> "
"""After the name of an element that has moved; in ASCII the sign keeps its blank."""
_NAMED = 2
"""Most weights named that move by their true gradients."""
_FEW = 8
"""Largest model, in numbers, in which all of them decide where rows are broken."""
_FRAMES = 2
"""Most frames whose rows are remembered, because scrolling asks for them again."""
_NODES = 2000
"""Most nodes of updates whose shapes are remembered."""


def update_rows(frame: Frame, width: int = 80) -> LazyRows:
    """Return the optimizer's program for each parameter, line by line, with numbers.

    A row wider than the panel continues in the next, broken alike for all elements.
    """
    head = _head(frame, width)
    folds = _folds(frame, width)
    elements = _elements(frame, folds)
    left_out = elements.left_out
    foot = [line((f"… {left_out:,} more elements", "dim"))] if left_out else []

    def between(start: int, stop: int) -> list[TextRow]:
        above, below = start - len(head), stop - len(head)
        rows = head[start:stop]
        for position, index, first in elements.between(max(0, above), below):
            made = _element(frame, position, index, width, folds[position])
            rows += made[max(0, above - first) : below - first]
        return rows + (foot if below > elements.rows else [])

    return LazyRows(len(head) + elements.rows + len(foot), between)


def update_row(frame: Frame, width: int) -> int | None:
    """Return the first row of the selected element's update; None without one."""
    looked = frame.looked_at
    if looked is None:
        return None
    return len(_head(frame, width)) + _elements(frame, _folds(frame, width)).row_of(*looked)


def _head(frame: Frame, width: int) -> list[TextRow]:
    rule = [line((row, "dim")) for row in wrap(_rule(frame), width)]
    return [*rule, *_clip_rows(frame), *schedule_rows(frame, width)]


@lru_cache(_FRAMES)
def _folds(frame: Frame, width: int) -> list[list[tuple[int, ...]] | None]:
    """Return the breaks of each line of each parameter's update; None if none is known yet."""
    program = frame.problem.trainer.program
    sizes = [math.prod(program.nodes[update.parameter].shape) for update in program.updates]
    few = sum(sizes) <= _FEW
    found: list[list[tuple[int, ...]] | None] = []
    for position, update in enumerate(program.updates):
        shape = program.nodes[update.parameter].shape
        count = math.prod(shape)
        if not move_told(frame, update.parameter) or not count:
            found.append(None)
            continue
        # Of many elements the first decides, with digits that leave room for others' signs.
        first = [flat_index(at, shape) for at in range(count if few else 1)]
        digits = DIGITS if few else SHORT
        samples = [_lines(frame, position, index, "value", digits) for index in first]
        widest = cell_width(_name(frame, position, flat_index(count - 1, shape)))
        found.append(
            [
                cuts(
                    [one for _, one in same],
                    width - widest - cell_width(same[0][0]),
                    width - widest - INDENT,
                )
                for same in zip(*samples, strict=True)
            ]
        )
    return found


def _elements(frame: Frame, folds: list[list[tuple[int, ...]] | None]) -> Elements:
    program = frame.problem.trainer.program
    heights = [1 if fold is None else sum(1 + len(cut) for cut in fold) for fold in folds]
    return Elements([program.nodes[update.parameter].shape for update in program.updates], heights)


def _rule(frame: Frame) -> str:
    """Return the update as in its source, with the gradient used here."""
    problem = frame.problem
    formula = problem.trainer.program.formula
    if problem.ascii:
        formula = spell(formula)
    if problem.drive == "hand" and problem.backward and problem.backward.claims:
        return formula.replace("∂L/∂w", "dw") + ", dw by hand" + _but_true(frame)
    # The registry calls every loss L.
    return formula.replace("∂L/", f"∂{label(frame, frame.graph.loss)}/")


def _but_true(frame: Frame) -> str:
    """Return the weights that move by their true gradients, without a claim in their shape."""
    names = [one.name for one in frame.graph.parameters if claimed(frame, one.name) is None]
    if not names:
        return ""
    shown = [clean(frame.problem.label(name)) for name in names[:_NAMED]]
    more = ", …" if len(names) > _NAMED else ""
    return f"; for {', '.join(shown)}{more} the true one"


def move_told(frame: Frame, parameter: int) -> bool:
    """Return whether a parameter's update is known at the cursor, and may be shown."""
    moved = frame.order.backward + [n.id for n in frame.graph.parameters].index(parameter) + 1
    # The arithmetic of the other weights is the same: one learns nothing by copying it.
    asked = any(weight.id in frame.untold_moves for weight in frame.graph.parameters)
    if asked and frame.position < moved:
        return False
    if frame.problem.trainer.program.clip:
        return frame.position >= frame.order.backward
    if frame.problem.drive == "hand" and frame.claims:
        return claim_done(frame, frame.graph.nodes[parameter].name)
    return frame.gradient_state(parameter) == "known"


def _element(
    frame: Frame, position: int, index: Index, width: int, folds: list[tuple[int, ...]] | None
) -> list[TextRow]:
    """Return one element's update: each line of the program with its numbers."""
    parameter = frame.problem.trainer.program.updates[position].parameter
    moved = frame.moved(position)
    name = _name(frame, position, index)
    cells = len(_sign(frame, moved))
    called = name[:-cells]
    head: list[Span] = [
        (called, element_roles(frame, parameter, [index])[0]), (name[-cells:], "name")
    ]  # fmt: skip
    if folds is None:
        return [line(*head, (UNKNOWN, "dim"))]
    role: Role = "value" if moved else "dim"
    rows: list[TextRow] = []
    indent = cell_width(name)
    for digits in (DIGITS, *_FEWER):
        rows = []
        lines = _lines(frame, position, index, role, digits)
        for (own, parts), cut in zip(lines, folds, strict=True):
            before: list[Span] = [(" " * indent, "plain")] if rows else head
            rows += broken([*before, (own, "plain")], pieces(parts), cut, indent)
        if all(line_width(row) <= width for row in rows):
            break
    return rows


def _name(frame: Frame, position: int, index: Index) -> str:
    """Return an element's name, with a sign if it has been moved."""
    parameter = frame.problem.trainer.program.updates[position].parameter
    sign = _sign(frame, frame.moved(position))
    return f"{element_text(label(frame, parameter), index)}{sign}"


def _sign(frame: Frame, moved: bool) -> str:
    """Return what follows an element's name: whether it has been moved."""
    sign = _SPELT if frame.problem.ascii else _MOVED
    return sign if moved else " " * len(sign)


def _clip_rows(frame: Frame) -> list[TextRow]:
    """Return the factor that scales the gradients, if the scenario limits their norm."""
    clip = frame.problem.trainer.program.clip
    if clip is None:
        return []
    if frame.position < frame.order.backward:
        return [line(("clip  ", "name"), (UNKNOWN, "dim"))]
    norm, scale = (float(frame.tape.value(id)) for id in (clip.norm, clip.scale))
    verdict = "all gradients" if scale < 1 else "not clipped: all gradients"
    return [line(("clip  ", "name"), f"|∇| {number(norm)}: {verdict} × ", (number(scale), "value"))]


def _lines(
    frame: Frame, position: int, index: Index, role: Role, digits: int
) -> list[tuple[str, list[Span]]]:
    """Return one element's update: each line's name, and its numbers with their result."""
    update = frame.problem.trainer.program.updates[position]
    read = _reader(frame, position, index, digits)
    lines: list[tuple[str, list[Span]]] = []
    for assigned, node in update.lines:
        written = _written(frame, assigned, update.parameter)
        own = f"{written} = " if len(update.lines) > 1 else ""
        sum_text = _arithmetic(frame, position, node, read)
        lines.append((own, [(sum_text, "plain"), (f" = {read(node)}", role)]))
    rate = own_rate(frame, position, index, digits)
    if rate is not None:
        divided, own_text, step = rate
        came: list[Span] = [(f" = {own_text}", role), (f"   step {step}", role)]
        lines.append(("own rate = ", [(divided, "plain"), *came]))
    return lines


def _written(frame: Frame, name: str, parameter: int) -> str:
    """Return an optimizer's name as written on paper: `m̂` for `mhat`, `velocity` for `b`.

    The weight is called as in the model, if that is short.
    """
    program = frame.problem.trainer.program
    if name == "b" and not program.moved_by_hand:
        return VELOCITY
    if name == "w" and not program.moved_by_hand and not program.nodes[parameter].shape:
        return label(frame, parameter)
    hat = name.endswith("hat") and not frame.problem.ascii
    return f"{name[0]}\N{COMBINING CIRCUMFLEX ACCENT}" if hat else name


def arithmetic(frame: Frame, position: int, result: int, index: Index, digits: int = DIGITS) -> str:
    """Return a line of the update with numbers, including the results of earlier lines.

    A line without a single element, such as a sum, has shapes for its arrays.
    """
    return _arithmetic(frame, position, result, _reader(frame, position, index, digits))


def _arithmetic(frame: Frame, position: int, result: int, read: Callable[[int], str]) -> str:
    program = frame.problem.trainer.program
    update, nodes = program.updates[position], program.nodes
    known = frozenset({update.gradient, *(node for _, node in update.lines if node < result)})
    own = nodes[nodes[result].inputs[0] if nodes[result].op == STRETCH else result]
    if own.id in known or own.kind is not Kind.OPERATION:
        return read(own.id)  # a line such as `v = g`
    if not (OPS[own.op].elementwise and _acts(program, position, own.id)):
        return in_shapes(frame, result, known)
    return update_in_numbers(frame, result, known, read)


def _reader(frame: Frame, position: int, index: Index, digits: int) -> Callable[[int], str]:
    """Return a function of a node that returns its number, made once for all lines that show it."""
    return cache(lambda node: _value(frame, position, node, index, digits))


def _value(frame: Frame, position: int, node: int, index: Index, digits: int) -> str:
    """Return the number that acts on one element of a parameter, or else all of them in brief."""
    if _acts(frame.problem.trainer.program, position, node):
        return number(frame.tape.element(node, index), digits)
    return summary(frame.tape.value(node), digits)


@lru_cache(_NODES)
def _acts(program: StepProgram, position: int, node: int) -> bool:
    """Return whether broadcasting puts one element of a node at each element of a parameter."""
    shape = program.nodes[program.updates[position].parameter].shape
    try:
        return broadcast([program.nodes[node].shape, shape], {}) == shape
    except ShapeError:
        return False
