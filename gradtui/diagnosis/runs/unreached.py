"""Parameters that no gradient reaches: unconnected, masked, or without a feature."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradtui.base.text import element_text
from gradtui.diagnosis.finding import Finding
from gradtui.diagnosis.runs.blocked import Blocked, blocked, entries_text, evidence_of
from gradtui.diagnosis.runs.parts import (
    finding,
    numbered,
    severity_by_loss,
    short,
    units_text,
)
from gradtui.diagnosis.runs.run import Run
from gradtui.engine.graph import Kind, Node
from gradtui.engine.ops import OPS


def disconnected(run: Run) -> Iterator[Finding]:
    """Find parameters that the loss does not depend on, or only where there is no slope."""
    reached = run.program.reverse.adjoint
    for node in run.graph.parameters:
        if node.id in reached:
            continue
        used = [n for n in run.graph.nodes if node.id in n.inputs]
        needed = run.graph.loss in depends_on_node(run.graph.nodes, node.id)
        if needed:
            through = next((n for n in used if OPS[n.op].compares), used[0])
            message = (
                f"{node.name} enters the loss only through '{through.op}' in "
                f"{run.name(through.id)}, whose slope is 0 everywhere, so its gradient is 0 at "
                "every step; use a smooth function there"
            )
        else:
            user = run.name(used[0].id) if used else ""
            to = f": {user} uses it, but {user} does not reach the loss" if used else ""
            message = (
                f"the loss does not depend on {node.name}{to}. Its gradient is 0 at every step; "
                "use it, or remove it"
            )
        yield finding(
            run, "disconnected", "warning", node.name, 0, message, {"gradient": 0.0},
            run.place(node.id),
        )  # fmt: skip


def masked(run: Run) -> Iterator[Finding]:
    """Find parts of the model that are multiplied by constant zeros."""
    for found in blocked(run):
        if found.rule != "masked":
            continue
        named = run.name(found.other) if found.other is not None else ""
        other = f"'{named}'" if named else "a constant"
        which = f" ({units_text(found.units, found.total)})" if found.total > 1 else ""
        name = run.name(found.node)
        choice = run.graph.nodes[found.node].op == "where"
        cause = f"'where' in {name} leaves it out by" if choice else f"{name} is multiplied by"
        message = (
            f"{cause} the zeros in {other}{which}, so the gradient of "
            f"{entries_text(run, found)} is 0 at every step; "
            f"if that is not intended, correct {other}"
        )
        yield finding(
            run, "masked", severity_by_loss(run), run.name(found.node), found.since, message,
            evidence_of(run, found), run.place(found.node),
        )  # fmt: skip


def constant_feature(run: Run) -> Iterator[Finding]:
    """Find features that are 0 for every example, or never vary."""
    for found in blocked(run):
        if found.rule != "constant-feature":
            continue
        assert found.other is not None
        data = run.graph.nodes[found.other]
        op = run.graph.nodes[found.node].op
        text = _rows_text(run, found, data) if op == "take" else _zeros_text(run, found, data)
        if not text:
            continue
        message = f"{text} is 0 at every step"
        rare, it = op == "take", "them" if " are 0 " in text else "it"
        message += (
            "; it keeps its initial value"
            if rare
            else f"; leave {it} out, or give {it} values that vary"
        )
        yield finding(
            run, "constant-feature", "info" if rare else severity_by_loss(run), run.name(data.id),
            found.since, message, evidence_of(run, found), run.place(data.id),
        )  # fmt: skip
    yield from _constant_columns(run)


def depends_on_node(nodes: Sequence[Node], source: int) -> frozenset[int]:
    """Return the ids of a node and of every node computed from it."""
    found = {source}
    for node in nodes:
        if any(id in found for id in node.inputs):
            found.add(node.id)
    return frozenset(found)


def _constant_columns(run: Run) -> Iterator[Finding]:
    """Yield a note for each constant column of data, next to a bias or another such column."""
    for node in run.graph.nodes:
        if node.op != "@" or node.inputs[0] in run.trained or node.inputs[1] not in run.trained:
            continue
        value = np.asarray(run.tape(run.steps[0]).value(node.inputs[0])) if run.steps else None
        if value is None or value.ndim < 2 or value.shape[-2] < 3:
            continue
        same = np.all(value == value[..., :1, :], axis=tuple(range(value.ndim - 1)))
        columns = [int(c) for c in np.flatnonzero(same & (value[(0,) * (value.ndim - 1)] != 0.0))]
        if len(columns) < 2 and not (columns and _has_bias(run, node)):
            continue
        data = run.name(node.inputs[0])
        vary = "varies" if len(columns) == 1 else "vary"
        text = f"{numbered('column', columns)} of {data} never {vary}"
        if _has_bias(run, node):
            text += ", and another constant is added too"
        weights = "the two weights" if len(columns) == 1 else "their weights"
        yield finding(
            run, "constant-feature", "info", data, 0,
            f"{text}: only the sum of {weights} can be learned",
            {"columns": columns}, run.place(node.inputs[0]),
        )  # fmt: skip


def _has_bias(run: Run, product: Node) -> bool:
    return any(
        n.op == "+" and product.id in n.inputs
        and any(run.graph.nodes[i].kind is Kind.PARAMETER for i in n.inputs)
        for n in run.graph.nodes
    )  # fmt: skip


def _rows_text(run: Run, found: Blocked, data: Node) -> str:
    rows = sorted({run.parameter_of(entry)[1][0] for entry in found.entries})
    table = run.parameter_of(found.entries[0])[0]
    never = f"{run.name(data.id)} never looks up {numbered('row', rows)} of {table}"
    return f"{never}, so the gradient of {entries_text(run, found)}"


def _zeros_text(run: Run, found: Blocked, data: Node) -> str:
    """Return which columns of data are 0 for every example; "" if none is, in all their rows."""
    name, product = run.name(data.id), run.graph.nodes[found.node]
    told = entries_text(run, found)
    if product.op != "@" or not data.shape:
        return f"{name} is 0 for every example, so the gradient of {told}"
    first = product.inputs[0] == data.id
    axis = len(data.shape) - (1 if first or len(data.shape) == 1 else 2)
    others = tuple(one for one in range(len(data.shape)) if one != axis)
    zero = np.logical_and.reduce([np.all(value == 0.0, axis=others) for value in _all(run, data)])
    numbers = np.flatnonzero(zero).tolist()
    if not numbers:
        return ""
    text = f"{numbered('column' if first else 'row', numbers)} of {name} "
    text += f"{'are' if len(numbers) > 1 else 'is'} 0 for every example"
    weights = run.graph.nodes[found.operand]
    if found.sampled and weights.kind is Kind.PARAMETER:
        count = len(numbers) * math.prod(weights.shape) // data.shape[axis]
        names = [element_text(*run.parameter_of(entry)) for entry in found.entries[:2]]
        told = f"{count:,} numbers ({', '.join(names)}, …)"
    raw = _raw_of(run, data)
    if first and raw is not None and raw.id != data.id:
        value = run.tape(run.steps[0]).value(raw.id)
        if value.ndim >= 2 and numbers[0] < value.shape[-1]:
            text += (
                f" ({raw.name} has {short(float(value[..., numbers[0]].reshape(-1)[0]))} in "
                "every row)"
            )
    return f"{text}, so the gradient of {told}"


def _all(run: Run, data: Node) -> list[NDArray[Any]]:
    """Return the whole of some data, or what is computed of them at the recorded steps."""
    given = run.trainer.data.get(data.id, run.trainer.whole(data.id))
    if given is not None:
        return [np.asarray(given)]
    return [np.asarray(run.tape(step).value(data.id)) for step in run.steps]


def _raw_of(run: Run, node: Node) -> Node | None:
    """Return the array of data that a node is computed from, if it has the same columns."""
    pending = [node.id]
    while pending:
        at = run.graph.nodes[pending.pop()]
        if at.kind is Kind.DATA and at.shape[-1:] == node.shape[-1:]:
            return at
        pending.extend(at.inputs)
    return None
