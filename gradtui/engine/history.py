"""The run so far: the state of every step, the loss column, branches; seeks and computes ahead."""

from __future__ import annotations

from copy import copy

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from gradtui.engine.tape import Tape
from gradtui.engine.trainer import Row, Trainer

MEMORY = 64 << 20
"""Bytes of state that a history keeps before it thins out its rows."""
_CHUNK = 4096
_FEWEST = 4
"""States that are kept however large they are."""
_COPIED = 10_000
"""Numbers that are copied, about, in the time that it takes to start the training loop."""
_WINDOW = 32
"""States that are kept, at most, of those that were replayed last."""


class Branch(Struct, frozen=True):
    """One line of a run's history."""

    id: int = 0
    parent: int | None = None
    start: int = 0
    """The step at which it left its parent."""


class History:
    """The states of one branch, computed when they are asked for.

    Every state is kept while all fit into `memory` bytes; then every second one is dropped, as
    often as needed, and a step between is replayed by the function that ran it first, so its bits
    agree.  A branch has the states from its start on, the first of them `first`; those before are
    its `parent`'s own.
    """

    def __init__(
        self,
        trainer: Trainer,
        branch: Branch | None = None,
        memory: int = MEMORY,
        *,
        parent: History | None = None,
        first: Row | None = None,
    ) -> None:
        self.trainer = trainer
        self.branch = branch or Branch()
        self.parent = parent
        self._limit = max(_FEWEST, memory // (8 * max(1, trainer.width)))
        self._every = 1
        self._rows: list[Row] = []
        self._next: Row = trainer.initial if first is None else first.copy()
        self._known = 0 if parent is None else self.branch.start
        past = np.empty((0, trainer.columns))
        if parent is not None:
            parent.advance(max(0, self._known - parent.known))
            past = parent._column[: self._known]
        self._columns = [past]
        self._replayed: tuple[int, tuple[Row, ...]] = 0, ()
        """The states replayed last, of steps in a row from the first one on: they, the next and
        those before are asked for again."""

    @property
    def known(self) -> int:
        """How many steps have been computed: the states 0 to `known` can be had at once."""
        return self._known

    @property
    def every(self) -> int:
        """Every how many steps a state is kept; one between is replayed."""
        return self._every

    @property
    def losses(self) -> NDArray[np.float64]:
        """The loss of each computed step, (known,), read-only."""
        return _frozen(self._column[:, 0])

    @property
    def validation_losses(self) -> NDArray[np.float64] | None:
        """The validation loss of each computed step, (known,), read-only; None without one."""
        return _frozen(self._column[:, 1]) if self.trainer.columns > 1 else None

    @property
    def _column(self) -> NDArray[np.float64]:
        if len(self._columns) > 1:
            self._columns = [np.concatenate(self._columns)]
        return self._columns[0]

    @property
    def _start(self) -> int:
        """The first step whose state is kept here."""
        return 0 if self.parent is None else self.branch.start

    def owner(self, step: int) -> History:
        """Return the history that a step is computed in: this one, or one that it came from."""
        found = self
        while found.parent is not None and step < found.branch.start:
            found = found.parent
        return found

    def advance(self, budget: int) -> int:
        """Compute `budget` more steps and return how many are known then."""
        while budget > 0:
            apart = self._every * self.trainer.width > _COPIED
            count, columns = self._reach_next(budget) if apart else self._record_rows(budget)
            self._columns.append(columns)
            self._known += count
            budget -= count
            while len(self._rows) > self._limit:
                self._rows = [row if apart else row.copy() for row in self._rows[::2]]
                self._every *= 2
        return self._known

    def _record_rows(self, budget: int) -> tuple[int, Row]:
        """Compute some steps with all their states; return how many, and their columns."""
        count, width = min(budget, _CHUNK, self._limit), self.trainer.width
        rows, self._next = self.trainer.run_recorded(self._next, count, self._known)
        kept = rows[self._unkept :: self._every, :width]
        self._rows.extend(kept if self._every == 1 else kept.copy())
        return count, rows[:, width:].copy()

    def _reach_next(self, budget: int) -> tuple[int, Row]:
        """Compute steps up to the next state that is kept, and none of the states between."""
        unkept = self._unkept
        if not unkept:
            self._rows.append(self._next)
        count = min(budget, unkept or self._every)
        columns, self._next = self.trainer.run_observed(self._next, count, self._known)
        return count, columns

    @property
    def _unkept(self) -> int:
        """How many steps from the last known one on have states that are not kept."""
        return (self._start - self._known) % self._every

    def snapshot(self) -> History:
        """Return a history of the same run that another thread may use: neither sees the other."""
        other = copy(self)
        other._rows, other._columns = list(self._rows), list(self._columns)
        other.parent = None if self.parent is None else self.parent.snapshot()
        return other

    def state(self, step: int) -> Row:
        """Return the state before update `step`, read-only, computing as far as needed."""
        assert step >= 0
        if step < self._start:
            return self.owner(step).state(step)
        if step > self._known:
            self.advance(step - self._known)
        if step == self._known:
            return _frozen(self._next)
        index, ahead = divmod(step - self._start, self._every)
        return _frozen(self._replay(index, step, ahead) if ahead else self._rows[index])

    def away(self, step: int) -> int:
        """Return how many steps are run on the way to the state of a step, if it is asked for."""
        if step < self._start:
            return self.owner(step).away(step)
        if step >= self._known:
            return step - self._known
        first, states = self._replayed
        ahead = (step - self._start) % self._every
        last = first + len(states) - 1
        return 0 if first <= step <= last else min(ahead, step - last) if last < step else ahead

    def _replay(self, index: int, step: int, ahead: int) -> Row:
        """Return a state that is not kept, `ahead` steps after row `index`."""
        first, states = self._replayed
        last = first + len(states) - 1
        if first <= step <= last:
            return states[step - first]
        at, row = step - ahead, self._rows[index]
        if at <= last < step:
            at, row = last, states[-1]
        skipped = max(0, step - at - min(_WINDOW, self._limit))
        if skipped:
            row = self.trainer.run(row, skipped, at)
        for before in range(at + skipped, step):
            row = self.trainer.run(row, 1, before)
            self._remember(before + 1, row)
        return row

    def _remember(self, step: int, row: Row) -> None:
        """Keep a state that was replayed, and those of the steps before it."""
        first, states = self._replayed
        follows = first + len(states) == step
        kept = (*states, row)[-min(_WINDOW, self._limit) :] if follows else (row,)
        self._replayed = step + 1 - len(kept), kept

    def tape(self, step: int, nodes: tuple[int, ...] | None = None) -> Tape:
        """Return the tape of a step, with all its values or those of `nodes`."""
        owner = self.owner(step)
        return owner._record(step, nodes)

    def _record(self, step: int, nodes: tuple[int, ...] | None) -> Tape:
        tape = self.trainer.record(self.state(step), step, nodes)
        first, states = self._replayed
        if nodes is None and step < self._known and first + len(states) == step + 1:
            self._remember(step + 1, self.trainer.after_of(tape))  # so `n` need not replay it
        return tape


def _frozen(array: NDArray[np.float64]) -> NDArray[np.float64]:
    view = array.view()
    view.flags.writeable = False
    return view
