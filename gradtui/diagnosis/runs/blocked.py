"""Elements of parameters whose gradient is 0, and the operation where their influence ends.

An element is nudged and the model evaluated: how far the change reaches, and the operation that
blocks it, tell the cause.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from gradtui.base.text import element_text
from gradtui.diagnosis.runs.parts import loss_ratio
from gradtui.diagnosis.runs.run import Run
from gradtui.engine.graph import Kind, Node
from gradtui.engine.ops import OPS

_PROBED, _FEWEST = 256, 32
"""Most elements nudged; of more, some of each parameter, and fewer of a large model."""
_NUMBERS = 4_000_000
_NUDGE = 1e-3
"""Relative size of a nudge."""


class Blocked(Struct, frozen=True, eq=False):
    """One operation at which the influence of some elements ends."""

    rule: str
    node: int
    """The operation."""
    operand: int
    """Its operand, which still changes."""
    other: int | None
    """The operand that blocks the change, if it is another one."""
    units: tuple[int, ...]
    """Places on the operand's last axis that change."""
    total: int
    """Places on that axis; 1 if it holds examples, or does not exist."""
    entries: tuple[int, ...]
    """The indices of the elements."""
    reached: tuple[frozenset[int], ...]
    """For each of them, the units that it changes."""
    since: int
    """The first step from which all their gradients are 0."""
    sampled: bool
    """Whether there are more such elements than were nudged."""


def blocked(run: Run) -> tuple[Blocked, ...]:
    """Return where the influence of elements with gradient 0 ends, in evaluation order."""
    return run.once(_find)


def without_gradient(run: Run) -> NDArray[np.intp]:
    """Return the indices of the elements whose gradient is 0 in the later half of a run."""
    never = np.ones(run.curvature.size, bool)
    for step in run.steps:
        if step >= run.end / 2:
            never &= run.gradient(step) == 0.0
    return np.flatnonzero(never)


def unexplained(run: Run) -> NDArray[np.intp]:
    """Return those of them whose influence ends at no operation of `blocked`; none if unknown."""
    hits = blocked(run)
    if any(hit.sampled for hit in hits):
        return np.empty(0, np.intp)
    left = np.zeros(run.curvature.size, bool)
    left[without_gradient(run)] = True
    for hit in hits:
        left[list(hit.entries)] = False
    return np.flatnonzero(left)  # NumPy's sets load its masked arrays, for which a start would wait


