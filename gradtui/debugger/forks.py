"""A fork: a run that continues from a step of another with something changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from gradtui.engine.forks import go_on, starts_anew
from gradtui.engine.history import MEMORY, History, Origin
from gradtui.engine.lowered import Row
from gradtui.scenario.problem import Problem

if TYPE_CHECKING:
    from gradtui.scenario.settings import Change

DRAWN = 6
"""Most runs drawn together: more could not be told apart."""


class Fork(Struct, frozen=True, eq=False):
    """A run that continues from a step of another."""

    change: str
    """The change, in the words of a scenario file."""
    problem: Problem
    step: int
    row: Row
    """The state at that step."""
    anew: tuple[str, ...] = ()
    """The optimizer's memory that starts afresh."""

    def history(self, parent: History, origin: Origin) -> History:
        """Return the run's history, whose past is that of `parent`."""
        return History(self.problem.trainer, origin, MEMORY // 4, parent=parent, first=self.row)


def fork(problem: Problem, row: Row, step: int, change: Change) -> Fork:
    """Return the run that continues from a state of a problem's run with a change."""
    other = change.problem(problem)
    anew = starts_anew(problem.trainer, other.trainer)
    trainer, row = go_on(problem.trainer, row, other.trainer, step)
    return Fork(change.text, replace(other, trainer=trainer), step, change.put(row, trainer), anew)
