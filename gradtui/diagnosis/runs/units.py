"""Parts of a model that learn nothing: off, saturated, masked, not connected, without a feature."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from msgspec.structs import replace

from gradtui.diagnosis.finding import Finding, Severity
from gradtui.diagnosis.runs.blocked import (
    COMPARISONS,
    Blocked,
    blocked,
    column_of,
    first_step,
    width_of,
)
from gradtui.diagnosis.runs.parts import element_text, finding, short, units_text
from gradtui.diagnosis.runs.run import Run
from gradtui.diagnosis.runs.thresholds import limit
from gradtui.engine.graph import Kind, Node


def disconnected(run: Run) -> Iterator[Finding]:
    """Find parameters that the loss does not depend on, or only where there is no slope."""
    reached = run.program.reverse.adjoint
    for node in run.graph.parameters:
        if node.id in reached:
            continue
        used = [n for n in run.graph.nodes if node.id in n.inputs]
        needed = run.graph.loss in depends_on_node(run.graph.nodes, node.id)
        if needed:
            through = next((n for n in used if n.op in COMPARISONS), used[0])
            message = (
                f"{node.name} enters the loss only through '{through.op}' in "
                f"{run.name(through.id)}, whose slope is 0 everywhere, so its gradient is 0 at "
                "every step; use a smooth function there"
            )
        else:
            to = f": {run.name(used[0].id)} uses it, but does not reach the loss" if used else ""
            message = (
                f"the loss does not depend on {node.name}{to}. Its gradient is 0 at every step; "
                "use it, or take it out"
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
        other = named or "a constant"
        which = f" ({units_text(found.units, found.total)})" if found.total > 1 else ""
        name = run.name(found.node)
        choice = run.graph.nodes[found.node].op == "where"
        cause = f"'where' in {name} leaves it out by" if choice else f"{name} is multiplied by"
        message = (
            f"{cause} zeros of {other}{which}, so the gradient of {_entries_text(run, found)} is 0 "
            f"at every step; if that is not meant, mend {other}"
        )
        yield finding(
            run, "masked", _by_loss(run), run.name(found.node), found.since, message,
            _evidence(run, found), run.place(found.node),
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
            f"{_column_text(run, found, data)}, so the gradient of {_entries_text(run, found)} is "
            "0 at every step"
        )
        rare = op == "take"
        message += (
            "; it stays as it began" if rare else "; leave the column out, or give it what varies"
        )
        yield finding(
            run, "constant-feature", "info" if rare else _by_loss(run), run.name(data.id),
            found.since, message, _evidence(run, found), run.place(data.id),
        )  # fmt: skip
    yield from _constant_columns(run)


def dead_relu(run: Run) -> Iterator[Finding]:
    """Find units of a rectifier that are off for every example."""
    for hit in blocked(run):
        units = _off_throughout(run, hit) if hit.rule == "dead-relu" else ()
        if not units:
            continue
        total = hit.total
        found = replace(hit, units=units, entries=_leading_to(run, hit, units))
        name = run.name(found.node)
        since = _off_since(run, found)
        distance, spread = _distance(run, found)
        text = f"{units_text(found.units, total)} of {name}" if total > 1 else f"the unit {name}"
        verb = "are" if len(found.units) > 1 else "is"
        message = (
            f"{text} {verb} off for every example since step {since}: what enters the "
            f"{run.graph.nodes[found.node].op} is at most {short(-distance)}, so the gradient of "
            f"{_entries_text(run, found)} is 0; {_pushed(run, found, since)}"
            "; try a lower rate, another start or a leaky unit"
        )
        far = distance >= limit("far") * spread
        few = not far and len(units) < limit("many") * total
        harmless = few or run.end < limit("handful")
        severity = "warning" if len(units) == total else "info" if harmless else _by_loss(run)
        evidence = {**_evidence(run, found), "highest": -distance, "spread": spread}
        yield finding(
            run, "dead-relu", severity, name, since, message, evidence, run.place(found.node)
        )


def saturated(run: Run) -> Iterator[Finding]:
    """Find units of a squashing function that are at its end for every example."""
    seen = set[int]()
    for found in blocked(run):
        if found.rule == "saturated":
            seen.add(found.node)
            yield _saturated(run, found.node, found.units, found.total, found.since)
    for node in run.graph.nodes:
        if node.op in ("tanh", "sigmoid", "erf") and node.id in run.trained and node.id not in seen:
            units, total, since = _flat_units(run, node)
            if units and _loss_ratio(run) >= limit("stays-high"):
                yield _saturated(run, node.id, units, total, since)


def _saturated(run: Run, node: int, units: Sequence[int], total: int, since: int) -> Finding:
    name, op = run.name(node), run.graph.nodes[node].op
    (operand,) = run.graph.nodes[node].inputs[:1]
    value = run.tape(run.steps[-1]).value(operand)
    near = column_of(value, units, total)
    low, high = float(np.min(near)), float(np.max(near))
    text = f"{units_text(units, total)} of {name}" if total > 1 else f"the unit {name}"
    message = (
        f"{text} {'are' if len(units) > 1 else 'is'} saturated for every example since step "
        f"{since}: what enters the {op} lies from {short(low)} to {short(high)}, where its slope "
        "is next to 0, so that nothing before it learns; start with smaller weights, standardise "
        "the features, or take a rectifier"
    )
    evidence = {"units": list(units), "of": total, "from": low, "to": high}
    return finding(run, "saturated", "warning", name, since, message, evidence, run.place(node))


def depends_on_node(nodes: Sequence[Node], source: int) -> frozenset[int]:
    """Return the ids of a node and of all that are computed from it."""
    found = {source}
    for node in nodes:
        if any(id in found for id in node.inputs):
            found.add(node.id)
    return frozenset(found)


def _off(run: Run, found: Blocked, step: int) -> tuple[int, ...]:
    """Return those of the units whose slope is 0 for all examples at a step."""
    slot = run.graph.nodes[found.node].inputs.index(found.operand)
    slope = run.tape(step).local((found.node, slot))
    if slope is None:
        return found.units
    return tuple(u for u in found.units if not np.any(column_of(slope, (u,), found.total)))


def _leading_to(run: Run, hit: Blocked, units: Sequence[int]) -> tuple[int, ...]:
    """Return those of the numbers that lead to the units, by their place on the last axis."""
    kept = tuple(
        entry
        for entry in hit.entries
        if hit.total == 1 or run.parameter_of(entry)[1][-1:] in {(unit,) for unit in units}
    )
    return kept or hit.entries


def _off_throughout(run: Run, found: Blocked) -> tuple[int, ...]:
    """Return the units that are off for all examples in the later half of a run."""
    late = [step for step in run.steps if step >= run.end / 2]
    return tuple(sorted(set(found.units).intersection(*(_off(run, found, s) for s in late))))


def _off_since(run: Run, found: Blocked) -> int:
    """Return the first step from which all the units are off for all examples."""

    def off(step: int) -> bool:
        return _off(run, found, step) == found.units

    alive = [index for index, step in enumerate(run.steps) if not off(step)]
    if not alive:
        return 0
    return first_step(run.steps[alive[-1]], run.steps[alive[-1] + 1], off)


def _distance(run: Run, found: Blocked) -> tuple[float, float]:
    """Return how far below 0 the nearest example of the units is, and how far examples spread."""
    value = column_of(run.tape(run.steps[-1]).value(found.operand), found.units, found.total)
    axes = tuple(range(value.ndim - 1)) if found.total > 1 else None
    nearest = -np.max(value, axis=axes)
    spread = np.std(value, axis=axes)
    return float(np.min(nearest)), float(np.max(spread))


def _pushed(run: Run, found: Blocked, since: int) -> str:
    """Return what pushed units off: the start, or the update before."""
    if since == 0:
        name, place, value = _lowest_bias(run, found)
        return f"so from the start, where {element_text(name, place)} = {short(value)}"
    step = since - 1
    move = run.update(step)[list(found.entries)]
    largest = int(np.argmax(np.abs(move)))
    name, place = run.parameter_of(found.entries[largest])
    before = float(run.history.state(step)[found.entries[largest]])
    return (
        f"the update of step {step} pushed {element_text(name, place)} from {short(before)} to "
        f"{short(before + float(move[largest]))} (rate {short(run.base_rate(step))}, gradient "
        f"{short(run.tape(step).gradient_norm)})"
    )


def _lowest_bias(run: Run, found: Blocked) -> tuple[str, tuple[int, ...], float]:
    row = run.history.state(0)
    entry = min(found.entries, key=lambda index: float(row[index]))
    return (*run.parameter_of(entry), float(row[entry]))


def _flat_units(run: Run, node: Node) -> tuple[tuple[int, ...], int, int]:
    """Return the units whose slope is next to 0 for all examples to the end, and since when."""
    total = width_of(run, node)
    if run.end < 0:
        return (), total, 0
    full = 0.25 if node.op == "sigmoid" else 1.1283791670955126 if node.op == "erf" else 1.0
    flat = []
    for step in run.steps:
        slope = run.tape(step).local((node.id, 0))
        assert slope is not None
        spread = np.abs(slope)
        axes = tuple(range(spread.ndim - 1)) if total > 1 else None
        flat.append(np.atleast_1d(np.max(spread, axis=axes)) <= limit("flat") * full)
    table = np.array(flat)
    late = [i for i, step in enumerate(run.steps) if step >= run.end / 2]
    units = np.flatnonzero(np.all(table[late], axis=0))
    if not units.size or (total > 1 and 2 * len(units) < total):
        return (), total, 0
    alive = np.flatnonzero(~np.all(table[:, units], axis=1))
    since = run.steps[alive[-1] + 1] if alive.size else 0
    return tuple(units.tolist()), total, since


def _constant_columns(run: Run) -> Iterator[Finding]:
    """Yield a note for each column of data that never varies, beside a bias or another."""
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
        text = f"column {columns[-1]} of {data} never varies: with what is added already it says "
        yield finding(
            run, "constant-feature", "info", data, 0,
            text + "nothing new, and only the sum of the two weights can be learned",
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
        named = units_text(rows, -1).replace("unit", "row")
        return f"{name} never asks for {named} of {table}"
    raw = _raw_of(run, data)
    columns = sorted({place[0] for entry in found.entries if (place := run.parameter_of(entry)[1])})
    which = f"column {', '.join(map(str, columns))} of {name}" if columns else name
    text = f"{which} is 0 for every example"
    if raw is not None and raw.id != data.id and columns:
        value = run.tape(run.steps[0]).value(raw.id)
        if value.ndim >= 2 and columns[0] < value.shape[-1]:
            text += (
                f" ({raw.name} has {short(float(value[..., columns[0]].reshape(-1)[0]))} in all)"
            )
    return text


def _raw_of(run: Run, node: Node) -> Node | None:
    """Return the array of data that a node is computed from, if it has as many columns."""
    pending = [node.id]
    while pending:
        at = run.graph.nodes[pending.pop()]
        if at.kind is Kind.DATA and at.shape[-1:] == node.shape[-1:]:
            return at
        pending.extend(at.inputs)
    return None


def _entries_text(run: Run, found: Blocked) -> str:
    """Return the numbers that a block concerns: `b[3]`, or `6 numbers (W[0, 3], W[1, 3], …)`."""
    names = [element_text(*run.parameter_of(entry)) for entry in found.entries]
    if len(names) <= 3:
        return " and ".join(names)
    return f"{len(names)} numbers ({', '.join(names[:2])}, …)"


def _evidence(run: Run, found: Blocked) -> dict[str, object]:
    return {
        "units": list(found.units),
        "of": found.total,
        "entries": [element_text(*run.parameter_of(entry)) for entry in found.entries],
        "loss_ratio": _loss_ratio(run),
    }


def _loss_ratio(run: Run) -> float:
    """Return the last loss over the first; 1 where that says nothing."""
    first, last = (
        float(run.losses[0]),
        float(np.mean(run.losses[max(0, run.end - 4) : run.end + 1])),
    )
    return last / first if first > 0.0 and last >= 0.0 else 1.0


def _by_loss(run: Run) -> Severity:
    """Return how grave a zero is: it harms nothing where the loss is low."""
    return "warning" if _loss_ratio(run) >= limit("high") else "info"
