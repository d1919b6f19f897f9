"""The work allowed for judging one run: counted, so that it is the same on every machine."""

from __future__ import annotations

MOST = 15_000_000.0
"""Microseconds, by estimate."""


TOO_LARGE = "not judged: the model is too large"


class TooLargeError(Exception):
    """Judging a run would take more work than allowed."""


class TimeSpent:
    """The work done to judge a run, in microseconds by estimate."""

    def __init__(self) -> None:
        self._done = 0.0

    def spend(self, cost: float) -> None:
        """Count work to be done; raises TooLargeError, and counts nothing, if it is too much."""
        if self._done + cost > MOST:
            raise TooLargeError
        self._done += cost
