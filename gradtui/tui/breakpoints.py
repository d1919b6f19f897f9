"""The list of breakpoints and watches: enable, remove, go to one."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from gradtui.base.text import clip
from gradtui.debugger.session import Session
from gradtui.explain.breakpoints import breakpoint_text, watch_text
from gradtui.tui.keys import Keys
from gradtui.tui.lean import LeanModal
from gradtui.tui.shortcuts import BREAKPOINTS, bindings


class BreakpointList(LeanModal):
    """Breakpoints, then watches; the result is the step to go to, if any."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(BREAKPOINTS)]

    def __init__(self, session: Session, changed: Callable[[], None], keys: Keys) -> None:
        super().__init__()
        self._session, self._changed, self._keys = session, changed, keys
        self._at = 0
        self._shown = Content()

    def compose(self) -> ComposeResult:
        """Make the list."""
        with VerticalScroll() as scroll:
            scroll.can_focus = False
            scroll.border_title = "Breakpoints and watches"
            scroll.border_subtitle = self._keys.hint([*reversed(BREAKPOINTS[3:]), BREAKPOINTS[0]])
            yield Static()

    def on_mount(self) -> None:
        """Show the list, updated while the search goes on."""
        self._show()
        self.set_interval(0.2, self._show)

    def on_resize(self) -> None:
        """Fit the rows to another width."""
        self.call_after_refresh(self._show)

    def _show(self) -> None:
        if not self.query(Static):
            return  # a key came together with the one that opened the list
        breakpoints, scroll = self._session.breakpoints, self.query_one(VerticalScroll)
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
        if not breakpoints.found:
            none = "no breakpoints: {break} sets one, such as max(abs(grad)) > 100"
            lines.insert(0, Content(self._keys.fill(none)))
        if not breakpoints.watches:
            none = "no watches: {watch} watches an expression, such as loss - prev"
            lines.append(Content(self._keys.fill(none)))
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
        """Enable a breakpoint, or disable it."""
        found = self._session.breakpoints.found
        if self._at < len(found):
            self._session.breakpoints.enable(self._at, not found[self._at].enabled)
            self._update()

    def action_remove(self) -> None:
        """Remove the breakpoint or the watch."""
        breakpoints = self._session.breakpoints
        count = len(breakpoints.found)
        if self._at < count:
            breakpoints.remove(self._at)
        elif self._at - count < len(breakpoints.watches):
            del breakpoints.watches[self._at - count]
        self._update()

    def action_go(self) -> None:
        """Go to the next step at which the breakpoint stops, wrapping around.

        A watch is shown at the cursor, so there is nowhere to go.
        """
        found = self._session.breakpoints.found
        if self._at >= len(found):
            self.dismiss(None)
            return
        steps = found[self._at].steps
        later = steps[steps > self._session.step]
        if steps.size:
            self.dismiss(int(later[0] if later.size else steps[0]))

    def _update(self) -> None:
        self._changed()
        self._show()
