"""The branches of a session: runs that share a past and differ from a step on. Knows no screen."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from gradtui.base.text import clip
from gradtui.debugger.forks import DRAWN, Fork, fork
from gradtui.engine.forks import go_on
from gradtui.engine.history import History, Origin
from gradtui.engine.optimizers import STATES
from gradtui.scenario.problem import Drive, Patch, Problem

if TYPE_CHECKING:
    from gradtui.debugger.sweeps import Sweep
    from gradtui.scenario.settings import Change

ORIGINAL = "original"
"""The name of the run of a file without hand-written lines."""
_NAME = 24
"""The longest name, in characters."""


class Branch(Struct, eq=False):
    """A run that forked from another at a step, or the file's run.  Only its name can change."""

    id: int
    name: str
    change: str
    """The change at the fork; empty for the run of the file."""
    parent: Branch | None
    problem: Problem
    """The scenario from the start of the branch on."""
    history: History
    mark: int
    """Its marker on the curves, from 0; further branches reuse the markers."""
    drives: bool = False
    """Whether it only swaps the drive, so that one key brings it back."""

    @property
    def start(self) -> int:
        """The step at which it forked from its parent."""
        return self.history.origin.start

    @property
    def fix(self) -> Patch | None:
        """The line of the file that the fork corrects, if any."""
        before = 0 if self.parent is None else len(self.parent.problem.patches)
        return self.problem.patches[-1] if len(self.problem.patches) > before else None

    def at(self, step: int) -> Branch:
        """Return the branch that computed a step: this one or an ancestor."""
        found = self
        while found.parent is not None and step < found.start:
            found = found.parent
        return found

    def fork(self, step: int, change: Change) -> Fork:
        """Return the run that continues from a step with a change; this one stays as it is."""
        return fork(self.at(step).problem, self.history.state(step), step, change)


