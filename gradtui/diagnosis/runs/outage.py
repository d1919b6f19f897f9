"""When the units of a rectifier went off for good, and the update that put most of them off."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from gradtui.base.text import element_text
from gradtui.diagnosis.runs.blocked import Blocked, column_of, first_step
from gradtui.diagnosis.runs.parts import short
from gradtui.diagnosis.runs.run import Array, Run

_TRIED, _NUMBERS = 32, 4_000_000
"""Most elements whose moves are tried one by one, and most numbers evaluated for that."""
_COUNTS = 0.3
"""Part of what holds or pushes a unit down that one element must do to be told."""


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
        run, start = self._run, self._run.weights(0)
        entry = self._weighty(entries, start)
        some = len(self.from_start) < len(self._found.units)
        at = f"step {run.first:,}" if run.first else "the start"
        if entry is None:
            return "" if some else f"so from {at}"
        told = f"{element_text(*run.parameter_of(entry))} = {short(float(start[entry]))}"
        one = ", for one" if len(self.from_start) > 1 else ""
        return f"at {at} {told}{one}" if some else f"so from {at}, where {told}{one}"

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

    def _weighty(self, entries: Sequence[int], start: Array) -> int | None:
        """Return the element that holds a unit down most at the start; None if none does much."""
        tried = self._largest(entries, start)
        rows = np.repeat(start[None], len(tried) + 1, axis=0)
        rows[np.arange(len(tried)), tried] = 0.0
        highest = self._highest(rows, 0, self.from_start)
        return _telling(tried, highest[:-1] - highest[-1], -highest[-1])

    def _lowering(self, entries: Sequence[int], units: Sequence[int]) -> int | None:
        """Return the element whose move lowers a unit's input most; None if none does much of it.

        The move is that of the update before the step `since`, and each is tried alone.
        """
        before, after = self._run.weights(self.since - 1), self._run.weights(self.since)
        tried = self._largest(entries, after - before)
        rows = np.repeat(before[None], len(tried) + 2, axis=0)
        rows[np.arange(len(tried)), tried] = after[tried]
        rows[-1] = after
        highest = self._highest(rows, self.since, units)
        lowered = highest[-2] - highest
        return _telling(tried, lowered[:-2], lowered[-1])

    def _largest(self, entries: Sequence[int], values: Array) -> list[int]:
        """Return as many elements as may be tried, those of the largest values."""
        most = max(1, min(_TRIED, _NUMBERS // self._run.trainer.size))
        return sorted(entries, key=lambda entry: -abs(float(values[entry])))[:most]

    def _highest(self, rows: Array, step: int, units: Sequence[int]) -> Array:
        """Return the highest input of each unit over the examples of a step, (rows, units)."""
        inputs = self._run.values_at(rows, step)[self._found.operand]
        near, many = column_of(inputs, units, self._found.total), self._found.total > 1
        highest = np.max(near, axis=tuple(range(1, near.ndim - many)))
        return np.asarray(highest, np.float64).reshape(len(rows), -1)


def _telling(tried: Sequence[int], lowered: Array, whole: Array) -> int | None:
    """Return the element that lowers a unit most, if that counts beside the whole."""
    one, unit = np.unravel_index(int(np.argmax(lowered)), lowered.shape)
    counts = lowered[one, unit] > 0.0 and lowered[one, unit] >= _COUNTS * whole[unit]
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
