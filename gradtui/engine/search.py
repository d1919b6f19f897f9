"""Finds, bit by bit, the steps of a run at which a condition becomes true."""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import NDArray

from gradtui.engine.history import History
from gradtui.engine.lowered import Row
from gradtui.engine.observables import Observable, read_condition
from gradtui.engine.quantities import quantities_of

_FIRST, _MOST = 16, 1 << 15
"""Steps examined together: at first, and at most."""
_NUMBERS = 2_000_000
"""Most numbers held together."""
_SLICE = 0.008
"""Target seconds for one stretch of steps."""


class Search:
    """The search for a condition in the steps 0 to `last` of a run.

    It is evaluated over stretches of steps, on exactly the values that training computes.  Raises
    InputError with a place in the text if it is not a condition.
    """

    def __init__(self, text: str, history: History, last: int) -> None:
        self.condition = condition = read_condition(text, history.trainer.program)
        self.last = last
        self.searched = 0
        """The number of steps searched."""
        self._history = history
        self._held = False
        self._found: list[NDArray[np.intp]] = []
        self._stretch = _FIRST
        self._losses = set(condition.needs) <= {history.trainer.program.graph.loss}
        self._parts = [] if self._losses else _parts(text, history)
        found = None if self._losses else quantities_of(condition)
        self._compared = condition if found is None else found.compared
        numbers = condition.size + (0 if self._losses else history.trainer.width)
        self._most = max(1, min(_MOST, _NUMBERS // max(1, numbers)))

    @property
    def done(self) -> bool:
        """Whether all steps have been searched."""
        return self.searched > self.last

    @property
    def hits(self) -> NDArray[np.intp]:
        """The steps found so far, ascending, at which it becomes true."""
        if len(self._found) > 1:
            self._found = [np.concatenate(self._found)]
        return self._found[0] if self._found else np.empty(0, np.intp)

    def run(self, seconds: float) -> bool:
        """Search for a short time; return whether steps are left."""
        until = time.monotonic() + seconds
        while not self.done and (now := time.monotonic()) < until:
            self._look(min(self._stretch, self._most, self.last + 1 - self.searched))
            quick = time.monotonic() - now < _SLICE
            self._stretch = min(2 * self._stretch, _MOST) if quick else max(1, self._stretch // 2)
        return not self.done

    def _look(self, count: int) -> None:
        """Search the next `count` steps."""
        depth, start = self.condition.depth, self.searched
        first = max(0, start - depth)
        rows = self._rows(first, start + count - first)
        holds = self._compared.values(rows, first)[start - first :] > 0
        # Looking back beyond the start of the run gives nothing to compare with.
        holds[: max(0, depth - start)] = False
        begins = holds & ~np.concatenate([[self._held], holds[:-1]])
        self._found.append(np.flatnonzero(begins) + start)
        self._held = bool(holds[-1])
        self.searched += count

    def _rows(self, first: int, count: int) -> NDArray[np.float64]:
        """Return the values that the condition compares at some steps, one row each."""
        after = first + count
        if self._losses:
            if after > self._history.known:
                self._history.advance(after - self._history.known)
            losses = self._history.losses[first:after]
            return losses[:, None] if self.condition.needs else np.empty((count, 0))
        found = []
        for start, stop, part in self._parts:
            start, stop = max(first, start), after if stop is None else min(after, stop)
            if start < stop:
                found.append(part.values(start, stop))
        return np.concatenate(found)


class _Part:
    """What a condition compares, over the steps that one history computes."""

    def __init__(self, history: History, condition: Observable) -> None:
        self._history, trainer = history, history.trainer
        self._needs = condition.needs
        self._exact = trainer.exact_columns(self._needs)
        self._quantities = quantities_of(condition)
        keys = () if self._quantities is None else self._quantities.keys
        self._recorded = trainer.norms is not None and set(keys).issubset(trainer.norms.keys)
        self._next: tuple[int, Row] | None = None
        """The next step to run, and its state."""

    def values(self, start: int, stop: int) -> NDArray[np.float64]:
        """Return it at the steps from `start` to before `stop`, one row each.

        What is kept of it is not computed again.
        """
        if self._quantities is None:
            return self._run(start, stop)
        history, keys = self._history, self._quantities.keys
        if self._recorded:
            history.advance(stop - history.known)
        kept = [history.quantity(key)[start - history.start :][: stop - start] for key in keys]
        known = min(map(len, kept), default=0)
        found = np.empty((stop - start, len(keys)))
        for place, column in enumerate(kept):
            found[:known, place] = column[:known]
        if keys and known < len(found):
            found[known:] = self._quantities.of(self._run(start + known, stop))
            for place, key in enumerate(keys):
                history.keep(key, start + known, found[known:, place])
        return found

    def _run(self, start: int, stop: int) -> NDArray[np.float64]:
        """Return the values that the condition needs, one row for each step."""
        history = self._history
        if self._exact is not None and history.every == 1:
            states = history.states(start, stop)
            if states is not None:
                return self._exact(states, start)
        at, row = self._next or (-1, None)
        if row is None or at != start:
            row = history.state(start)
        rows, after = history.trainer.run_written(self._needs, row, stop - start, start)
        self._next = stop, after
        return rows


def _parts(text: str, history: History) -> list[tuple[int, int | None, _Part]]:
    """Return (first step, the one after the last, values) of each part of a run.

    A branch and its ancestors are computed by different trainers.
    """
    parts: list[tuple[int, int | None, _Part]] = []
    stop: int | None = None
    one: History | None = history
    while one is not None:
        start = 0 if one.parent is None else one.origin.start
        parts.append((start, stop, _Part(one, read_condition(text, one.trainer.program))))
        stop, one = start, one.parent
    return parts[::-1]
