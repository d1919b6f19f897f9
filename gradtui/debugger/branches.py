"""The branches of a session: runs that share a past and differ from a step on. Knows no screen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from gradtui.base.text import clip
from gradtui.engine.forks import go_on, starts_anew
from gradtui.engine.history import MEMORY, Branch, History
from gradtui.engine.trainer import Row
from gradtui.scenario.problem import Drive, Patch, Problem

if TYPE_CHECKING:
    from gradtui.scenario.settings import Change

DRAWN = 6
"""Branches that are drawn together: more are not told apart."""
_NAME = 24


class Fork(Struct, frozen=True, eq=False):
    """A run that goes on from a step with something changed, before it is a branch."""

    change: str
    """What is changed, in the words of a scenario file."""
    problem: Problem
    step: int
    row: Row
    """The state at that step."""
    anew: tuple[str, ...] = ()
    """What the optimizer remembers and starts at its first values."""

    def history(self, parent: History, branch: Branch) -> History:
        """Return the history of the run, whose past is that of `parent`."""
        return History(self.problem.trainer, branch, MEMORY // 4, parent=parent, first=self.row)


class Line(Struct, eq=False):
    """One branch: a line of the run's history.  Of it only the name changes."""

    id: int
    name: str
    change: str
    """What was changed where it left its parent; nothing for the run of the file."""
    parent: Line | None
    problem: Problem
    """The scenario as it is from the start of the branch on."""
    history: History
    mark: int
    """Which of the curves' signs is its own, from 0; more lines than signs share them."""
    drives: bool = False
    """Whether it is only there to drive otherwise: one key makes it again."""

    @property
    def start(self) -> int:
        """The step at which it left its parent."""
        return self.history.branch.start

    @property
    def fix(self) -> Patch | None:
        """The line of the file that is corrected where it left its parent, if one is."""
        before = 0 if self.parent is None else len(self.parent.problem.patches)
        return self.problem.patches[-1] if len(self.problem.patches) > before else None

    def at(self, step: int) -> Line:
        """Return the line that a step was computed in: this one, or one that it came from."""
        found = self
        while found.parent is not None and step < found.start:
            found = found.parent
        return found


def fork(line: Line, step: int, change: Change) -> Fork:
    """Return the run that goes on from a step of a line with a change; nothing of it is touched."""
    here = line.at(step)
    problem = change.problem(here.problem)
    before, row = here.problem.trainer, line.history.state(step)
    anew = starts_anew(before, problem.trainer)
    trainer, row = go_on(before, row, problem.trainer, step)
    return Fork(
        change.text, replace(problem, trainer=trainer), step, change.put(row, trainer), anew
    )


class Branches:
    """All lines of a session and the one that is looked at."""

    def __init__(self, problem: Problem, history: History | None = None) -> None:
        name = problem.drive if problem.by_hand else "file"
        history = history or History(problem.trainer)
        self.current = Line(0, name, "", None, problem, history, 0)
        self._lines = [self.current]
        self._issued = 0

    def __iter__(self) -> Iterator[Line]:
        return iter(self._lines)

    def __len__(self) -> int:
        return len(self._lines)

    @property
    def root(self) -> Line:
        """The run of the file."""
        return self._lines[0]

    @property
    def kept(self) -> Sequence[Line]:
        """The lines that would be lost: those that the user made."""
        return [line for line in self._lines[1:] if not line.drives]

    @property
    def drawn(self) -> Sequence[Line]:
        """The lines that are drawn together: the current one, and the last ones made."""
        others = [line for line in self._lines if line is not self.current]
        return [self.current, *others[-(DRAWN - 1) :]]

    def add(self, fork: Fork, name: str = "", *, drives: bool = False) -> Line:
        """Make a fork a branch of the current line and go there."""
        self._issued += 1
        parent = self.current.at(fork.step)
        branch = Branch(self._issued, parent.id, fork.step)
        line = Line(
            self._issued, self._free_name(name or fork.change), fork.change, parent,
            fork.problem, fork.history(parent.history, branch), self._free_mark(), drives,
        )  # fmt: skip
        self._lines.append(line)
        self.current = line
        return line

    def switch(self, line: Line) -> None:
        """Look at another line."""
        assert line in self._lines
        self.current = line

    def turn(self, by: int) -> None:
        """Look at the next line, or the one before where `by` is negative."""
        at = self._lines.index(self.current)
        self.current = self._lines[(at + by) % len(self._lines)]

    def rename(self, line: Line, name: str) -> None:
        """Give a line another name; the same with a number where it is taken."""
        line.name = self._free_name(name, line)

    def remove(self, line: Line) -> None:
        """Forget a line; what branched off it keeps the past that it shares with it."""
        assert line is not self.root
        at = self._lines.index(line)
        self._lines.remove(line)
        if line is self.current:
            near = line.parent if line.parent in self._lines else self._lines[at - 1]
            assert near is not None
            self.current = near

    def turn_drive(self) -> Line:
        """Look at the same run with the other drive, made at the first time."""
        line = self.current
        wanted: Drive = "autodiff" if line.problem.drive == "hand" else "hand"
        for other in self._lines:
            one, two = (line, other) if line.drives else (other, line)
            if one.drives and one.parent is two and other.problem.drive == wanted:
                self.current = other
                return other
        name = wanted if line is self.root else f"{line.name} {wanted}"
        return self._add_beside(line, line.problem.driven_by(wanted), f"drive {wanted}", name, True)

    def fix(self, line: Line, corrected: Problem) -> Line:
        """Look at a line's run with the last patch of its problem, made at the first time."""
        patch = corrected.patches[-1]
        for other in self._lines:
            if other.parent is line and other.fix == patch:
                self.current = other
                return other
        return self._add_beside(line, corrected, patch.after, f"fix {patch.name}")

    def _add_beside(
        self, line: Line, problem: Problem, change: str, name: str, drives: bool = False
    ) -> Line:
        """Make another problem a branch that begins where a line does, and go there."""
        trainer, row = go_on(
            line.problem.trainer, line.history.state(line.start), problem.trainer, line.start
        )
        made = Fork(change, replace(problem, trainer=trainer), line.start, row)
        self.current = line
        return self.add(made, name, drives=drives)

    def _free_name(self, name: str, own: Line | None = None) -> str:
        """Return a name that no other line has."""
        name = clip(name.strip(), _NAME)
        taken = {line.name for line in self._lines if line is not own}
        count, free = 1, name
        while free in taken:
            count += 1
            free = f"{name} ({count})"
        return free

    def _free_mark(self) -> int:
        """Return the first sign that no line has, else the one after the last line's."""
        taken = {line.mark for line in self._lines}
        return next(mark for mark in range(len(taken) + 1) if mark not in taken)