class Branches:
    """All branches of a session and the current one, or a sweep in its place.

    `say` receives messages; `arrive` is called after a change of branch.
    """

    def __init__(
        self,
        problem: Problem,
        history: History | None,
        say: Callable[[str], None],
        arrive: Callable[[], None],
    ) -> None:
        name = ORIGINAL if problem.undriven else problem.drive
        history = history or History(problem.trainer)
        history.expect(problem.steps + 1)
        self.current = Branch(0, name, "", None, problem, history, 0)
        self.sweep: Sweep | None = None
        """The sweep that is shown instead of the branches, if any."""
        self._swept = self.current
        """The branch that they forked from."""
        self._branches = [self.current]
        self._issued = 0
        self._say, self._arrive = say, arrive

    def __iter__(self) -> Iterator[Branch]:
        return iter(self._branches)

    def __len__(self) -> int:
        return len(self._branches)

    @property
    def root(self) -> Branch:
        """The run of the file."""
        return self._branches[0]

    @property
    def name(self) -> str:
        """The name of the current branch; empty if it is the only one."""
        return self.current.name if len(self) > 1 else ""

    @property
    def kept(self) -> Sequence[Branch]:
        """The branches that quitting would lose: those that the user made."""
        return [branch for branch in self._branches[1:] if not branch.drives]

    @property
    def drawn(self) -> Sequence[Branch]:
        """The branches drawn together: the current one and the most recent."""
        others = [branch for branch in self._branches if branch is not self.current]
        return [self.current, *others[-(DRAWN - 1) :]]

    def what_if(self, text: str, step: int) -> None:
        """Switch to the branch with a change at a step, forked the first time.

        Raises InputError with a place in the text.
        """
        from gradtui.scenario.changes import read_change

        parent = self.current.at(step)
        change = read_change(text, parent.problem)
        for branch in self:
            if (branch.parent, branch.start, branch.change) == (parent, step, change.text):
                self.switch(branch)
                return
        made = self.current.fork(step, change)
        branch, self.sweep = self.add(made), None
        anew = " and ".join(STATES[name] for name in made.anew)
        starts = f"; {anew} start{'s' * (len(made.anew) == 1)} at 0" if anew else ""
        self._say(f"branch '{branch.name}' from step {step:,}{starts}")

    def try_all(self, text: str, step: int) -> None:
        """Run a sweep from a step.  Raises InputError with a place in the text."""
        from gradtui.debugger.sweeps import Sweep
        from gradtui.diagnosis.runs.work import TooLargeError
        from gradtui.scenario.changes import read_sweep

        branch = self.current
        changes = read_sweep(text, branch.at(step).problem)
        forks = [branch.fork(step, change) for change in changes]
        try:
            sweep = Sweep(forks, branch.problem.steps)
        except TooLargeError:
            self._say(f"no sweep: {len(forks)} runs of a model as large as this take too long")
            return
        self.sweep, self._swept = sweep, branch
        how = "together" if sweep.batched == len(forks) else f"{sweep.batched} of them together"
        how = how if sweep.batched else "in turn"
        sweep.said = f"{len(forks)} runs from step {step:,} to {sweep.last:,}, {how}"
        self._say(sweep.said)

    def keep(self, index: int) -> None:
        """Turn a run of the sweep into a branch."""
        assert self.sweep is not None
        self.current = self._swept
        branch, self.sweep = self.add(self.sweep.forks[index]), None
        self._say(f"branch '{branch.name}' from step {branch.start:,}")

    def end_sweep(self) -> None:
        """Leave the sweep and show the branches again."""
        self.sweep = None

    def add(self, fork: Fork, name: str = "", *, drives: bool = False) -> Branch:
        """Turn a fork into a branch of the current one and go there."""
        self._issued += 1
        parent = self.current.at(fork.step)
        origin = Origin(self._issued, parent.id, fork.step)
        branch = Branch(
            self._issued, self._free_name(name or fork.change), fork.change, parent,
            fork.problem, fork.history(parent.history, origin), self._free_mark(), drives,
        )  # fmt: skip
        self._branches.append(branch)
        self._go(branch)
        return branch

    def _go(self, branch: Branch) -> None:
        self.current = branch
        self._arrive()

    def switch(self, branch: Branch) -> None:
        """Switch to another branch."""
        assert branch in self._branches
        self.sweep = None
        self._go(branch)
        change = "" if branch.change in ("", branch.name) else f": {branch.change}"
        since = ": the run of the file" if branch.parent is None else f" from step {branch.start:,}"
        self._say(f"branch '{branch.name}'{since}{change}")

    def turn(self, by: int) -> None:
        """Switch to the next branch, or to the previous one if `by` is negative."""
        at = self._branches.index(self.current)
        self.switch(self._branches[(at + by) % len(self._branches)])
        if len(self._branches) == 1:
            self._say("no other branch")

    def rename(self, branch: Branch, name: str) -> None:
        """Rename a branch; a name that is taken gets a number."""
        branch.name = self._free_name(name, branch)

    def remove(self, branch: Branch) -> None:
        """Remove a branch; its own branches keep the past that they share with it."""
        if branch is self.root:
            self._say("the original run stays")
            return
        at = self._branches.index(branch)
        self._branches.remove(branch)
        if branch is self._swept:
            self.sweep = None
        if branch is self.current:
            near = branch.parent if branch.parent in self._branches else self._branches[at - 1]
            assert near is not None
            self._go(near)
        self._say(f"branch '{branch.name}' is removed")

    def toggle_drive(self) -> None:
        """Swap the drive: the true gradients instead of the hand-written ones, or back.

        That is a separate run, made the first time.
        """
        branch = self.current
        if branch.problem.undriven:
            self._say(f"{branch.problem.undriven}: there is no other drive")
            return
        wanted: Drive = "autodiff" if branch.problem.drive == "hand" else "hand"
        for other in self._branches:
            one, two = (branch, other) if branch.drives else (other, branch)
            if one.drives and one.parent is two and other.problem.drive == wanted:
                self._go(other)
                break
        else:
            name = wanted if branch is self.root else f"{branch.name} {wanted}"
            problem = branch.problem.driven_by(wanted)
            self._add_beside(branch, problem, f"drive {wanted}", name, drives=True)
        self._say(
            "drive hand: what was written by hand moves the weights"
            if wanted == "hand"
            else "drive autodiff: the true gradients and the optimizer move the weights"
        )

    def fix(self, corrected: Problem, step: int) -> None:
        """Switch to the run with a problem's last patch from a step on, made the first time."""
        branch, patch = self.current.at(step), corrected.patches[-1]
        made = next((b for b in self if b.parent is branch and b.fix == patch), None)
        if made is None:
            change = "; ".join(patch.after.split("\n"))
            made, new = self._add_beside(branch, corrected, change, f"fix {patch.name}"), "new "
        else:
            self._go(made)
            new = ""
        self.sweep = None
        self._say(f"{new}branch '{made.name}': {made.change}")

    def _add_beside(
        self, branch: Branch, problem: Problem, change: str, name: str, drives: bool = False
    ) -> Branch:
        """Add a branch with another problem that begins where a given one does, and go there."""
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
        """Return the first unused marker, else the one after the last branch's."""
        taken = {branch.mark for branch in self._branches}
        return next(mark for mark in range(len(taken) + 1) if mark not in taken)
