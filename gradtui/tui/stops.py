"""The list of breakpoints and watches: enable, remove, go to one."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from gradtui.explain.stops import breakpoint_text, watch_text
from gradtui.session import Session
from gradtui.text import clip


class StopList(ModalScreen[int | None]):
    """Breakpoints, then watches; its result is the step to go to, if any."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,B", "dismiss", "close"),
        Binding("j,down", "move(1)", "next"),
        Binding("k,up", "move(-1)", "before"),
        Binding("space", "enable", "on, off"),
        Binding("x,delete,backspace", "remove", "remove"),
        Binding("enter", "go", "go"),
    ]

    def __init__(self, session: Session, changed: Callable[[], None]) -> None:
        super().__init__()
        self._session, self._changed = session, changed
        self._at = 0
        self._shown = Content()

    def compose(self) -> ComposeResult:
        """Make the list."""
        with VerticalScroll() as scroll:
            scroll.can_focus = False
            scroll.border_title = "Breakpoints and watches"
            scroll.border_subtitle = "Enter goes there, Space on/off, x removes, Esc closes"
            yield Static()

    def on_mount(self) -> None:
        """Show the list, and what the search finds meanwhile."""
        self._show()
        self.set_interval(0.2, self._show)

    def on_resize(self) -> None:
        """Fit the rows to another width."""
        self.call_after_refresh(self._show)

    def _show(self) -> None:
        stops, scroll = self._session.stops, self.query_one(VerticalScroll)
        width = max(20, scroll.size.width - 2)
        frame = self._session.frame
        rows = [breakpoint_text(b, self._session.problem.steps) for b in frame.breakpoints]
        rows += [watch_text(watched) for watched in frame.watched]
        self._at = max(0, min(self._at, len(rows) - 1))
        lines = [
            Content.styled(
                clip(("▸ " if at == self._at else "  ") + row, width),
                "bold" if at == self._at else "",
            )
            for at, row in enumerate(rows)
        ]
        if not stops.breakpoints:
            lines.insert(0, Content("no breakpoints: b sets one, as max(abs(grad)) > 100"))
        if not stops.watches:
            lines.append(Content("no watches: w watches an expression, as loss - prev"))
        shown = Content("\n").join(lines)
        if shown != self._shown:
            self._shown = shown
            self.query_one(Static).update(shown)
        scroll.scroll_to(y=max(0, self._at - scroll.size.height + 2), animate=False)

    def action_move(self, by: int) -> None:
        """Go up or down."""
        self._at += by
        self._show()

    def action_enable(self) -> None:
        """Let a breakpoint stop, or not."""
        breakpoints = self._session.stops.breakpoints
        if self._at < len(breakpoints):
            self._session.stops.enable(self._at, not breakpoints[self._at].enabled)
            self._update()

    def action_remove(self) -> None:
        """Remove the breakpoint or the watch."""
        stops = self._session.stops
        count = len(stops.breakpoints)
        if self._at < count:
            stops.remove(self._at)
        elif self._at - count < len(stops.watches):
            del stops.watches[self._at - count]
        self._update()

    def action_go(self) -> None:
        """Go to the next step at which the breakpoint begins to hold, from the last to the first.

        A watch is shown where the cursor is: there is nowhere to go.
        """
        breakpoints = self._session.stops.breakpoints
        if self._at >= len(breakpoints):
            self.dismiss(None)
            return
        steps = breakpoints[self._at].steps
        later = steps[steps > self._session.step]
        if steps.size:
            self.dismiss(int(later[0] if later.size else steps[0]))

    def _update(self) -> None:
        self._changed()
        self._show()
