"""The statements whose edits change the loss: they are part of it, and so right by definition."""

from __future__ import annotations

import ast

from gradtui.diagnosis.recorded.blame.candidates import Statement
from gradtui.diagnosis.recorded.blame.trial import Trials

_MOST = 6
"""Edits of a statement that all change the loss before no more of it are tried."""


class Straying:
    """Counts, for each statement, the edits that change the loss."""

    def __init__(self, trials: Trials) -> None:
        self._trials = trials
        self._counts: dict[ast.stmt, int] = {}
        """Statement -> the number of its edits that changed the loss; negative if some did not."""

    def is_in_loss(self, s: Statement) -> bool:
        """Return whether no more edits of a statement are worth trying."""
        return self._counts.get(s.node, 0) >= _MOST

    def note(self, s: Statement) -> None:
        """Note whether the edit of a statement that was tried last changes the loss.

        One that has to be ended takes as long as many others, and more of that line would not end
        either.
        """
        so_far, strays = self._counts.get(s.node, 0), self._trials.strays
        if self._trials.endless:
            self._counts[s.node] = max(0, so_far) + _MOST // 2
        elif strays is not None and so_far >= 0:
            self._counts[s.node] = so_far + 1 if strays else -1
