"""Walking from one finding or breakpoint to the next, and the examination behind it."""

from __future__ import annotations

from collections.abc import Callable

from gradtui.base.text import clean
from gradtui.debugger.frame import Frame
from gradtui.debugger.investigation import WAITING
from gradtui.debugger.session import Session
from gradtui.engine.observables import EXAMPLES, WATCHES
from gradtui.explain.findings import watch_value
from gradtui.tui.background import Background
from gradtui.tui.bars import Timeline
from gradtui.tui.host import Handlers, Host, Work
from gradtui.tui.later import Seldom
from gradtui.tui.panels.notes import NotesPanel
from gradtui.tui.panels.update import UpdatePanel


class Walk(Work):
    """Breakpoints, watches and findings of a debugger's session."""

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self._background = Background()
        self._started = False
        self._going: Callable[[Session], bool] | None = None
        """The move to make once its target is known; it returns whether it was made."""
        self._told, self._shown = Seldom(), Seldom()
        self._compared = ""
        """The progress of a comparison as it was shown last."""

    @property
    def handlers(self) -> Handlers:
        """What each of its commands does."""
        return {
            "continue": lambda text: self.go_on(1),
            "reverse": lambda text: self.go_on(-1),
            "leave": lambda text: self.leave_loop(),
            "break": self.break_at,
            "breakpoints": lambda text: self.list_breakpoints(),
            "watch": self.watch,
        }

    @property
    def settled(self) -> bool:
        """Whether the examination is complete."""
        return (
            self._started and not self._session.investigation.unknown and not self._background.busy
        )

    def open(self) -> None:
        """Examine what takes only a moment, so that the first frame has it."""
        if self._session.investigation.quick:
            self._session.investigation.look()

    def start(self) -> None:
        """Start the examination, now that the screen is ready."""
        self._started = True
        self.begin(self._session.frame)
        self._host.ahead()

    def begin(self, frame: Frame) -> None:
        """Measure the curvature at a frame's step and compute the states next to it, if unknown."""
        background = self._background
        if self._started and (
            background.measure(self._session, frame) | background.prepare(self._session)
        ):
            self._host.ahead()

    def work(self, seconds: float) -> bool:
        """Do a slice of the examination; return whether more is left."""
        if not self._started:
            return False
        working, news = self._background.poll(self._session)
        if self._background.failed:
            self._host.say(self._background.failed)
        elif news:
            self._take_back()
            self._host.show_frame()
        elif self._background.measured:
            self._remeasure()
        elif self._session.investigation.comparing != self._compared and self._shown.due():
            self._compared = self._host.show_in(NotesPanel).known.comparing
        return self._search(seconds) or working

    def _take_back(self) -> None:
        """At the end of a comparison, drop a finding that it no longer has, and what was said."""
        session, found = self._session, self._session.investigation
        if found.comparing:
            return
        if found.chosen is not None and found.number is None:
            found.chosen, session.message = None, ""
        elif session.message.startswith(WAITING):
            session.message = ""

    def _remeasure(self) -> None:
        """Show the curvature known by now; measure that of the present step, if unknown."""
        self.begin(self._host.show_in(UpdatePanel))

    def go_on(self, by: int) -> None:
        """Go to the next breakpoint or finding; the screen stays responsive until that is known."""
        from gradtui.debugger.stops import go_on

        self._do(lambda _: self._go(lambda session: go_on(session, by, wait=False)))

    def leave_loop(self) -> None:
        """Go to the first line after the loop around the cursor."""
        from gradtui.debugger.stops import leave_loop

        self._do(leave_loop)

    def stop(self) -> bool:
        """Cancel a pending move; return whether there was one."""
        waited, self._going = self._going is not None, None
        return waited

    def break_at(self, text: str) -> None:
        """Set a breakpoint or remove it, asking for its condition if there is none."""
        self._ask(
            "break where: ", text, self._session.breakpoints.check_condition,
            lambda condition: self._do(lambda session: session.break_at(condition)),
            offers=EXAMPLES, hint=f"{EXAMPLES[0]}  (↑ ↓ examples, Enter: this step)", bare=True,
        )  # fmt: skip

    def watch(self, text: str) -> None:
        """Watch an expression or stop watching it, asking for it if there is none."""
        self._ask(
            "watch: ", text, self._session.breakpoints.check_expression,
            lambda expression: self._do(lambda session: self._watch(session, expression)),
            example=WATCHES[0], offers=(*WATCHES[1:], WATCHES[0]),
            note="Enter watches this, or what you type; ↑ ↓ other examples",
        )  # fmt: skip

    def _watch(self, session: Session, expression: str) -> None:
        """Watch an expression, or no longer; where this size hides the watches, say its value."""
        panel, before = self._host.screen.query_one(NotesPanel), len(session.breakpoints.watches)
        session.watch(expression)
        if panel.display or len(session.breakpoints.watches) < before:
            return
        key = self._host.keys.first(f"panel-{panel.key}")
        told = [f"{one.text} = {watch_value(one)}" for one in session.frame.watched[-1:]]
        session.message = clean(
            "; ".join([*(told or [session.message]), f"panel {key} watches it"])
        )

    def list_breakpoints(self) -> None:
        """List the breakpoints and watches."""
        from gradtui.tui.breakpoints import BreakpointList

        def chosen(step: int | None) -> None:
            if step is not None:
                self._host.do(lambda session: session.seek(step))

        self._host.screen.app.push_screen(
            BreakpointList(self._session, self._changed, self._host.keys), chosen
        )

    def next_finding(self) -> None:
        """Go to the next finding; the screen stays responsive until that is known."""
        from gradtui.debugger.stops import next_finding

        self._do(lambda _: self._go(lambda session: next_finding(session)))

    def _changed(self) -> None:
        self._host.show_frame()
        self._host.ahead()

    def _go(self, on: Callable[[Session], bool]) -> None:
        if on(self._session):
            self._going = None
        else:
            self._going = on
            self._session.message += ", Ctrl+C stops"

    def _search(self, seconds: float) -> bool:
        """Search for breakpoints, and make a pending move; return whether more is left."""
        breakpoints = self._session.breakpoints
        before = sum(len(breakpoint.steps) for breakpoint in breakpoints.found)
        more = breakpoints.search(seconds)
        if self._going:
            self._go(self._going)
            if self._going is None or self._told.due():
                self._host.show_frame()
        elif before != sum(len(breakpoint.steps) for breakpoint in breakpoints.found):
            self._host.show_in(Timeline)
        return more or self._going is not None
