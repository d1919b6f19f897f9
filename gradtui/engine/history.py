"""The history of a run: the state of every step, the losses; seeks and computes ahead."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Hashable
from copy import copy

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from gradtui.base.memory import allowed_memory
from gradtui.engine.growing import Growing
from gradtui.engine.lowered import Row
from gradtui.engine.rows import Rows
from gradtui.engine.size import step_bytes
from gradtui.engine.tape import Tape
from gradtui.engine.trainer import Trainer

MEMORY = 96 << 20
"""Bytes of state that a history keeps before it thins them out."""
_WAIT = 0.006
"""Longest replay, in seconds, before more memory is spent."""
_CHUNK = 4096
_FEWEST = 4
"""Fewest states kept, however large they are."""
_COPIED = 10_000
"""About as many numbers as can be copied while the training loop starts."""
_WINDOW, _NEAR = 32, 6
"""Most and fewest replayed states that are kept."""
_WIDE = 500_000
"""Numbers of the largest state that is kept on the way to another one."""
_QUICK = 1_000_000
"""Numbers of steps computed in a few milliseconds."""
_ASKED = 64 << 20
"""Bytes of the columns that are kept because they were asked for."""


class Origin(Struct, frozen=True):
    """The origin of a branch."""

    id: int = 0
    parent: int | None = None
    start: int = 0
    """The step at which it forked from its parent."""


class Leg(Struct, frozen=True, eq=False):
    """Some steps that are computed, but not yet kept."""

    start: int
    count: int
    kept: NDArray[np.float64]
    """The states to keep."""
    columns: NDArray[np.float64]
    quantities: tuple[NDArray[np.float64], ...]
    """What the norms of the gradients need."""
    after: Row
    """The state after the last of the steps."""
    seconds: float
    """The time that a step took."""


class History:
    """The states of one branch, computed on demand.

    Every state is kept while all fit into `memory` bytes; then most are dropped, evenly and as
    often as needed, and a step between is replayed by the function that ran it first, so its bits
    agree.  If a replay would take long, by measurement, it uses all the memory allowed for a model.
    A branch has the states from its start on, the first of them `first`; earlier ones belong to
    its `parent`.
    """

    def __init__(
        self,
        trainer: Trainer,
        origin: Origin | None = None,
        memory: int = MEMORY,
        *,
        parent: History | None = None,
        first: Row | None = None,
    ) -> None:
        self.trainer = trainer
        self.origin = origin or Origin()
        self.parent = parent
        self._limit = max(_FEWEST, memory // (8 * max(1, trainer.width)))
        left = allowed_memory() - step_bytes(trainer.program)
        self._most = max(self._limit, left // (8 * max(1, trainer.width)))
        self._seconds = math.inf
        """The seconds of a step, as measured at its fastest."""
        self._every = 1
        self._rows = Rows(trainer.width)
        self._next: Row = trainer.initial if first is None else first.copy()
        self._known = 0 if parent is None else self.origin.start
        past: NDArray[np.float64] = np.empty((0, trainer.columns))
        if parent is not None:
            parent.advance(max(0, self._known - parent.known))
            past = parent._columns.rows[: self._known]
        self._columns: Growing = Growing(past)
        self._norms = trainer.norms
        recorded = () if self._norms is None else self._norms.keys
        self._quantities = {key: Growing(np.empty(0)) for key in recorded}
        """Numbers of each step from the start on, by what they are; those of the norm first."""
        self._replayed: OrderedDict[int, Row] = OrderedDict()
        """The replayed states by step, the most recent at the end."""
        self._preparing: History | None = None
        """The snapshot in which a thread prepares states; those it has are there for the taking."""

    @property
    def known(self) -> int:
        """The number of steps computed: the states 0 to `known` are available."""
        return self._known

    @property
    def every(self) -> int:
        """The distance in steps between kept states; those between are replayed."""
        return self._every

    @property
    def losses(self) -> NDArray[np.float64]:
        """The loss of each computed step, (known,), read-only."""
        return _frozen(self._columns.rows[:, 0])

    @property
    def validation_losses(self) -> NDArray[np.float64] | None:
        """The validation loss of each computed step, (known,), read-only; None without one."""
        return _frozen(self._columns.rows[:, 1]) if self.trainer.columns > 1 else None

    @property
    def start(self) -> int:
        """The first step whose state is kept here."""
        return 0 if self.parent is None else self.origin.start

    def expect(self, steps: int) -> None:
        """Reserve room for the numbers of that many steps: copying millions takes a while."""
        self._columns.reserve(steps)
        for column in self._quantities.values():
            column.reserve(steps - self.start)

    def quantity(self, key: Hashable) -> NDArray[np.float64]:
        """Return the values of a quantity from the start on, as far as they are kept."""
        column = self._quantities.get(key)
        return np.empty(0) if column is None else _frozen(column.rows)

    def keep(self, key: Hashable, step: int, values: NDArray[np.float64]) -> None:
        """Keep the values of a quantity at the steps from `step` on, where kept ones end."""
        column = self._quantities.setdefault(key, Growing(np.empty(0)))
        known = self.start + len(column.rows)
        if step <= known:
            column.extend(values[known - step :])
        recorded = 0 if self._norms is None else len(self._norms.keys)
        asked = [*self._quantities][recorded:]
        while len(asked) > 1 and sum(self._quantities[o].rows.nbytes for o in asked) > _ASKED:
            del self._quantities[asked.pop(0)]

    def owner(self, step: int) -> History:
        """Return the history that computes a step: this one or an ancestor."""
        found = self
        while found.parent is not None and step < found.origin.start:
            found = found.parent
        return found

    def advance(self, budget: int) -> int:
        """Compute `budget` more steps and return the number known then."""
        while budget > 0:
            leg = self.leg(budget)
            self.append(leg)
            budget -= leg.count
        return self._known

    def leg(self, budget: int) -> Leg:
        """Return the next steps, at most `budget`, keeping none: a thread may compute them."""
        start = time.perf_counter()
        apart = self._every * self.trainer.width > _COPIED
        return (self._reach_next if apart else self._record_rows)(budget, start)

    def append(self, leg: Leg) -> None:
        """Keep some steps, unless they are known by now."""
        if leg.start != self._known:
            return
        self._seconds = min(self._seconds, leg.seconds)
        if len(leg.kept):
            self._rows.extend(leg.kept)
        self._columns.extend(leg.columns)
        if self._norms is not None:
            for key, values in zip(self._norms.keys, leg.quantities, strict=True):
                self._quantities[key].extend(values)
        if leg.count == 1 and self._unkept:  # most likely asked for next
            self._remember(leg.start, self._next)
        self._known, self._next = leg.start + leg.count, leg.after
        while len(self._rows) > (self._limit if self._replays_soon else self._most):
            self._rows.thin(self._thinner)
            self._every *= self._thinner

    def fitting(self, seconds: float) -> int:
        """Return how many of the next steps fit into a time, as measured, else as estimated."""
        step = self._seconds if self._seconds < math.inf else self.trainer.cost * 1e-6
        return int(seconds / max(step, 1e-9))

    @property
    def _replays_soon(self) -> bool:
        """Whether replays stay short if states are dropped."""
        return self._thinner * self._every * self._seconds < _WAIT

    @property
    def _thinner(self) -> int:
        """The factor by which states are thinned out.

        First by three, then by two: of a million steps of a small network every 96th state is kept,
        where factors of two would leave the choice of 64, too many, and 128, too few.
        """
        return 3 if self._every == 1 else 2

    def soon(self, step: int, seconds: float) -> bool:
        """Return whether a step would be known after a short time, as far as steps were timed."""
        missing = step - self._known
        return missing <= 1 or missing * self._seconds < seconds

    def reach(self, step: int, seconds: float) -> bool:
        """Compute towards a step for a short time; return whether it is then known."""
        start, count = time.monotonic(), 1
        while self._known < step and (took := time.monotonic() - start) < seconds:
            before = self._known
            self.advance(min(count, step - before))
            done, left = time.monotonic() - start - took, seconds - took
            # Twice as many, but no more than there is time for.
            fits = (self._known - before) * (left - done) / max(done, 1e-9)
            count = max(1, min(2 * count, _CHUNK, int(fits)))
        return self._known >= step

    def _record_rows(self, budget: int, began: float) -> Leg:
        """Return some steps with all their states."""
        count, width = min(budget, _CHUNK, self._limit), self.trainer.width
        more = () if self._norms is None else self._norms.nodes
        rows, after = self.trainer.run_recorded(self._next, count, self._known, more)
        kept = rows[self._unkept :: self._every, :width]
        kept = kept if self._every == 1 and not more else kept.copy()
        return self._leg(kept, rows[:, width:], after, began)

    def _reach_next(self, budget: int, began: float) -> Leg:
        """Return the steps up to the next kept state, without the states between."""
        unkept = self._unkept
        kept = np.empty((0, self.trainer.width)) if unkept else self._next[None]
        count = min(budget, unkept or self._every)
        more = () if self._norms is None else self._norms.nodes
        rows, after = self.trainer.run_observed(self._next, count, self._known, more)
        return self._leg(kept, rows, after, began)

    def _leg(self, kept: Row, rows: Row, after: Row, began: float) -> Leg:
        columns = self.trainer.columns
        found = () if self._norms is None else tuple(self._norms.of(rows[:, columns:]))
        seconds = (time.perf_counter() - began) / len(rows)
        return Leg(self._known, len(rows), kept, rows[:, :columns], found, after, seconds)

    @property
    def _unkept(self) -> int:
        """The number of steps from the last known one to the next kept state."""
        return (self.start - self._known) % self._every

    def snapshot(self) -> History:
        """Return an independent history of the same run, for another thread."""
        other = copy(self)
        other._rows, other._columns = self._rows.copy(), Growing(self._columns.rows)
        other._replayed, other._preparing = self._replayed.copy(), None
        other._quantities = {key: Growing(one.rows) for key, one in self._quantities.items()}
        other.parent = None if self.parent is None else self.parent.snapshot()
        return other

    def state(self, step: int) -> Row:
        """Return the state before update `step`, read-only, computing as far as needed."""
        assert step >= 0
        if step < self.start:
            return self.owner(step).state(step)
        if step > self._known:
            self.advance(step - self._known)
        if step == self._known:
            return _frozen(self._next)
        kept = (step - self.start) % self._every == 0
        return _frozen(self._rows[self._index(step)] if kept else self._replay(step))

    def states(self, start: int, stop: int) -> NDArray[np.float64] | None:
        """Return the states of the steps from `start` to before `stop`, (steps, width), read-only.

        They are computed as far as needed.  None if not all of them are kept here.
        """
        self.advance(max(0, stop - self._known))
        if self._every > 1 or start < self.start:
            return None
        return _frozen(self._rows.between(start - self.start, stop - self.start))

    def away(self, step: int) -> int:
        """Return the number of steps to run for the state of a step."""
        if step < self.start:
            return self.owner(step).away(step)
        if step >= self._known:
            return step - self._known
        return 0 if self._has(step) else step - self._before(step)

    def _before(self, step: int) -> int:
        """Return the nearest step up to `step` whose state is available."""
        kept = step - (step - self.start) % self._every
        return max([kept, *(at for at in self._replayed if kept < at <= step)])

    def _has(self, step: int) -> bool:
        """Return whether a state has been replayed, here or by now in a thread."""
        prepared = None if self._preparing is None else self._preparing._replayed.get(step)
        if prepared is not None and step not in self._replayed:
            self._remember(step, prepared)
        return step in self._replayed

    def _replay(self, step: int) -> Row:
        """Replay a state that is not kept."""
        if self._has(step):
            self._replayed.move_to_end(step)
            return self._replayed[step]
        at = self._before(step)
        row = self._replayed[at] if at in self._replayed else self._rows[self._index(at)]
        # Fresh memory for a state of millions of numbers takes longer than several steps.
        skipped = max(0, step - at - (self._window if self.trainer.width <= _WIDE else 0))
        if skipped:
            row = self.trainer.run(row, skipped, at)
            self._remember(at + skipped, row)
        for before in range(at + skipped, step):
            row = self.trainer.run(row, 1, before)
            self._remember(before + 1, row)
        return row

    def _index(self, step: int) -> int:
        return (step - self.start) // self._every

    @property
    def _window(self) -> int:
        return min(_WINDOW, max(_NEAR + 1, self._limit))

    def _remember(self, step: int, row: Row) -> None:
        """Keep a state that was replayed, for a while."""
        self._replayed[step] = row
        self._replayed.move_to_end(step)
        while len(self._replayed) > self._window:
            self._replayed.popitem(last=False)

    def ahead(self, step: int, leap: int = 0) -> History | None:
        """Return a history for a thread to `prepare` at a step; None if no key waits long."""
        if step < self.start:
            return self.owner(step).ahead(step, leap)
        near, onward = self._near(step, leap), step + leap
        next_ones = [at for at in near if abs(at - step) <= 2 or at == onward]
        slow = [at for at in next_ones if self.away(at) * self.trainer.numbers > _QUICK]
        self._preparing = self.snapshot() if slow else None
        return self._preparing

    def prepare(self, step: int, leap: int = 0) -> None:
        """Compute the states around a step, including several before it, for walking back.

        The first is the one to which the same leap leads once more.
        """
        for near in self._near(step, leap):
            at = self._before(near)
            row = self.state(at)
            if at < near:
                row = self.trainer.run(row, near - at, at)
            if self._index(near) * self._every != near - self.start:
                self._remember(near, row)

    def take(self, prepared: History) -> None:
        """Take over the states prepared by a snapshot of this history, once that is done."""
        for step, row in prepared._replayed.items():
            self._remember(step, row)

    def _near(self, step: int, leap: int) -> list[int]:
        """Return the steps around one that are prepared together, after that of the next leap."""
        back = 1 if abs(leap) >= _NEAR else _NEAR - 2  # leaps rarely end in a walk back
        near = range(max(self.start, step - back), min(step + 2, self._known))
        onward = step + leap
        leads_on = onward not in near and self.start <= onward < self._known
        return [*[onward] * leads_on, *near]

    def tape(self, step: int, nodes: tuple[int, ...] | None = None) -> Tape:
        """Return the tape of a step, with all its values or those of `nodes`."""
        owner = self.owner(step)
        return owner._record(step, nodes)

    def _record(self, step: int, nodes: tuple[int, ...] | None) -> Tape:
        tape = self.trainer.record(self.state(step), step, nodes)
        quick = self.trainer.numbers <= _QUICK
        if quick and nodes is None and step in self._replayed and step + 1 < self._known:
            self._remember(step + 1, self.trainer.after_of(tape))  # so that `n` need not replay it
        return tape


def _frozen(array: NDArray[np.float64]) -> NDArray[np.float64]:
    view = array.view()
    view.flags.writeable = False
    return view
