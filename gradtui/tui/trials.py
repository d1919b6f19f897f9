"""Trials in a debugger: branches, sweeps, and the values drawn."""

from __future__ import annotations

import math
from collections.abc import Sequence
from threading import Thread
from typing import TYPE_CHECKING

from gradtui.base.text import clean, element_text
from gradtui.scenario.bundled import name_of
from gradtui.tui.background import Runner
from gradtui.tui.host import Handlers, Host, Work
from gradtui.tui.panels.loss import LossPanel
from gradtui.tui.shortcuts import BRANCHES, SWEEP

if TYPE_CHECKING:
    from gradtui.debugger.branches import Branch, Branches
    from gradtui.debugger.sweeps import Sweep
    from gradtui.diagnosis.finding import Trial
    from gradtui.explain.spans import TextRow as Row
    from gradtui.scenario.problem import Problem
    from gradtui.tui.prompt import Completion

_SWEEPS = ("momentum 0 0.5 0.9", "optimizer sgd rmsprop adam")
_NO_PLANE = "no map of the data: it needs two features and a softmax or cross_entropy"
_VIEWS = ("loss", "norm lr", "loss norm")


class Trials(Work):
    """Branches, sweeps and views of a debugger's session."""

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self._runner = Runner()
        self._judging: tuple[Sweep, Thread] | None = None
        self._known = 0

    @property
    def handlers(self) -> Handlers:
        """What each of its commands does."""
        return {
            "what-if": self.what_if,
            "sweep": self.sweep,
            "branches": lambda text: self.list_branches(),
            "next-branch": lambda text: self.turn(1),
            "branch-before": lambda text: self.turn(-1),
            "drive": lambda text: self._do(lambda session: session.branches.toggle_drive()),
            "follow": self.view,
            "next-view": lambda text: self.next_view(),
            "log": lambda text: self._do(lambda session: session.curves.toggle_log()),
            "range": self.draw_range,
        }

    @property
    def _branches(self) -> Branches:
        return self._session.branches

    def what_if(self, text: str) -> None:
        """Fork a branch with a change, asking for it if there is none."""
        from gradtui.debugger.tour import check_change
        from gradtui.scenario.changes import read_change, suggest

        problem, tape = self._session.problem, self._session.frame.tape
        weights = {node.name: tape.value(node.id) for node in problem.graph.parameters}

        def complete(typed: str) -> Completion:
            start, words = suggest(typed, problem, weights)
            return start, [(word.text, word.now) for word in words]

        key = self._host.keys.first("branch-before")
        tried = self._host.tried("branch-before")
        back = "" if tried else f"; key {key} goes back to the run before"
        if self._session.step >= self._session.problem.steps:
            back = f"; this is the last step, key {self._host.keys.first('next')} goes on{back}"
        branch = self._session.branches.name
        of = f" of branch '{branch}'" if branch else ""
        self._ask(
            f"what if from step {self._session.step:,}{of}: ", text,
            lambda typed: check_change(self._session, read_change(typed, self._session.problem)),
            lambda typed: self._do(lambda s: s.branches.what_if(typed, s.step), back),
            complete=complete,
        )  # fmt: skip

    def advised(self, trial: Trial) -> None:
        """Run the branch again with the change that a finding advises, from its step on."""
        back = ""
        if not self._host.tried("branch-before"):
            back = f"; key {self._host.keys.first('branch-before')} goes back"
        # On a low screen the finding gives way to both runs' curves.
        self._host.screen.remove_class("-found")
        self._do(lambda session: session.branches.what_if(trial.change, trial.step), back)

    def fix(self, corrected: Problem) -> None:
        """Continue with a corrected line in a branch."""
        first, write = self._host.keys.first, self._host.keys.first("write-fix")
        own = bool(name_of(corrected.path))  # then there is no file to write
        then = "" if own else f"; key {write} writes it to the file"
        if not self._host.tried("branch-before"):
            back = f"; key {first('branch-before')} goes back"
            then = back if own else f"{back}, {write} writes it"
        self._do(lambda session: session.branches.fix(corrected, session.step), then)

    def sweep(self, text: str) -> None:
        """Run several values of one setting at once, asking for them if there are none."""
        from gradtui.debugger.tour import check_change
        from gradtui.scenario.changes import read_sweep

        def check(typed: str) -> None:
            for change in read_sweep(typed, self._session.problem):
                check_change(self._session, change)

        if not text and self._branches.sweep is not None:
            self.list_sweep()
            return
        rates = self._rates
        self._ask(
            f"sweep from step {self._session.step:,}: ", text, check,
            lambda typed: self._do(lambda session: session.try_all(typed)),
            example=rates,
            offers=(*_SWEEPS, rates),
            note="Enter tries each of these values, or of those that you type; ↑ ↓ other examples",
        )  # fmt: skip

    @property
    def _rates(self) -> str:
        """Rates to try: the run's, and those around the largest stable one of this step."""
        from gradtui.debugger.sweeps import rates_to_try
        from gradtui.engine.curvature import Gauge

        gauge, own = self._session.frame.known.gauge, self._session.problem.lr
        largest = None
        # A schedule makes another rate of the one that is set.
        if isinstance(gauge, Gauge) and gauge.rate == own and 0.0 < gauge.largest_rate < math.inf:
            largest = gauge.largest_rate
        return f"lr {rates_to_try(own, largest)}"

    def view(self, text: str) -> None:
        """Follow other values over the steps, asking for them if there are none."""
        problem = self._session.problem
        first = problem.graph.parameters[0]
        one = clean(element_text(problem.label(first.name), (0,) * len(first.shape)))
        self._ask(
            "follow: ", text, self._session.curves.read,
            lambda typed: self._do(lambda session: session.curves.follow(typed)),
            example=f"{one} grad({one}) lr", offers=_VIEWS,
            note="Enter draws these over the steps, or what you type; ↑ ↓ examples",
        )  # fmt: skip

    def next_view(self) -> None:
        """Follow the next value instead of the loss; switch between the surface and the data."""
        surface = self._session.surface
        if surface.window is not None:
            if surface.plane is not None:
                self._host.do(lambda session: session.surface.turn())
            else:
                self._host.say(_NO_PLANE)
            return
        self._do(
            lambda session: session.curves.follow_next(
                session.selection.node, session.breakpoints.watches
            )
        )

    def draw_range(self, text: str) -> None:
        """Draw only some of the steps, asking which if not told."""
        if text:
            self._do(lambda session: session.curves.zoom(text))
        else:
            shown = self._session.curves.plot.range
            self._host.ask(
                "steps to draw: ", self.draw_range, "" if shown is None else "all",
                hint="10 50  (all: every step)",
            )  # fmt: skip

    def turn(self, by: int) -> None:
        """Go to the next branch at the same step, or to the previous one."""
        alone = len(self._branches) == 1
        then = f": {self._host.keys.first('what-if')} makes one" if alone else ""
        self._do(lambda session: session.branches.turn(by), then)

    def list_branches(self) -> None:
        """List the branches with their numbers at this step."""
        from gradtui.explain.branches import branch_rows
        from gradtui.tui.tables import Table

        def branch(at: int) -> Branch:
            # The file may be reloaded just as the table opens: its rows are the earlier ones.
            branches: list[Branch] = [*self._branches]
            return branches[min(at, len(branches) - 1)]

        def rows(chosen: int) -> Sequence[Row]:
            return branch_rows(self._branches, self._session.step, chosen)

        def switch(at: int) -> bool:
            self._do(lambda session: session.branches.switch(branch(at)))
            return False

        def rename(at: int) -> bool:
            named = branch(at)

            def named_so(name: str) -> None:
                self._do(lambda session: session.branches.rename(named, name))
                self.list_branches()

            self._host.screen.call_after_refresh(
                self._host.ask, f"name of '{named.name}': ", named_so, named.name
            )
            return False

        def remove(at: int) -> bool:
            self._do(lambda session: session.branches.remove(branch(at)))
            return True

        def show_sweep(at: int) -> bool:
            self._host.screen.call_after_refresh(self.sweep, "")
            return False

        keys, branches = self._host.keys, self._branches
        self._host.screen.app.push_screen(
            Table(
                f"Branches at step {self._session.step:,}",
                rows,
                BRANCHES,
                (switch, rename, remove, show_sweep),
                keys,
                [*branches].index(branches.current),
                closes=keys.of("branches"),
            )
        )

    def list_sweep(self) -> None:
        """List the runs of the sweep and how they end."""
        from gradtui.explain.branches import sweep_rows
        from gradtui.tui.tables import Table

        session, sweep = self._session, self._branches.sweep
        if sweep is None:
            return

        def keep(at: int) -> bool:
            if self._branches.sweep is sweep:  # the sweep ends if the file is reloaded meanwhile
                self._do(lambda session: session.branches.keep(at))
            return False

        def end(at: int) -> bool:
            self._do(lambda session: session.branches.end_sweep())
            return False

        self._host.screen.app.push_screen(
            Table(
                f"Sweep from step {sweep.start:,}",
                lambda chosen: sweep_rows(sweep, session.step, chosen),
                SWEEP,
                (keep, end),
                self._host.keys,
            )
        )

    def work(self, seconds: float) -> bool:
        """Do a slice of the examination; return whether more is left."""
        branches, curves = self._branches, self._session.curves
        behind = [one for one in branches.drawn if one.history.known <= self._last]
        if behind and behind[0] is not branches.current:
            self._runner.reach(behind[0].history, self._last + 1, seconds)
        if curves.unfinished:
            curves.picture(self._session.step)
        if self._judge(branches.sweep):
            self._host.show_in(LossPanel)
        return bool(behind) or curves.unfinished or self._judging is not None

    @property
    def _last(self) -> int:
        return self._session.problem.steps

    def _judge(self, sweep: Sweep | None) -> bool:
        """Judge in a thread how the runs of a sweep end; return whether more is known now."""
        if self._judging is None and sweep is not None and len(sweep.ends) < len(sweep.forks):
            self._judging, self._known = (sweep, Thread(target=sweep.judge, daemon=True)), 0
            self._judging[1].start()
        if self._judging is None:
            return False
        judged, thread = self._judging
        news, self._known = len(judged.ends) != self._known, len(judged.ends)
        if not thread.is_alive():
            self._judging, news = None, True
            begun = self._session.message == judged.said
            if judged is sweep and (judged.failed or begun):
                key = self._host.keys.first("sweep")
                self._host.say(judged.failed or f"{judged.told}; {key} lists ends")
        return news
