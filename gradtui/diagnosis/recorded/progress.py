"""How far the check of a target has come, for another thread to read."""

from __future__ import annotations

from gradtui.diagnosis.recorded.outcome import Outcome


class Progress:
    """The progress of one check."""

    def __init__(self) -> None:
        self.tried = 0
        """The number of runs of edited code so far."""
        self.compared: Outcome | None = None
        """The outcome without the lines at fault, once something is known to be wrong."""
