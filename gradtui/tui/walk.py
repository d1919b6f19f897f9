"""Walking from one finding or breakpoint to the next, and what is found out meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from gradtui.base.source import InputError
from gradtui.debugger.frame import Frame
from gradtui.debugger.session import Session
from gradtui.engine.observables import EXAMPLES, WATCHES
from gradtui.tui.background import Background
from gradtui.tui.bars import Timeline

if TYPE_CHECKING:
    from gradtui.tui.debugger import Debugger

_AHEAD, _WAITED = 0.02, 0.2
"""Seconds of searching at a time, so that no key waits longer; where one waits for it."""


class Walk:
    """Breakpoints, watches and findings of a debugger's session."""

    def __init__(self, debugger: Debugger) -> None:
        self._debugger = debugger
        self._background = Background()
        self._started = False
        self._going: Callable[[Session], bool] | None = None
        """What is done as soon as it is known where to go; it returns whether it was."""

    @property
    def _session(self) -> Session:
        return self._debugger.session

    @property
    def settled(self) -> bool:
        """Whether nothing is being found out any more."""
        return (
            self._started and not self._session.investigation.unknown and not self._background.busy
        )

    def open(self) -> None:
        """Find out what takes but a moment, so that the first frame has it."""
        if self._session.investigation.quick:
            self._session.investigation.look()

    def start(self) -> None:
        """Start finding out what is wrong, now that the screen is there."""
        self._started = True
        self.measure(self._session.frame)
        self._debugger.pace.ahead()

    def measure(self, frame: Frame) -> None:
        """Measure the curvature at a frame's step and the states next to it, if not known."""
        background = self._background
        if self._started and (
            background.measure(self._session, frame) | background.prepare(self._session)
        ):
            self._debugger.pace.ahead()

    def part(self) -> bool:
        """Do a part of what there is to find out; return whether more is left."""
        if not self._started:
            return False
        working, news = self._background.poll(self._session)
        if self._background.failed:
            self._debugger.say(self._background.failed)
        elif news:
            self._debugger.show_frame()
        return self._search() or working

    def go_on(self, by: int) -> None:
        """Go to the next breakpoint or finding; the screen lives on until it is known where."""
        self._debugger.do(lambda _: self._go(lambda session: session.go_on(by)))
        self._debugger.pace.ahead()

    def stop(self) -> bool:
        """Wait no longer for where to go on; return whether one was."""
        waited, self._going = self._going is not None, None
        return waited

    def break_at(self, text: str) -> None:
        """Set a breakpoint or remove it, asking for its condition if there is none."""
        self._ask(
            "break where: ", text, self._session.breakpoints.check_condition,
            lambda session, condition: session.break_at(condition),
            offers=EXAMPLES, hint=f"{EXAMPLES[0]}  (↑ ↓ examples, Enter: this step)", bare=True,
        )  # fmt: skip

    def watch(self, text: str) -> None:
        """Watch an expression or do so no longer, asking for it if there is none."""
        self._ask(
            "watch: ", text, self._session.breakpoints.check_expression,
            lambda session, expression: session.watch(expression),
            offers=WATCHES, hint=f"{WATCHES[0]}  (↑ ↓ examples)",
        )  # fmt: skip

    def list_stops(self) -> None:
        """List the breakpoints and watches."""
        from gradtui.tui.breakpoints import StopList

        def chosen(step: int | None) -> None:
            if step is not None:
                self._debugger.do(lambda session: session.seek(step))

        self._debugger.app.push_screen(
            StopList(self._session, self._changed, self._debugger.keys), chosen
        )

    def next_finding(self) -> None:
        """Go to the next finding; the panel of findings makes room if it hides all others."""
        if self._debugger.query_one("#notes").has_class("-zoom"):
            self._debugger.zoom(None)
        self._debugger.do(lambda _: self._go(lambda session: session.next_finding()))
        self._debugger.pace.ahead()

    def _ask(
        self,
        label: str,
        text: str,
        check: Callable[[str], object],
        use: Callable[[Session, str], None],
        **options: Any,
    ) -> None:
        """Let the session use a text; ask for it if there is none, or again if it is refused."""

        def answer(text: str) -> None:
            self._debugger.do(lambda session: use(session, text))
            self._debugger.pace.ahead()

        if text:
            try:
                check(text)
            except InputError as error:
                options["error"] = error
            else:
                answer(text)
                return
        self._debugger.ask(label, answer, text, check=check, **options)

    def _changed(self) -> None:
        self._debugger.show_frame()
        self._debugger.pace.ahead()

    def _go(self, on: Callable[[Session], bool]) -> None:
        if on(self._session):
            self._going = None
        else:
            self._going = on
            self._session.message += ", Ctrl+C stops"

    def _search(self) -> bool:
        """Look for breakpoints, and go on to where that is known; return whether more is left."""
        breakpoints = self._session.breakpoints
        before = sum(len(breakpoint.steps) for breakpoint in breakpoints.found)
        more = breakpoints.search(_WAITED if self._going else _AHEAD)
        if self._going:
            self._go(self._going)
            self._debugger.show_frame()
        elif before != sum(len(breakpoint.steps) for breakpoint in breakpoints.found):
            self._debugger.query_one(Timeline).show_frame(self._session.frame)
        return more or self._going is not None
