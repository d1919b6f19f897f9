"""A run that goes on from a step of another one with something changed, before it is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from gradtui.engine.forks import go_on, starts_anew
from gradtui.engine.history import MEMORY, History, Origin
from gradtui.engine.trainer import Row
from gradtui.scenario.problem import Problem

if TYPE_CHECKING:
    from gradtui.scenario.settings import Change

DRAWN = 6
"""Runs that are drawn together: more are not told apart."""


class Fork(Struct, frozen=True, eq=False):
    """A run that goes on from a step."""

    change: str
    """What is changed, in the words of a scenario file."""
    problem: Problem
    step: int
    row: Row
    """The state at that step."""
    anew: tuple[str, ...] = ()
    """What the optimizer remembers and starts at its first values."""

    def history(self, parent: History, origin: Origin) -> History:
        """Return the history of the run, whose past is that of `parent`."""
        return History(self.problem.trainer, origin, MEMORY // 4, parent=parent, first=self.row)


def fork(problem: Problem, row: Row, step: int, change: Change) -> Fork:
    """Return the run that goes on from a state of a problem's run with a change."""
    other = change.problem(problem)
    anew = starts_anew(problem.trainer, other.trainer)
    trainer, row = go_on(problem.trainer, row, other.trainer, step)
    return Fork(change.text, replace(other, trainer=trainer), step, change.put(row, trainer), anew)
