"""How far the check of a target has come, for another thread or process to read."""

from __future__ import annotations

from collections.abc import Collection, MutableSequence

from gradtui.diagnosis.recorded.outcome import Outcome


class Progress:
    """The progress of one check."""

    def __init__(
        self, count: MutableSequence[int] | memoryview | None = None, crashing: Collection[int] = ()
    ) -> None:
        """`count` holds the number of runs, and `crashing` the numbers of those left out."""
        self._count = [0] if count is None else count
        self._crashing = frozenset(crashing)
        self.compared: Outcome | None = None
        """The outcome without the lines at fault, once something is known to be wrong."""

    @property
    def tried(self) -> int:
        """The number of runs of edited code so far."""
        return self._count[0]

    def counts(self) -> bool:
        """Count one more run; return whether to make it, which has not crashed Python before."""
        self._count[0] += 1
        return self._count[0] not in self._crashing
