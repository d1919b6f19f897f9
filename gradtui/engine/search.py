"""Finds, bit by bit, the steps of a run at which a condition becomes true."""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import NDArray

from gradtui.engine.history import History
from gradtui.engine.observables import read_condition

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
        holds = self.condition.values(rows, first)[start - first :] > 0
        # Looking back beyond the start of the run gives nothing to compare with.
        holds[: max(0, depth - start)] = False
        begins = holds & ~np.concatenate([[self._held], holds[:-1]])
        self._found.append(np.flatnonzero(begins) + start)
        self._held = bool(holds[-1])
        self.searched += count

    def _rows(self, first: int, count: int) -> NDArray[np.float64]:
        """Return the values that the condition needs at some steps, one row each."""
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
    """Values of some nodes over the steps that one history computes."""

    def __init__(self, history: History, needs: tuple[int, ...]) -> None:
        self._history, trainer = history, history.trainer
        self._columns = trainer.exact_columns(needs)
        self._observe = trainer.observer(needs)

    def values(self, start: int, stop: int) -> NDArray[np.float64]:
        """Return the values at the steps from `start` to before `stop`, one row each."""
        columns, history = self._columns, self._history
        if columns is not None and history.every == 1:
            states = history.states(start, stop)
            if states is not None:
                return columns(states, start)
        return self._observe(history.state(start), stop - start, start)


def _parts(text: str, history: History) -> list[tuple[int, int | None, _Part]]:
    """Return (first step, the one after the last, values) of each part of a run.

    A branch and its ancestors are computed by different trainers.
    """
    parts: list[tuple[int, int | None, _Part]] = []
    stop: int | None = None
    one: History | None = history
    while one is not None:
        start = 0 if one.parent is None else one.origin.start
        needs = read_condition(text, one.trainer.program).needs
        parts.append((start, stop, _Part(one, needs)))
        stop, one = start, one.parent
    return parts[::-1]
