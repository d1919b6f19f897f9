"""Ends runs of the user's code that take far longer than its first one.

At drawn numbers, `while n * w.sum() < 5: n += 1` may go on for ever.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from gradtui.diagnosis.recorded.watchdog import Endless, Limits, Watchdog

_LIMITS = Limits(least=2.0, computing=2.0, times=100)


class TooLong(Exception):
    """A run has taken far longer than the first of its kind."""


class Patience:
    """The time that runs of one target are given."""

    def __init__(self) -> None:
        self._watchdog = Watchdog(limits=_LIMITS)
        self._usual: dict[tuple[str, bool], float] = {}
        """The kind of a run, and whether it is traced -> the seconds that the first one took."""
        self.ended = 0
        """The number of runs that were ended."""

    def at_work(self) -> AbstractContextManager[None]:
        """Let runs be ended."""
        return self._watchdog.at_work()

    @contextmanager
    def running(self, kind: str) -> Iterator[None]:
        """Raise TooLong in a run that takes far longer than the first of its kind."""
        key = kind, sys.gettrace() is not None  # what copies all values of each line is slow
        if key not in self._usual:
            begun = time.perf_counter()
            yield
            self._usual[key] = time.perf_counter() - begun
            return
        self._watchdog.usual = self._usual[key]
        try:
            with self._watchdog.watching():
                yield
        except Endless as error:
            if not self._watchdog.sent:
                raise  # edited code is ended by the watchdog of its search
            self.ended += 1
            raise TooLong from error
