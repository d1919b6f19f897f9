"""What is tried out beside a run: branches, a sweep, and the values that are drawn.

Knows the branches and their curves; the cursor is the session's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from gradtui.debugger.branches import Branch, Branches, fork
from gradtui.debugger.curves import (
    LOSS,
    NORM,
    RATE,
    Picture,
    Plot,
    Plotter,
    Series,
    expression,
    read_followed,
    value_of,
)
from gradtui.engine.graph import Kind
from gradtui.engine.history import History
from gradtui.engine.indices import Index
from gradtui.scenario.problem import Problem

if TYPE_CHECKING:
    from gradtui.debugger.sweeps import Sweep


class Explorer:
    """The branches of a session, what is drawn of them, and the last sweep."""

    def __init__(self, problem: Problem, history: History | None = None) -> None:
        self.branches = Branches(problem, history)
        self.plot = Plot()
        self.sweep: Sweep | None = None
        self.plotter = Plotter()

    @property
    def branch(self) -> Branch:
        """The branch that is looked at."""
        return self.branches.current

    @property
    def branch_name(self) -> str:
        """The name of that branch; nothing where it is the only one."""
        return self.branch.name if len(self.branches) > 1 else ""

    def what_if(self, text: str, step: int) -> str:
        """Fork a branch at a step; return what to say of it.  Raises InputError."""
        from gradtui.scenario.changes import read_change

        change = read_change(text, self.branch.at(step).problem)
        made = fork(self.branch, step, change)
        branch = self.branches.add(made)
        self.sweep = None
        anew = f"; {' and '.join(made.anew)} start at 0" if made.anew else ""
        return f"branch '{branch.name}' from step {step}{anew}"

    def fix(self, corrected: Problem, step: int) -> str:
        """Fork a branch with a line of a step's problem corrected; return what to say of it."""
        branch = self.branches.fix(self.branch.at(step), corrected)
        self.sweep = None
        return f"branch '{branch.name}': {branch.change}"

    def try_all(self, text: str, step: int) -> str:
        """Run a sweep from a step; return what to say of it.  Raises InputError."""
        # The rules over runs: a start need not wait for them.
        from gradtui.debugger.sweeps import Sweep
        from gradtui.scenario.changes import read_sweep

        at = self.branch.at(step)
        self.sweep = Sweep(self.branch, step, read_sweep(text, at.problem))
        self.plot = replace(self.plot, series=(LOSS,), range=None)
        count, batched = len(self.sweep.forks), self.sweep.batched
        how = "together" if batched == count else f"{batched} of them together"
        return (
            f"{count} runs from step {step} to {self.sweep.last}, {how if batched else 'in turn'}"
        )

    def keep(self, index: int) -> str:
        """Make a run of the sweep a branch; return what to say of it."""
        assert self.sweep is not None
        self.branches.switch(self.sweep.branch)
        branch = self.branches.add(self.sweep.forks[index])
        self.sweep = None
        return f"branch '{branch.name}' from step {branch.start}"

    def remove(self, branch: Branch) -> str:
        """Remove a branch; return what to say of it."""
        if branch is self.branches.root:
            return "the run of the file stays"
        if self.sweep is not None and self.sweep.branch is branch:
            self.sweep = None
        self.branches.remove(branch)
        return f"branch '{branch.name}' is removed"

    def view(self, text: str) -> None:
        """Follow the values that a text names.  Raises InputError."""
        self.sweep = None
        self.plot = replace(self.plot, series=self.series(text))

    def end_sweep(self) -> None:
        """Draw the branches again."""
        self.sweep = None

    def switch(self, branch: Branch) -> str:
        """Look at another branch; return what to say of it."""
        self.sweep = None
        self.branches.switch(branch)
        return self._told()

    def turn(self, by: int) -> str:
        """Look at the next branch, or the one before where `by` is negative; return what to say."""
        self.sweep = None
        self.branches.turn(by)
        return self._told() if len(self.branches) > 1 else "no other branch: {what-if} makes one"

    def _told(self) -> str:
        branch = self.branch
        if branch.parent is None:
            return f"'{branch.name}': the run of the file"
        return f"branch '{branch.name}': from step {branch.start} {branch.change}"

    def series(self, text: str) -> tuple[Series, ...]:
        """Return the values that a text names.  Raises InputError."""
        return read_followed(text, self.branch.problem)

    def next_view(self, node: int, watched: Sequence[str] = ()) -> None:
        """Follow the next value: loss, gradient norm, rate, the selected node, what is watched."""
        self.sweep = None
        graph = self.branch.problem.graph
        name = graph.nodes[node].name
        ring: list[tuple[Series, ...]] = [(LOSS,), (NORM,), (RATE,)]
        if name:
            ring += [(self.value_of(node),)]
            if node != graph.loss:
                ring += [self.series(f"grad({name})")]
        ring += [(expression(text),) for text in watched]
        shown = self.plot.series
        at = ring.index(shown) if shown in ring else -1
        self.plot = replace(self.plot, series=ring[(at + 1) % len(ring)])

    def toggle_log(self) -> None:
        """Draw on a log scale, or on a linear one."""
        self.plot = replace(self.plot, log=not self.plot.log)

    def zoom(self, text: str) -> str:
        """Draw only the steps that a text gives, as `10 50`, or all; return what to say of it."""
        parts = text.replace("-", " ").replace(",", " ").split()
        if parts in ([], ["all"], ["off"]):
            self.plot = replace(self.plot, range=None)
            return "all steps are drawn"
        numbers = [int(part[:9]) for part in parts if part.isascii() and part.isdigit()]
        if len(numbers) != len(parts) or len(numbers) != 2 or numbers[0] >= numbers[1]:
            return f"'{text}' is not a range: expected two steps, as 10 50, or nothing for all"
        self.plot = replace(self.plot, range=(numbers[0], numbers[1]))
        return ""

    def picture(self, step: int) -> Picture:
        """Return the curves that are drawn at a step."""
        if self.sweep is not None:
            return self.sweep.picture(self.plot, step)
        return self.plotter.picture(self.branches, self.plot, step)

    def value_of(self, node: int, index: Index | None = None) -> Series:
        """Return what follows a node's value, or one element of it."""
        return value_of(self.branch.problem, node, index or None)

    def trail(self, node: int, index: Index | None, step: int) -> tuple[float, ...]:
        """Return a node's value, or an element's, at the last steps up to this one."""
        if self.branch.problem.graph.nodes[node].kind is Kind.DATA:
            return ()
        return tuple(self.plotter.trail(self.branch, self.value_of(node, index), step))
