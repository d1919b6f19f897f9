"""How far the check of a target has come, for another thread or process to read."""

from __future__ import annotations

from collections.abc import Collection, MutableSequence

from gradtui.diagnosis.recorded.outcome import Outcome


class Progress:
    """The progress of one check."""

    def __init__(
        self, count: MutableSequence[int] | memoryview | None = None, crashing: Collection[int] = ()
    ) -> None:
        """`count` holds the number of runs, and `crashing` the numbers of those left out.

        Both count runs of single lines, too, which a glance needs.
        """
        self._count = [0] if count is None else count
        self._crashing = frozenset(crashing)
        self.tried = 0
        """The number of runs of edited code so far."""
        self.compared: Outcome | None = None
        """The outcome without the lines at fault, once something is known to be wrong."""

    def counts(self) -> bool:
        """Count one more run of edited code; return whether to make it."""
        self.tried += 1
        return self.counts_line()

    def counts_line(self) -> bool:
        """Count one more run; return whether to make it, which has not crashed Python before."""
        self._count[0] += 1
        return self._count[0] not in self._crashing
