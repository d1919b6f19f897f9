"""What is tried out in a debugger: branches, sweeps, and the values that are drawn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Thread
from typing import TYPE_CHECKING, Any

from gradtui.base.source import InputError
from gradtui.tui.keys import BRANCHES, SWEEP
from gradtui.tui.panels.loss import LossPanel

if TYPE_CHECKING:
    from gradtui.debugger.branches import Branch, Branches
    from gradtui.debugger.session import Session
    from gradtui.debugger.sweeps import Sweep
    from gradtui.explain.spans import TextRow as Row
    from gradtui.scenario.problem import Problem
    from gradtui.tui.debugger import Debugger
    from gradtui.tui.prompt import Completion

_AHEAD = 0.02
"""Seconds of computing a branch at a time, so that no key waits longer."""
_SWEEPS = ("lr 0.001 0.01 0.05 0.1 1.5", "momentum 0 0.5 0.9", "optimizer sgd rmsprop adam")
_VIEWS = ("loss", "norm lr", "loss norm")


class Trials:
    """Branches, sweeps and views of a debugger's session."""

    def __init__(self, debugger: Debugger) -> None:
        self._debugger = debugger
        self._judging: tuple[Sweep, Thread] | None = None
        self._known = 0

    @property
    def _session(self) -> Session:
        return self._debugger.session

    @property
    def _branches(self) -> Branches:
        return self._session.branches

    def what_if(self, text: str) -> None:
        """Fork a branch with a change, asking for it if there is none."""
        from gradtui.scenario.changes import read_change, suggest

        problem, tape = self._session.problem, self._session.frame.tape
        weights = {node.name: tape.value(node.id) for node in problem.graph.parameters}

        def complete(typed: str) -> Completion:
            start, words = suggest(typed, problem, weights)
            return start, [(word.text, word.now) for word in words]

        back = f"; key {self._debugger.keys.first('branch-before')} goes back to the run before"
        self._ask(
            f"what if from step {self._session.step}: ", text,
            lambda typed: read_change(typed, self._session.problem),
            lambda session, typed: session.branches.what_if(typed, session.step), back,
            complete=complete,
        )  # fmt: skip

    def fix(self, corrected: Problem) -> None:
        """Go on with a corrected line in a branch."""
        first = self._debugger.keys.first
        then = f"; key {first('branch-before')} goes back, {first('write-fix')} writes the file"
        self._do(lambda session: session.branches.fix(corrected, session.step), then)

    def sweep(self, text: str) -> None:
        """Run many values of one setting at once, asking for them if there are none."""
        from gradtui.scenario.changes import read_sweep

        if not text and self._branches.sweep is not None:
            self.list_sweep()
            return
        self._ask(
            f"sweep from step {self._session.step}: ", text,
            lambda typed: read_sweep(typed, self._session.problem),
            lambda session, typed: session.try_all(typed),
            offers=_SWEEPS, hint=f"{_SWEEPS[0]}  (↑ ↓ examples)",
        )  # fmt: skip

    def view(self, text: str) -> None:
        """Follow other values over the steps, asking for them if there are none."""
        self._ask(
            "follow: ", text, self._session.curves.read,
            lambda session, typed: session.curves.follow(typed),
            offers=_VIEWS, hint="w[0] grad(w[0]) lr  (several at once; ↑ ↓ examples)",
        )  # fmt: skip

    def next_view(self) -> None:
        """Follow the next value in the place of the loss."""
        self._do(
            lambda session: session.curves.follow_next(
                session.selection.node, session.breakpoints.watches
            )
        )

    def toggle_scale(self) -> None:
        """Draw on a log scale, or on a linear one."""
        self._do(lambda session: session.curves.toggle_log())

    def zoom(self, text: str) -> None:
        """Draw some of the steps only."""
        self._do(lambda session: session.curves.zoom(text))

    def turn(self, by: int) -> None:
        """Go to the next branch at the same step, or to the one before."""
        alone = len(self._branches) == 1
        then = f": {self._debugger.keys.first('what-if')} makes one" if alone else ""
        self._do(lambda session: session.branches.turn(by), then)

    def list_branches(self) -> None:
        """List the branches with their numbers at this step."""
        from gradtui.explain.branches import branch_rows
        from gradtui.tui.tables import Table

        def branch(at: int) -> Branch:
            # The file may be loaded anew just as the table opens: its rows are those of then.
            branches: list[Branch] = [*self._branches]
            return branches[min(at, len(branches) - 1)]

        def rows(chosen: int) -> Sequence[Row]:
            return branch_rows(self._branches, self._session.step, chosen)

        def switch(at: int) -> bool:
            self._do(lambda session: session.branches.switch(branch(at)))
            return False

        def rename(at: int) -> bool:
            named = branch(at)
            self._debugger.call_after_refresh(
                self._debugger.ask, f"name of '{named.name}': ",
                lambda name: self._do(lambda s: s.branches.rename(named, name)), named.name,
            )  # fmt: skip
            return False

        def remove(at: int) -> bool:
            self._do(lambda session: session.branches.remove(branch(at)))
            return True

        def show_sweep(at: int) -> bool:
            self._debugger.call_after_refresh(self.sweep, "")
            return False

        keys, branches = self._debugger.keys, self._branches
        self._debugger.app.push_screen(
            Table(
                f"Branches at step {self._session.step}",
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
            if self._branches.sweep is sweep:  # it ends where the file is loaded anew meanwhile
                self._do(lambda session: session.branches.keep(at))
            return False

        def end(at: int) -> bool:
            self._do(lambda session: session.branches.end_sweep())
            return False

        self._debugger.app.push_screen(
            Table(
                f"Sweep from step {sweep.start}",
                lambda chosen: sweep_rows(sweep, session.step, chosen),
                SWEEP,
                (keep, end),
                self._debugger.keys,
            )
        )

    def quit(self) -> None:
        """Leave, but ask where there are branches, and say if they would be lost."""
        kept = self._branches.kept
        if not kept:
            self._debugger.app.exit()
            return
        what = f"branch '{kept[0].name}'" if len(kept) == 1 else f"{len(kept)} branches"
        trouble = self._debugger.saving.save()
        if trouble:
            self._debugger.say(trouble)
        question = f"quit and {'lose' if trouble else 'keep'} {what}? y or n: "
        self._debugger.ask(question, self._quit)

    def _quit(self, answer: str) -> None:
        if answer.lower() in ("y", "yes"):
            self._debugger.app.exit()
        else:
            self._debugger.say("the branches are still there")

    def part(self) -> bool:
        """Do a part of what there is to find out; return whether more is left."""
        branches, curves = self._branches, self._session.curves
        behind = [branch for branch in branches.drawn if branch.history.known <= self._last]
        if behind:
            behind[0].history.reach(self._last + 1, _AHEAD)
        news = bool(behind) or curves.unfinished
        news |= self._judge(branches.sweep)
        if news and self._debugger.is_mounted:
            self._debugger.query_one(LossPanel).show_frame(self._session.frame)
        return bool(behind) or curves.unfinished or self._judging is not None

    @property
    def _last(self) -> int:
        return self._session.problem.steps

    def _judge(self, sweep: Sweep | None) -> bool:
        """Find out in a thread how the runs of a sweep end; return whether more is known now."""
        if self._judging is None and sweep is not None and len(sweep.ends) < len(sweep.forks):
            self._judging, self._known = (sweep, Thread(target=sweep.judge, daemon=True)), 0
            self._judging[1].start()
        if self._judging is None:
            return False
        judged, thread = self._judging
        news, self._known = len(judged.ends) != self._known, len(judged.ends)
        if not thread.is_alive():
            self._judging, news = None, True
            if judged is sweep and judged.failed:
                self._debugger.say(judged.failed)
        return news

    def _do(self, command: Callable[[Session], object], more: str = "") -> None:
        """Let the session do something, and show what it came to and what it says, and `more`."""

        def run(session: Session) -> None:
            command(session)
            session.message += more

        self._debugger.do(run)
        self._debugger.pace.ahead()

    def _ask(
        self,
        label: str,
        text: str,
        check: Callable[[str], object],
        use: Callable[[Session, str], None],
        more: str = "",
        **options: Any,
    ) -> None:
        """Let the session use a text; ask for it if there is none, or again if it is refused."""

        def answer(text: str) -> None:
            self._do(lambda session: use(session, text), more)

        if text:
            try:
                check(text)
            except InputError as error:
                options["error"] = error
            else:
                answer(text)
                return
        self._debugger.ask(label, answer, text, check=check, **options)
