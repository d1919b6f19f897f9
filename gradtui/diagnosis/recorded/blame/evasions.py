"""Edits that evade a mistake instead of repairing it: a size with which a loop has one round."""

from __future__ import annotations

import ast
import sys
from collections import Counter
from types import FrameType
from typing import Any

from gradtui.diagnosis.recorded.blame.candidates import Statement
from gradtui.diagnosis.recorded.blame.trial import Patch, Trials
from gradtui.recording.places import is_users_file

_SEVERAL = 3
"""Fewest rounds of a loop of which one round is not left by the repair of an end."""
_Rounds = Counter[tuple[str, int]]


class Evasions:
    """Tells which edits only make wrong lines run no more, or once."""

    def __init__(self, trials: Trials) -> None:
        self._trials = trials
        self._rounds: _Rounds | None = None
        """How often each line runs without an edit."""

    def has(self, s: Statement, patch: Patch) -> bool:
        """Return whether an edit of a size, or of a loop, leaves none or one of several rounds.

        Where another line runs more often instead, it is no evasion.
        """
        if not _sets_rounds(s):
            return False
        if self._rounds is None:
            self._rounds = self._run(None)
        found, before = self._run(patch), self._rounds
        if not found:
            return False  # it is too slow to be looked at
        fewer = any(count >= _SEVERAL and found[at] < 2 for at, count in before.items())
        return fewer and all(count <= before[at] for at, count in found.items())

    def _run(self, patch: Patch | None) -> _Rounds:
        found = _Rounds()

        def called(frame: FrameType, event: str, arg: Any) -> Any:
            return line if is_users_file(frame.f_code.co_filename) else None

        def line(frame: FrameType, event: str, arg: Any) -> Any:
            if event == "line":
                found[frame.f_code.co_filename, frame.f_lineno] += 1
            return line

        before = sys.gettrace()
        sys.settrace(called)
        try:
            ended = self._trials.results(patch) is not None
        finally:
            sys.settrace(before)
        return found if ended else _Rounds()


def _sets_rounds(s: Statement) -> bool:
    """Return whether a statement is a loop, or stores a whole number."""
    if isinstance(s.node, ast.For):
        return True
    held = s.stored(s.node.targets[0]) if isinstance(s.node, ast.Assign) else None
    return held is not None and (held.kind, held.shape) == ("i", ())
