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
    width_of,
)
from gradtui.diagnosis.runs.outage import Outage, off_at
from gradtui.diagnosis.runs.parts import (
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
        found = _of_units(run, hit) if hit.rule == "dead-relu" else None
        if found is None or not found.entries:
            continue
        total, units, outage = hit.total, found.units, Outage(run, found)
        name, since = run.name(found.node), outage.since
        distance, spread = _distance(run, found)
        text = f"{units_text(units, total)} of {name}" if total > 1 else f"the unit {name}"
        verb = "are" if len(units) > 1 else "is"
        cause = f"{outage.cause}; " if outage.cause else ""
        tried = run.once(lower_rate)  # last: it takes what work is left
        lower = f"lr = {tried}, " if tried else ""
        message = (
            f"{text} {verb} off for every example {outage.text}: the input of "
            f"{run.graph.nodes[found.node].op} is at most {short(-distance)}, so the "
            f"gradient of {entries_text(run, found)} is 0; {cause}"
            f"try {lower}other initial weights or a leaky ReLU"
        )
        far = distance >= limit("far") * spread
        few = not far and len(units) < limit("many") * total
        harmless = few or run.end < limit("handful")
        severity = (
            "warning" if len(units) == total else "info" if harmless else severity_by_loss(run)
        )
        evidence = {
            **evidence_of(run, found), "highest": -distance, "spread": spread,
            "off_from_start": list(outage.from_start),
        }  # fmt: skip
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


def _of_units(run: Run, hit: Blocked) -> Blocked | None:
    """Return a block with only the units that are off in the later half, and what leads to them."""
    known = range(hit.total) if hit.sampled and hit.total > 1 else hit.units
    whole, late = replace(hit, units=tuple(known)), [s for s in run.steps if s >= run.end / 2]
    units = sorted(frozenset(known).intersection(*(off_at(run, whole, step) for step in late)))
    if not units:
        return None
    led = [(e, r) for e, r in zip(hit.entries, hit.reached, strict=True) if not r.isdisjoint(units)]
    return replace(
        hit, units=tuple(units), entries=tuple(e for e, _ in led), reached=tuple(r for _, r in led)
    )


def _distance(run: Run, found: Blocked) -> tuple[float, float]:
    """Return how far below 0 the units' nearest example is, and the spread of examples."""
    value = column_of(run.tape(run.steps[-1]).value(found.operand), found.units, found.total)
    axes = tuple(range(value.ndim - 1)) if found.total > 1 else None
    nearest = -np.max(value, axis=axes)
    spread = np.std(value, axis=axes)
    return float(np.min(nearest)), float(np.max(spread))


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
