"""The branches of a session: runs that share a past and differ from a step on. Knows no screen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from gradtui.base.text import clip
from gradtui.engine.forks import go_on, starts_anew
from gradtui.engine.history import MEMORY, History, Origin
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

    def history(self, parent: History, origin: Origin) -> History:
        """Return the history of the run, whose past is that of `parent`."""
        return History(self.problem.trainer, origin, MEMORY // 4, parent=parent, first=self.row)


class Branch(Struct, eq=False):
    """A run that left another at a step, or the first of all.  Of it only the name changes."""

    id: int
    name: str
    change: str
    """What was changed where it left its parent; nothing for the run of the file."""
    parent: Branch | None
    problem: Problem
    """The scenario as it is from the start of the branch on."""
    history: History
    mark: int
    """Which of the curves' signs is its own, from 0; more branches than signs share them."""
    drives: bool = False
    """Whether it is only there to drive otherwise: one key makes it again."""

    @property
    def start(self) -> int:
        """The step at which it left its parent."""
        return self.history.origin.start

    @property
    def fix(self) -> Patch | None:
        """The line of the file that is corrected where it left its parent, if one is."""
        before = 0 if self.parent is None else len(self.parent.problem.patches)
        return self.problem.patches[-1] if len(self.problem.patches) > before else None

    def at(self, step: int) -> Branch:
        """Return the branch that a step was computed in: this one, or one that it came from."""
        found = self
        while found.parent is not None and step < found.start:
            found = found.parent
        return found


def fork(branch: Branch, step: int, change: Change) -> Fork:
    """Return the run that goes on from a step of a branch with a change, itself untouched."""
    here = branch.at(step)
    problem = change.problem(here.problem)
    before, row = here.problem.trainer, branch.history.state(step)
    anew = starts_anew(before, problem.trainer)
    trainer, row = go_on(before, row, problem.trainer, step)
    return Fork(
        change.text, replace(problem, trainer=trainer), step, change.put(row, trainer), anew
    )


class Branches:
    """All branches of a session and the one that is looked at."""

    def __init__(self, problem: Problem, history: History | None = None) -> None:
        name = problem.drive if problem.by_hand else "file"
        history = history or History(problem.trainer)
        self.current = Branch(0, name, "", None, problem, history, 0)
        self._branches = [self.current]
        self._issued = 0

    def __iter__(self) -> Iterator[Branch]:
        return iter(self._branches)

    def __len__(self) -> int:
        return len(self._branches)

    @property
    def root(self) -> Branch:
        """The run of the file."""
        return self._branches[0]

    @property
    def kept(self) -> Sequence[Branch]:
        """The branches that would be lost: those that the user made."""
        return [branch for branch in self._branches[1:] if not branch.drives]

    @property
    def drawn(self) -> Sequence[Branch]:
        """The branches that are drawn together: the current one, and the last ones made."""
        others = [branch for branch in self._branches if branch is not self.current]
        return [self.current, *others[-(DRAWN - 1) :]]

    def add(self, fork: Fork, name: str = "", *, drives: bool = False) -> Branch:
        """Make a fork a branch of the current branch and go there."""
        self._issued += 1
        parent = self.current.at(fork.step)
        origin = Origin(self._issued, parent.id, fork.step)
        branch = Branch(
            self._issued, self._free_name(name or fork.change), fork.change, parent,
            fork.problem, fork.history(parent.history, origin), self._free_mark(), drives,
        )  # fmt: skip
        self._branches.append(branch)
        self.current = branch
        return branch

    def switch(self, branch: Branch) -> None:
        """Look at another branch."""
        assert branch in self._branches
        self.current = branch

    def turn(self, by: int) -> None:
        """Look at the next branch, or the one before where `by` is negative."""
        at = self._branches.index(self.current)
        self.current = self._branches[(at + by) % len(self._branches)]

    def rename(self, branch: Branch, name: str) -> None:
        """Give a branch another name; the same with a number where it is taken."""
        branch.name = self._free_name(name, branch)

    def remove(self, branch: Branch) -> None:
        """Forget a branch; what branched off it keeps the past that it shares with it."""
        assert branch is not self.root
        at = self._branches.index(branch)
        self._branches.remove(branch)
        if branch is self.current:
            near = branch.parent if branch.parent in self._branches else self._branches[at - 1]
            assert near is not None
            self.current = near

    def turn_drive(self) -> Branch:
        """Look at the same run with the other drive, made at the first time."""
        branch = self.current
        wanted: Drive = "autodiff" if branch.problem.drive == "hand" else "hand"
        for other in self._branches:
            one, two = (branch, other) if branch.drives else (other, branch)
            if one.drives and one.parent is two and other.problem.drive == wanted:
                self.current = other
                return other
        name = wanted if branch is self.root else f"{branch.name} {wanted}"
        return self._add_beside(
            branch, branch.problem.driven_by(wanted), f"drive {wanted}", name, True
        )

    def fix(self, branch: Branch, corrected: Problem) -> Branch:
        """Look at a branch's run with the last patch of its problem, made at the first time."""
        patch = corrected.patches[-1]
        for other in self._branches:
            if other.parent is branch and other.fix == patch:
                self.current = other
                return other
        return self._add_beside(branch, corrected, patch.after, f"fix {patch.name}")

    def _add_beside(
        self, branch: Branch, problem: Problem, change: str, name: str, drives: bool = False
    ) -> Branch:
        """Make another problem a branch that begins where a branch does, and go there."""
        trainer, row = go_on(
            branch.problem.trainer,
            branch.history.state(branch.start),
            problem.trainer,
            branch.start,
        )
        made = Fork(change, replace(problem, trainer=trainer), branch.start, row)
        self.current = branch
        return self.add(made, name, drives=drives)

    def _free_name(self, name: str, own: Branch | None = None) -> str:
        """Return a name that no other branch has."""
        name = clip(name.strip(), _NAME)
        taken = {branch.name for branch in self._branches if branch is not own}
        count, free = 1, name
        while free in taken:
            count += 1
            free = f"{name} ({count})"
        return free

    def _free_mark(self) -> int:
        """Return the first sign that no branch has, else the one after the last branch's."""
        taken = {branch.mark for branch in self._branches}
        return next(mark for mark in range(len(taken) + 1) if mark not in taken)
