"""Several runs of one model at once, with their differences along a leading axis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from gradtui.engine.casting import cast
from gradtui.engine.lowered import Row
from gradtui.engine.trainer import Trainer
from gradtui.engine.vectorized import Vectorized

_NUMBERS = 10_000_000
"""Largest step, in numbers, of runs computed together."""


class Together(Struct, frozen=True, eq=False):
    """The losses of several runs."""

    losses: NDArray[np.float64]
    """(runs, steps)."""
    batched: int
    """The number of runs computed together with others."""


def run_together(
    trainers: Sequence[Trainer], rows: Sequence[Row], start: int, steps: int
) -> Together:
    """Return the losses of the steps from `start` on, each run from its own state.

    Runs whose programs have the same nodes are computed together: rate, constants and state may
    differ.  Their losses may differ in the last bits from those of each run alone.
    """
    losses = np.empty((len(trainers), steps))
    batched = 0
    for group in _groups(trainers):
        if len(group) == 1:
            (run,) = group
            losses[run] = trainers[run].losses_from(rows[run], steps, start)
        else:
            members = [trainers[run] for run in group]
            losses[group] = _run(members, np.array([rows[run] for run in group]), start, steps)
            batched += len(group)
    return Together(losses, batched)


def _groups(trainers: Sequence[Trainer]) -> list[list[int]]:
    """Return the numbers of those trainers that can run together."""
    groups: list[list[int]] = []
    for number, trainer in enumerate(trainers):
        for group in groups:
            few = (len(group) + 1) * trainer.numbers <= _NUMBERS
            if few and _alike(trainers[group[0]], trainer):
                group.append(number)
                break
        else:
            groups.append([number])
    return groups


def _alike(one: Trainer, other: Trainer) -> bool:
    a, b = one.program, other.program
    return (
        (one.since, one.batches, one.dtype, one.varying)
        == (other.since, other.batches, other.dtype, other.varying)
        and (a.state, a.lr, a.time, a.graph.loss) == (b.state, b.lr, b.time, b.graph.loss)
        and a.nodes == b.nodes
    )


def _run(
    members: Sequence[Trainer], rows: NDArray[np.float64], start: int, steps: int
) -> NDArray[np.float64]:
    first = members[0]
    constants = [node for node, _ in first.program.constants]
    if not first.scheduled:
        constants.append(first.program.lr)
    fixed = {node: value for node, value in first.fixed.items() if node not in constants}
    rated = int(first.program.lr in first.varying)
    leaves = [*first.before, *first.varying[:rated], *constants]
    shared, wanted = first.varying[rated:], [*first.after, first.program.graph.loss]
    program = Vectorized(first.program.nodes, leaves, shared, fixed, first.dtype)
    state = [cast(part.of(rows), first.dtype) for part in first.slices]
    given = [cast([m.fixed[node] for m in members], first.dtype) for node in constants]
    losses = np.empty((steps, len(members)))
    for at, values in enumerate(_values(members, start, steps)):
        each = [*state, *values[:rated], *given]
        *state, loss = program.evaluate(wanted, len(members), each, values[rated:])
        losses[at] = loss
    return losses.T


def _values(members: Sequence[Trainer], start: int, steps: int) -> Any:
    """Yield the values that change at each step, with the rates of all runs as one array."""
    first = members[0]
    series = first.series(start, steps)
    if first.program.lr in first.varying:
        rates = [member.series(start, steps)[0] for member in members]
        series[0] = (cast(each, first.dtype) for each in zip(*rates, strict=True))
    return zip(*series, strict=True) if series else ((),) * steps
