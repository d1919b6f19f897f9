"""Numbers that are not finite: the first such node, its operands, the steps that led there."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from msgspec import Struct

from gradtui.base.text import clip, element_text
from gradtui.diagnosis.finding import Finding
from gradtui.diagnosis.runs.parts import finding, short
from gradtui.diagnosis.runs.remedies import change, lower_rate
from gradtui.diagnosis.runs.run import Run
from gradtui.engine.formula import formula
from gradtui.engine.graph import Kind, Node, needed_for
from gradtui.engine.ops import OPS
from gradtui.engine.tape import Tape
from gradtui.language.parser import Assignment

_BEFORE = 3
"""Most steps told before the break."""
_HUGE = {"float64": 1e150, "float32": 1e15}
"""Beyond the root of the largest number, squares overflow."""


class Break(Struct, frozen=True, eq=False):
    """The first node of a run that is not finite."""

    step: int
    node: int
    result: float
    operands: tuple[tuple[int, float], ...]
    """(node, its element at the place where the result is not finite)."""
    overflow: bool
    """Whether the operands were too large, rather than outside the operation's domain."""


def first_break(run: Run) -> Break | None:
    """Return the first node in evaluation order at the first step that is not finite."""
    if run.broken is None:
        return None
    program = run.program
    results = [new for _, new in program.state]
    needed = needed_for(program.nodes, [program.graph.loss, *program.gradients, *results])
    ordered = tuple(sorted(needed))
    tape = run.history.tape(run.broken, ordered)
    before = run.history.tape(run.broken - 1, ordered) if run.broken > 0 else None
    candidates = [node for node in ordered if not _finite(tape, node)]
    fresh = [node for node in candidates if before is None or _finite(before, node)]
    for node in fresh or candidates:
        return _break(run, tape, node)
    return None


def non_finite(run: Run) -> Iterator[Finding]:
    """Find the first value, gradient or weight that is inf or NaN."""
    found = first_break(run)
    if found is None:
        return
    tape = run.tape(found.step)
    place, op = _where(run, tape, found.node)
    at, result = run.first + found.step, short(found.result)
    told = [_operand(tape, id, short(value)) for id, value in found.operands]
    message = f"at step {at:,} '{op}'{place} gives {result} for {' and '.join(told)}"
    if not told:
        message = f"{_text(tape, found.node)} is {result} where the run starts, step {at:,}"
    if not told and at == 0:
        dtype = run.trainer.dtype
        message = f"{_text(tape, found.node)} does not fit into {dtype}: it is {result} there"
    rows = _chain(run, tape, found)
    if rows:
        message += f"; how it got there: {'; '.join(rows)}"
    node = found.node if found.node < len(run.graph.nodes) else None
    start = at == 0 and node is not None
    tried = run.once(lower_rate) if found.overflow and not start else ""
    message += f"; {_advice(found, op, tried, start=start)}"
    evidence = {
        "result": found.result,
        "operands": {_text(tape, id): value for id, value in found.operands},
        "rates": [run.base_rate(step) for step in _steps_before(found)],
        "gradient_norms": [run.tape(step).gradient_norm for step in _steps_before(found)],
    }
    target = run.name(node) if node is not None else _text(tape, found.node)
    stands = run.place(node) if node is not None else None
    written = _by_hand(tape, found.node)
    if written is not None:
        target, stands = written.name, written.value.place
    yield finding(
        run, "non-finite", "error", target, found.step, message, evidence, stands,
        trial=change("lr", tried),
    )  # fmt: skip


def _finite(tape: Tape, node: int) -> bool:
    return bool(np.all(np.isfinite(tape.value(node))))


def _break(run: Run, tape: Tape, node: int) -> Break:
    value = tape.value(node)
    bad = ~np.isfinite(value)
    operands = tuple(
        (id, _at(tape, id, bad)) for id in dict.fromkeys(tape.program.nodes[node].inputs)
    )
    huge = _HUGE[run.problem.trainer.dtype]
    sizes = [
        float(np.max(np.abs(np.nan_to_num(tape.value(id))), initial=0.0)) for id, _ in operands
    ]
    result, op = float(value[bad].reshape(-1)[0]), tape.program.nodes[node].op
    overflow = max(sizes, default=0.0) > huge or (op == "exp" and max(sizes) > 80.0)
    overflow |= op == "**" and math.isinf(result) and operands[0][1] != 0.0
    return Break(tape.step, node, result, operands, overflow)