def _find(run: Run) -> tuple[Blocked, ...]:
    if run.end < 0:
        return ()
    zero = without_gradient(run)
    if not zero.size:
        return ()
    most = run.affordable(_PROBED, _FEWEST)
    entries = zero[:: -(-len(zero) // most)]
    grouped: dict[tuple[str, int, int, int | None], list[tuple[int, set[int], int]]] = {}
    for entry, stop in zip(entries.tolist(), _probe(run, entries), strict=True):
        if stop is None:
            continue
        rule, node, operand, other, units, total = stop
        grouped.setdefault((rule, node, operand, other), []).append((entry, units, total))
    found = []
    for (rule, node, operand, other), hits in sorted(grouped.items(), key=lambda item: item[0][1]):
        merged = sorted(set[int]().union(*(units for _, units, _ in hits)))
        numbers = tuple(entry for entry, _, _ in hits)
        found.append(
            Blocked(
                rule, node, operand, other, tuple(merged), hits[0][2], numbers,
                tuple(frozenset(units) for _, units, _ in hits), _zero_since(run, numbers),
                len(entries) < len(zero),
            )
        )  # fmt: skip
    return tuple(found)


_Stop = tuple[str, int, int, int | None, set[int], int]


def _probe(run: Run, entries: NDArray[np.intp]) -> list[_Stop | None]:
    """Return where the influence of each element ends; None if it reaches the loss."""
    step = run.steps[-1]
    row = run.weights(step)
    chunk = max(1, _NUMBERS // run.trainer.size - 1)
    scale = np.maximum(np.abs(row), _spreads(run, row)) * _NUDGE
    stops: list[_Stop | None] = []
    for start in range(0, len(entries), chunk):
        part = entries[start : start + chunk]
        points = np.repeat(row[None], len(part) + 1, axis=0)
        points[np.arange(1, len(part) + 1), part] += scale[part]
        values = run.values_at(points, step)
        changed = [
            _changed(value) if id in run.trained else None for id, value in enumerate(values)
        ]
        moved = [None if one is None else _rows_with_any(one) for one in changed]
        for index in range(len(part)):
            stops.append(_stop(run, changed, moved, values, index + 1))
    return stops


def _spreads(run: Run, row: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return, for each element, the root mean square of its parameter, or 1 for 0."""
    spreads = np.ones_like(row)
    for part in run.trainer.slices[: len(run.program.updates)]:
        values = row[part.start : part.stop]
        spreads[part.start : part.stop] = float(np.sqrt(np.mean(values * values))) or 1.0
    return spreads


def _changed(value: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which elements differ from those of row 0."""
    return np.asarray((value != value[:1]) & ~(np.isnan(value) & np.isnan(value[:1])), np.bool_)


def _rows_with_any(mask: NDArray[np.bool_]) -> list[bool]:
    """Return, for each row of a mask, whether anything in it is true."""
    found: list[bool] = np.asarray(mask.any(axis=tuple(range(1, mask.ndim)))).tolist()
    return found


def _stop(
    run: Run,
    changed: Sequence[NDArray[np.bool_] | None],
    moved: Sequence[Sequence[bool] | None],
    values: Sequence[NDArray[np.float64]],
    index: int,
) -> _Stop | None:
    def moves(id: int) -> bool:
        rows = moved[id]
        return rows is not None and rows[index]

    if moves(run.graph.loss):
        return None
    for node in run.graph.nodes:
        if not node.inputs or moves(node.id):
            continue
        operand = next((id for id in node.inputs if moves(id)), None)
        if operand is None:
            continue
        rule, other = _classify(run, node, operand, values)
        if not rule:
            continue
        mask = changed[operand]
        assert mask is not None
        total = width_of(run, run.graph.nodes[operand])
        units = {int(i) for i in np.nonzero(mask[index])[-1]} if total > 1 else {0}
        return rule, node.id, operand, other, units, total
    return None


def _classify(
    run: Run, node: Node, operand: int, values: Sequence[NDArray[np.float64]]
) -> tuple[str, int | None]:
    """Return the rule for an operation that blocks a change, and the reason."""
    others = [id for id in node.inputs if id != operand]
    other = others[0] if others else None
    if OPS[node.op].rectifies:
        return "dead-relu", None
    if OPS[node.op].squashes:
        return "saturated", None
    if node.op == "take":
        return ("constant-feature", node.inputs[1]) if operand == node.inputs[0] else ("", None)
    if node.op == "where":
        return ("dead-relu", None) if node.inputs[0] in run.trained else ("masked", node.inputs[0])
    if node.op not in ("*", "@") or other is None:
        return "", None
    if other in run.trained:
        gate = OPS.get(run.graph.nodes[other].op)
        switched = node.op == "*" and gate is not None and gate.compares
        return ("dead-relu", None) if switched else ("", None)
    if node.op == "@":
        return "constant-feature", other
    zeros = values[other][0]
    is_mask = (
        zeros.size > 1 and bool(np.all((zeros == 0.0) | (zeros == 1.0))) and bool(np.any(zeros))
    )
    direct = run.graph.nodes[operand].kind is Kind.PARAMETER
    return ("constant-feature" if direct and not is_mask else "masked"), other


def width_of(run: Run, node: Node) -> int:
    """Return the number of units on a node's last axis; 1 if that axis counts examples."""
    if not node.shape:
        return 1
    examples = {n.shape[0] for n in run.graph.data if n.shape}
    own = {n.shape[-1] for n in run.graph.parameters if n.shape}
    if len(node.shape) == 1 and node.shape[0] in examples and node.shape[0] not in own:
        return 1
    return node.shape[-1]


def column_of(value: NDArray[np.float64], units: Sequence[int], total: int) -> NDArray[np.float64]:
    """Return the elements of some units, for all examples."""
    return np.asarray(value[..., list(units)] if total > 1 and value.ndim else value)


def _zero_since(run: Run, entries: Sequence[int]) -> int:
    """Return the first step from which the gradients of some elements are all 0."""
    numbers = list(entries)

    def off(step: int) -> bool:
        return not np.any(run.gradient(step)[numbers])

    for index in range(len(run.steps) - 1, -1, -1):
        if not off(run.steps[index]):
            return first_step(run.steps[index], run.steps[index + 1], off)
    return 0


def first_step(low: int, high: int, holds: Callable[[int], bool]) -> int:
    """Return the first step after `low` at which `holds`, as it does at `high`."""
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high


def entries_text(run: Run, found: Blocked) -> str:
    """Return the elements that a block concerns: `b[3]`, or `6 numbers (W[0, 3], W[1, 3], …)`."""
    names = [element_text(*run.parameter_of(entry)) for entry in found.entries]
    if len(names) <= 3 and not found.sampled:
        return " and ".join(names)
    least = "at least " if found.sampled else ""
    return f"{least}{len(names)} numbers ({', '.join(names[:2])}, …)"


def evidence_of(run: Run, found: Blocked) -> dict[str, object]:
    """Return the evidence for a block: its units, its elements, how high the loss still is."""
    return {
        "units": list(found.units),
        "of": found.total,
        "entries": [element_text(*run.parameter_of(entry)) for entry in found.entries],
        "loss_ratio": loss_ratio(run),
    }
