"""Units that learn nothing: off, or saturated."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from msgspec.structs import replace

from gradtui.diagnosis.finding import Finding
from gradtui.diagnosis.runs.blocked import (
    Blocked,
    blocked,
    column_of,
    entries_text,
    evidence_of,
    first_step,
    width_of,
)
from gradtui.diagnosis.runs.parts import (
    element_text,
    finding,
    loss_ratio,
    severity_by_loss,
    short,
    units_text,
)
from gradtui.diagnosis.runs.remedies import change, lower_rate
from gradtui.diagnosis.runs.run import Run
from gradtui.diagnosis.runs.thresholds import limit
from gradtui.engine.graph import Kind, Node
from gradtui.engine.ops import OPS


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
        tried = run.once(lower_rate)
        lower = f"lr = {tried}, " if tried else ""
        message = (
            f"{text} {verb} off for every example since step {run.first + since:,}: the input of "
            f"{run.graph.nodes[found.node].op} is at most {short(-distance)}, so the "
            f"gradient of {entries_text(run, found)} is 0; {_pushed(run, found, since)}"
            f"; try {lower}other initial weights or a leaky ReLU"
        )
        far = distance >= limit("far") * spread
        few = not far and len(units) < limit("many") * total
        harmless = few or run.end < limit("handful")
        severity = (
            "warning" if len(units) == total else "info" if harmless else severity_by_loss(run)
        )
        evidence = {**evidence_of(run, found), "highest": -distance, "spread": spread}
        yield finding(
            run, "dead-relu", severity, name, since, message, evidence, run.place(found.node),
            trial=change("lr", tried),
        )  # fmt: skip


def saturated(run: Run) -> Iterator[Finding]:
    """Find units of a squashing function that are saturated for every example."""
    seen = set[int]()
    for found in blocked(run):
        if found.rule == "saturated":
            seen.add(found.node)
            yield _saturated(run, found.node, found.units, found.total, found.since)
    for node in run.graph.nodes:
        full = OPS[node.op].full_slope if node.kind is Kind.OPERATION else 0.0
        if full and node.id in run.trained and node.id not in seen:
            units, total, since = _flat_units(run, node, full)
            if units and loss_ratio(run) >= limit("stays-high"):
                yield _saturated(run, node.id, units, total, since)


def _range_text(low: float, high: float) -> str:
    if short(low) == short(high):
        return f"is {short(low)}"
    return f"lies between {short(low)} and {short(high)}"


def _saturated(run: Run, node: int, units: Sequence[int], total: int, since: int) -> Finding:
    name, op = run.name(node), run.graph.nodes[node].op
    (operand,) = run.graph.nodes[node].inputs[:1]
    value = run.tape(run.steps[-1]).value(operand)
    near = column_of(value, units, total)
    low, high = float(np.min(near)), float(np.max(near))
    text = f"{units_text(units, total)} of {name}" if total > 1 else f"the unit {name}"
    message = (
        f"{text} {'are' if len(units) > 1 else 'is'} saturated for every example since step "
        f"{run.first + since}: the input of {op} {_range_text(low, high)}, "
        "where its slope is nearly 0, so nothing before it learns; start with smaller weights, "
        "standardise the features, or use relu"
    )
    evidence = {"units": list(units), "of": total, "from": low, "to": high}
    return finding(run, "saturated", "warning", name, since, message, evidence, run.place(node))


def _off(run: Run, found: Blocked, step: int) -> tuple[int, ...]:
    """Return the units whose slope is 0 for all examples at a step."""
    slot = run.graph.nodes[found.node].inputs.index(found.operand)
    slope = run.tape(step).local((found.node, slot))
    if slope is None:
        return found.units
    return tuple(u for u in found.units if not np.any(column_of(slope, (u,), found.total)))


def _leading_to(run: Run, hit: Blocked, units: Sequence[int]) -> tuple[int, ...]:
    """Return the elements that lead to the units, by their place on the last axis."""
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
    """Return how far below 0 the units' nearest example is, and the spread of examples."""
    value = column_of(run.tape(run.steps[-1]).value(found.operand), found.units, found.total)
    axes = tuple(range(value.ndim - 1)) if found.total > 1 else None
    nearest = -np.max(value, axis=axes)
    spread = np.std(value, axis=axes)
    return float(np.min(nearest)), float(np.max(spread))


def _pushed(run: Run, found: Blocked, since: int) -> str:
    """Return what pushed units off: the start, or the update before."""
    if since == 0:
        name, place, value = _lowest_bias(run, found)
        start = f"step {run.first:,}" if run.first else "the start"
        return f"so from {start}, where {element_text(name, place)} = {short(value)}"
    step = since - 1
    move = run.update(step)[list(found.entries)]
    largest = int(np.argmax(np.abs(move)))
    name, place = run.parameter_of(found.entries[largest])
    at = [node.name for node in run.graph.parameters].index(name)
    gradient = float(run.tape(step).driving(at)[place])
    before = float(run.history.state(step)[found.entries[largest]])
    return (
        f"the update of step {run.first + step:,} pushed {element_text(name, place)} from "
        f"{short(before)} to {short(before + float(move[largest]))} (rate "
        f"{short(run.base_rate(step))}, its gradient {short(gradient)})"
    )


def _lowest_bias(run: Run, found: Blocked) -> tuple[str, tuple[int, ...], float]:
    row = run.history.state(0)
    entry = min(found.entries, key=lambda index: float(row[index]))
    return (*run.parameter_of(entry), float(row[entry]))


def _flat_units(run: Run, node: Node, full: float) -> tuple[tuple[int, ...], int, int]:
    """Return the units whose slope is next to 0 for all examples to the end, and since when."""
    total = width_of(run, node)
    if run.end < 0 or 0 in node.shape:
        return (), total, 0
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
