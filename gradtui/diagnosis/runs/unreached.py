"""Parameters that no gradient reaches: unconnected, masked, or without a feature."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from gradtui.diagnosis.finding import Finding
from gradtui.diagnosis.runs.blocked import Blocked, blocked, entries_text, evidence_of
from gradtui.diagnosis.runs.parts import finding, numbered, severity_by_loss, short, units_text
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
        message = (
            f"{_column_text(run, found, data)}, so the gradient of {entries_text(run, found)} is "
            "0 at every step"
        )
        rare = op == "take"
        message += (
            "; it keeps its initial value"
            if rare
            else "; leave the column out, or give it values that vary"
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


def _column_text(run: Run, found: Blocked, data: Node) -> str:
    name = run.name(data.id)
    if run.graph.nodes[found.node].op == "take":
        rows = sorted({run.parameter_of(entry)[1][0] for entry in found.entries})
        table = run.parameter_of(found.entries[0])[0]
        return f"{name} never looks up {numbered('row', rows)} of {table}"
    raw = _raw_of(run, data)
    columns = sorted({place[0] for entry in found.entries if (place := run.parameter_of(entry)[1])})
    which = f"{numbered('column', columns)} of {name}" if columns else name
    text = f"{which} {'are' if len(columns) > 1 else 'is'} 0 for every example"
    if raw is not None and raw.id != data.id and columns:
        value = run.tape(run.steps[0]).value(raw.id)
        if value.ndim >= 2 and columns[0] < value.shape[-1]:
            text += (
                f" ({raw.name} has {short(float(value[..., columns[0]].reshape(-1)[0]))} in "
                "every row)"
            )
    return text


def _raw_of(run: Run, node: Node) -> Node | None:
    """Return the array of data that a node is computed from, if it has the same columns."""
    pending = [node.id]
    while pending:
        at = run.graph.nodes[pending.pop()]
        if at.kind is Kind.DATA and at.shape[-1:] == node.shape[-1:]:
            return at
        pending.extend(at.inputs)
    return None