def _at(tape: Tape, operand: int, bad: np.ndarray) -> float:
    """Return an operand's element at the first place where the result is not finite."""
    value = tape.value(operand)
    try:
        return float(np.broadcast_to(value, bad.shape)[bad].reshape(-1)[0])
    except ValueError:
        flat = np.asarray(value, np.float64).reshape(-1)
        if not flat.size:
            return math.nan
        return float(flat[int(np.argmax(np.abs(np.nan_to_num(flat, nan=np.inf))))])


def _where(run: Run, tape: Tape, node: int) -> tuple[str, str]:
    op = tape.program.nodes[node].op
    if node < len(run.graph.nodes):
        return f" in {clip(run.name(node), 40)}", op
    if node < len(tape.program.reverse.nodes):
        return f" of the backward pass ({clip(_text(tape, node), 60)})", op
    validation = tape.program.validation
    if validation is not None and node in validation.nodes:
        return f" of the validation ({clip(_text(tape, node), 60)})", op
    written = _by_hand(tape, node)
    return f" in {clip(written.name, 40)}" if written is not None else " of the update", op


def _operand(tape: Tape, node: int, value: str) -> str:
    text = _text(tape, node)
    if 0 in tape.program.nodes[node].shape:
        return f"{text}, which is empty"
    return value if text == value else f"{text} = {value}"


def _by_hand(tape: Tape, node: int) -> Assignment | None:
    """Return the line of a hand-written backward pass that computes a node, if any."""
    program = tape.program
    if program.hand is None or node < len(program.reverse.nodes):
        return None
    for line in program.hand.lines:
        if line.written is not None and node in needed_for(program.nodes, [line.written]):
            return line.line
    return None


def _text(tape: Tape, node: int) -> str:
    nodes = tape.program.nodes
    return clip(nodes[node].name or formula(nodes, node, lambda n: n.name or None), 60)


def _steps_before(found: Break) -> range:
    return range(max(0, found.step - _BEFORE), found.step)


def _chain(run: Run, tape: Tape, found: Break) -> list[str]:
    """Return what earlier updates did to the weights that the node is computed from."""
    nodes = tape.program.nodes
    made_of = needed_for(nodes, [id for id, _ in found.operands])
    weights = [
        n
        for n in run.graph.parameters
        if n.id in made_of and nodes[n.id].kind is Kind.PARAMETER and 0 not in n.shape
    ]
    steps = _steps_before(found)
    if not weights or not steps:
        return []
    moved = sorted((_most_moved(run, node, steps) for node in weights), key=lambda one: -one[0])
    rows = []
    for step in steps:
        here, after = run.tape(step), run.tape(step + 1)
        told = ", ".join(
            f"{element_text(node.name, place)} {short(float(here.value(node.id)[place]))} → "
            f"{short(float(after.value(node.id)[place]))}"
            for _, node, place in moved[:2]
        )
        rows.append(
            f"step {run.first + step:,} (lr {short(run.base_rate(step))}, |∇| "
            f"{short(here.gradient_norm)}): {told}"
        )
    return rows


def _most_moved(run: Run, node: Node, steps: range) -> tuple[float, Node, tuple[int, ...]]:
    """Return how far the element of a parameter moves that moves most in some steps, and which."""
    first, last = (run.tape(step).value(node.id) for step in (steps.start, steps.stop))
    way = np.abs(np.asarray(last, np.float64) - first)
    way = np.where(np.isnan(way), np.inf, way)
    place = tuple(int(one) for one in np.unravel_index(int(np.argmax(way)), way.shape))
    return float(way[place]), node, place


def _advice(found: Break, op: str, tried: str, *, start: bool) -> str:
    if not found.operands:
        return "make it smaller, or use float64" if start else "start where it is finite"
    if found.overflow and start:
        return "the numbers are too large: scale the data, or start with smaller parameters"
    if found.overflow:
        lower = f"lr = {tried}, " if tried else ""
        return f"the numbers are too large: try {lower}clip_norm, or a smaller start"
    defined = "keep its operands where the operation is defined"
    slower = "" if start else ", or lower the rate before that step"
    return OPS[op].remedy or f"{defined}{slower}"
