"""Breakpoints and watch expressions.

They belong to the user, not to the run: another run of the model is searched anew.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from gradtui.base.source import InputError
from gradtui.engine.history import History
from gradtui.engine.observables import Observable, observed, read_condition, read_expression
from gradtui.engine.program import StepProgram
from gradtui.engine.tape import Tape

if TYPE_CHECKING:
    from gradtui.engine.search import Search

Array = NDArray[np.float64]
_NOWHERE = np.empty(0, np.intp)


class Breakpoint(Struct, frozen=True, eq=False):
    """A breakpoint: a condition, and the steps at which it becomes true."""

    text: str
    enabled: bool = True
    steps: NDArray[np.intp] = _NOWHERE
    """Steps found so far at which it becomes true, ascending."""
    searched: int = 0
    """How many steps of the run have been searched."""
    trouble: str = ""
    """Why the present model cannot be searched for it, if so."""


class Watched(Struct, frozen=True, eq=False):
    """An expression and its value at the cursor."""

    text: str
    value: Array | None
    """None if it has no value."""
    trouble: str = ""
    """Why it has no value."""


class Breakpoints:
    """The breakpoints and the watches of a session."""

    def __init__(self, history: History, last: int) -> None:
        self.watches: list[str] = []
        self._breakpoints: list[Breakpoint] = []
        self._follow(history, last)

    def follow(self, history: History, last: int) -> None:
        """Turn to another run, of the steps 0 to `last`; the same run changes nothing."""
        if history is not self._history or last != self._last:
            self._follow(history, last)

    def _follow(self, history: History, last: int) -> None:
        self._history, self._last = history, last
        self._searches: dict[str, Search | str] = {}
        self._observables: dict[tuple[str, StepProgram], Observable | str] = {}

    @property
    def conditions(self) -> tuple[tuple[str, bool], ...]:
        """The breakpoints' conditions, and whether each is enabled."""
        return tuple((breakpoint.text, breakpoint.enabled) for breakpoint in self._breakpoints)

    def restore(self, conditions: Iterable[tuple[str, bool]], watches: Iterable[str]) -> None:
        """Replace all breakpoints and watches, including those that do not fit this run."""
        self._breakpoints = [Breakpoint(text, enabled) for text, enabled in conditions]
        self.watches = list(watches)

    @property
    def found(self) -> tuple[Breakpoint, ...]:
        """The breakpoints with the steps found so far."""
        return tuple(self._found(breakpoint) for breakpoint in self._breakpoints)

    def check_condition(self, text: str) -> None:
        """Raise InputError with a place in the text if it is not a condition."""
        read_condition(text, self._history.trainer.program)

    def check_expression(self, text: str) -> None:
        """Raise InputError with a place in the text if it is not a watch expression."""
        read_expression(text, self._history.trainer.program)

    def toggle(self, text: str) -> tuple[str, bool]:
        """Set a breakpoint, or remove it if it exists.

        Return its condition and whether it now exists.  Raises InputError with a place in the
        text if it is not a condition.
        """
        text = read_condition(text, self._history.trainer.program).text
        same = [b for b in self._breakpoints if _same(b.text, text)]
        if same:
            self._breakpoints.remove(same[0])
        else:
            self._breakpoints.append(Breakpoint(text))
        return text, not same

    def remove(self, index: int) -> None:
        """Remove a breakpoint."""
        del self._breakpoints[index]

    def enable(self, index: int, on: bool) -> None:
        """Enable a breakpoint, or disable it."""
        self._breakpoints[index] = replace(self._breakpoints[index], enabled=on)

    def toggle_watch(self, text: str) -> bool:
        """Watch an expression, or stop watching it; return whether it is watched now.

        Raises InputError with a place in the text if it is not an expression.
        """
        text = read_expression(text, self._history.trainer.program).text
        same = [watch for watch in self.watches if _same(watch, text)]
        for watch in same:
            self.watches.remove(watch)
        if not same:
            self.watches.append(text)
        return not same

    def watched(self, step: int, tape: Callable[[int], Tape]) -> tuple[Watched, ...]:
        """Return the watches with their values at a step; `tape` returns the tape of a step."""
        return tuple(self._watched(text, step, tape) for text in self.watches)

    def search(self, seconds: float) -> bool:
        """Search for breakpoints for a short time; return whether any of the run is left."""
        until = time.monotonic() + seconds
        left = list(self._pending())
        for search in left:
            search.run(max(0.0, until - time.monotonic()))
        return any(not search.done for search in left)

    def ahead(self, step: int) -> tuple[int | None, int | None]:
        """Return the next step after `step` at which a breakpoint stops; None without one.

        The second result is None if that is certain, else the step searched so far: a nearer
        stop may still be found.
        """
        nearest: int | None = None
        for breakpoint in self._enabled():
            later = breakpoint.steps[np.searchsorted(breakpoint.steps, step, "right") :]
            if later.size and (nearest is None or later[0] < nearest):
                nearest = int(later[0])
        end = self._last + 1 if nearest is None else nearest
        return nearest, self._unsearched(end)

    def behind(self, step: int) -> tuple[int | None, int | None]:
        """Return the last step before `step` at which a breakpoint stops, as `ahead` does."""
        found = [
            int(breakpoint.steps[at - 1])
            for breakpoint in self._enabled()
            if (at := int(np.searchsorted(breakpoint.steps, step, "left")))
        ]
        return max(found, default=None), self._unsearched(min(step, self._last + 1))

    def _unsearched(self, end: int) -> int | None:
        """Return the step searched so far if that is before `end`, else None."""
        least = min((search.searched for search in self._pending()), default=end)
        return least if least < end else None

    def _enabled(self) -> Iterator[Breakpoint]:
        return (breakpoint for breakpoint in self.found if breakpoint.enabled)

    def _pending(self) -> Iterator[Search]:
        for breakpoint in self._breakpoints:
            search = self._search(breakpoint.text)
            if breakpoint.enabled and not isinstance(search, str) and not search.done:
                yield search

    def _found(self, breakpoint: Breakpoint) -> Breakpoint:
        search = self._search(breakpoint.text)
        if isinstance(search, str):
            return replace(breakpoint, trouble=search)
        return replace(breakpoint, steps=search.hits, searched=search.searched)

    def _search(self, text: str) -> Search | str:
        from gradtui.engine.search import Search

        if text not in self._searches:
            try:
                self._searches[text] = Search(text, self._history, self._last)
            except InputError as error:
                self._searches[text] = error.message
        return self._searches[text]

    def _watched(self, text: str, step: int, tape: Callable[[int], Tape]) -> Watched:
        found = self._observable(text, self._history.trainer.program)
        if isinstance(found, str):
            return Watched(text, None, found)
        if found.depth > step:
            return Watched(text, None, "no step before")
        values = []
        for tape_at in map(tape, range(step - found.depth, step + 1)):
            own = self._observable(text, tape_at.program)
            assert isinstance(own, Observable)
            values.append([tape_at.value(node) for node in own.needs])
        return Watched(text, observed(found, values, step - found.depth))

    def _observable(self, text: str, program: StepProgram) -> Observable | str:
        """Return the expression that a text means for a program, or why it means none."""
        key = (text, program)
        if key not in self._observables:
            try:
                self._observables[key] = read_expression(text, program)
            except InputError as error:
                self._observables[key] = error.message
        return self._observables[key]


def _same(text: str, other: str) -> bool:
    return "".join(text.split()) == "".join(other.split())
