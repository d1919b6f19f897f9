"""When the units of a rectifier went off for good, and the update that put most of them off."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from gradtui.diagnosis.runs.blocked import Blocked, column_of, first_step
from gradtui.diagnosis.runs.parts import element_text, short
from gradtui.diagnosis.runs.run import Run

_TRIED, _NUMBERS = 32, 4_000_000
"""Most elements whose moves are tried one by one, and most numbers evaluated for that."""
_COUNTS = 0.3
"""Part of what an update does to a unit's input that one element's move must do to be told."""


class Outage:
    """The units of one rectifier that are off to the end of a run, and when that began."""

    def __init__(self, run: Run, found: Blocked) -> None:
        self._run, self._found = run, found
        last, off = set(found.units), list[frozenset[int]]()
        for step in reversed(run.steps):
            last &= off_at(run, found, step)
            off.append(frozenset(last))
        self._off = off[::-1]
        """The units that are off from each recorded step on."""

    @cached_property
    def since(self) -> int:
        """The first step from which at least half of the units are off."""
        return self._first(-(-len(self._found.units) // 2))

    @cached_property
    def from_start(self) -> tuple[int, ...]:
        """The units that are off from the first step on."""
        return tuple(sorted(self._off[0]))

    @cached_property
    def text(self) -> str:
        """When they went off: `since step 2`, or how many by which steps."""
        run, whole = self._run, len(self._found.units)
        began, last = len(self.from_start), self._first(whole)
        if last == self.since:
            since = f"since step {run.first + last:,}"
            return since if not began or not last else f"{since}, {began} of them from the start"
        by = len(self._by(self.since))
        parts = [f"{began} of them from the start"] if began else []
        if self.since > 0:
            parts.append(f"{by}{'' if began else ' of them'} by step {run.first + self.since:,}")
        return f"to the end, {', '.join(parts)}, all by step {run.first + last:,}"

    @cached_property
    def cause(self) -> str:
        """What put units off at the step `since`, and how many of them; "" if that is unknown."""
        step, whole = self.since, len(self._found.units)
        fresh = self._by(step) - (self._by(step - 1) if step else frozenset())
        entries = [
            entry
            for entry, reached in zip(self._found.entries, self._found.reached, strict=True)
            if reached & fresh
        ]
        if not entries:
            return ""
        if step == 0:
            return self._start(entries)
        run, before = self._run, step - 1
        some = f"{len(fresh)} of them" if len(fresh) < whole else "them" if whole > 1 else "it"
        put = "" if len(fresh) == whole else f"put {some} off and "
        update, rate = f"the update of step {run.first + before:,}", short(run.base_rate(before))
        entry = self._lowering(entries, sorted(fresh))
        if entry is None:
            norm = short(run.tape(before).gradient_norm)
            return f"{update} put {some} off (rate {rate}, |∇| {norm})"
        name, place = run.parameter_of(entry)
        at = [node.name for node in run.graph.parameters].index(name)
        gradient = float(run.tape(before).driving(at)[place])
        value, moved = (float(run.weights(one)[entry]) for one in (before, step))
        return (
            f"{update} {put}pushed {element_text(name, place)} from {short(value)} to "
            f"{short(moved)} (rate {rate}, its gradient {short(gradient)})"
        )

    def _start(self, entries: Sequence[int]) -> str:
        run = self._run
        row = run.weights(0)
        entry = min(entries, key=lambda index: float(row[index]))
        start = f"step {run.first:,}" if run.first else "the start"
        told = f"{element_text(*run.parameter_of(entry))} = {short(float(row[entry]))}"
        some = len(self.from_start) < len(self._found.units)
        return f"at {start} {told}" if some else f"so from {start}, where {told}"

    def _first(self, count: int) -> int:
        """Return the first step from which at least so many of the units are off."""
        steps = self._run.steps
        index = next(i for i, off in enumerate(self._off) if len(off) >= count)
        if index == 0:
            return 0
        return first_step(steps[index - 1], steps[index], lambda step: len(self._by(step)) >= count)

    def _by(self, step: int) -> frozenset[int]:
        """Return the units that are off at a step and from the next recorded one on."""
        later = int(np.searchsorted(self._run.steps, step))
        return self._off[later] & off_at(self._run, self._found, step)

    def _lowering(self, entries: Sequence[int], units: Sequence[int]) -> int | None:
        """Return the element whose move alone lowers the highest input of one of the units most.

        None if that is little beside what the whole update does to that input.
        """
        run, step = self._run, self.since
        before, after = run.weights(step - 1), run.weights(step)
        move, most = after - before, max(1, min(_TRIED, _NUMBERS // run.trainer.size))
        tried = sorted(entries, key=lambda entry: -abs(float(move[entry])))[:most]
        rows = np.repeat(before[None], len(tried) + 2, axis=0)
        rows[np.arange(len(tried)), tried] += move[tried]
        rows[-2] = after
        near = column_of(run.values_at(rows, step)[self._found.operand], units, self._found.total)
        many = self._found.total > 1
        highest = np.max(near, axis=tuple(range(1, near.ndim - many))).reshape(len(rows), -1)
        lowered = highest[-1] - highest[:-1]
        one, unit = np.unravel_index(int(np.argmax(lowered[:-1])), lowered[:-1].shape)
        counts = lowered[one, unit] >= _COUNTS * max(0.0, lowered[-1, unit])
        return tried[int(one)] if counts else None


def off_at(run: Run, found: Blocked, step: int) -> frozenset[int]:
    """Return the units of a rectifier whose slope is 0 for all examples at a step."""
    slot = run.graph.nodes[found.node].inputs.index(found.operand)
    slope = run.tape(step).local((found.node, slot))
    if slope is None:
        return frozenset(found.units)
    near = column_of(slope, found.units, found.total)
    on = np.any(near != 0.0, axis=tuple(range(near.ndim - 1)) if found.total > 1 else None)
    return frozenset(
        unit for unit, one in zip(found.units, np.atleast_1d(on), strict=True) if not one
    )
