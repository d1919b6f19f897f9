"""The room on a debugger's screen: which panels have it, and which of them has the keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradtui.tui.bars import Bar
from gradtui.tui.host import Handlers, Host, Part
from gradtui.tui.panels import panel_types
from gradtui.tui.panels.base import Panel

if TYPE_CHECKING:
    from textual.widget import Widget

    from gradtui.debugger.looked import Looked

_LARGE = {"-close": "#chain", "-map": "#loss"}
"""The style sheet's class of a large view, and the panel that shows it."""


class Room(Part):
    """Zooms and focuses panels, and lets a large view have the place of others."""

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self._large: list[str] = []
        """The classes of the large views that are open, the last one in front."""

    @property
    def handlers(self) -> Handlers:
        """The handlers of its commands."""
        return {
            "zoom": lambda text: self.toggle(),
            "focus-next": lambda text: self.focus(1),
            "focus-previous": lambda text: self.focus(-1),
            "scroll-down": lambda text: self.scroll(1, 0),
            "scroll-up": lambda text: self.scroll(-1, 0),
            "scroll-right": lambda text: self.scroll(0, 1),
            "scroll-left": lambda text: self.scroll(0, -1),
        }

    def make(self, looked: Looked) -> bool:
        """Give the lens, Jacobian or surface opened last the room, and the scrolling keys.

        Return whether others had them before.
        """
        close = looked.lens is not None or looked.jacobian is not None
        wanted = {"-close": close, "-map": looked.window is not None}
        before = self._large
        still = [style for style in before if wanted[style]]
        self._large = [*still, *(style for style in wanted if wanted[style] and style not in still)]
        if before[-1:] == self._large[-1:]:
            return False
        screen = self._host.screen
        for style in wanted:
            screen.set_class([style] == self._large[-1:], style)
        front = self._panel(_LARGE[self._large[-1]] if self._large else "#graph")
        if self._large and self._zoomed:
            self.zoom(front)
        if self._large or not self._zoomed:
            self.give_keys(front)
        return True

    def come_forward(self, view: str) -> bool:
        """Give a large view the room that another one took; return whether one did."""
        covered = view in self._large[:-1]
        if covered:
            self._large.remove(view)  # it counts as just opened
            self._host.show_frame()
        return covered

    def give_keys(self, panel: Widget) -> None:
        """Focus a panel, at once if it is already shown, so that the next key goes there."""
        if panel.focusable:
            self._host.screen.set_focus(panel)
        else:
            panel.focus()

    def go_to(self, panel: Panel) -> None:
        """Focus a panel; one that this size hides is zoomed."""
        if self._zoomed or not panel.display or not panel.size:
            self.zoom(panel)
        self.give_keys(panel)

    def zoom(self, panel: Panel | None) -> None:
        """Show a panel alone, or all panels again."""
        screen = self._host.screen
        for other in screen.query(Panel):
            other.set_class(other is panel, "-zoom")
        screen.set_class(panel is not None, "-zoomed")
        self.name_keys()
        if panel is None and not self._focused.display:
            self.give_keys(self._panel("#graph"))

    def toggle(self) -> None:
        """Show the focused panel alone, or all panels again."""
        self.zoom(None if self._zoomed else self._focused)

    def focus(self, by: int) -> None:
        """Focus the next visible panel, or the previous one."""
        shown = [self._panel(f"#{panel.NAME.lower()}") for panel in panel_types()]
        if not self._zoomed:
            shown = [panel for panel in shown if panel.display and panel.size]
        if not shown:
            return  # no room for any
        here = self._focused
        index = shown.index(here) if here in shown else 0
        panel = shown[(index + by) % len(shown)]
        if self._zoomed:
            self.zoom(panel)
        self.give_keys(panel)

    def scroll(self, rows: int, columns: int) -> None:
        """Scroll the focused panel by most of its size; with a lens, sideways changes the row.

        Up and down scroll a lesson if the focused panel has no rows out of view, or an answer is
        being typed.
        """
        if columns and self._session.selection.lens is not None:
            self._host.do(lambda session: session.selection.select_row(columns))
            return
        panel, lesson = self._focused, self._panel("#notes")
        waiting = panel is not self._host.screen.focused or not panel.hidden_rows
        if rows and waiting and self._session.guide is not None and lesson.hidden_rows:
            panel = lesson
        if rows:
            panel.scroll_rows(rows * max(1, panel.size.height - 2))
        if columns:
            panel.scroll_columns(columns * max(1, panel.size.width // 2))

    def name_keys(self) -> None:
        """Name the keys of the focused panel, and the panels that this size hides."""
        for bar in self._host.screen.query("Now, Timeline, Footer").results(Bar):
            bar.redraw()

    @property
    def _zoomed(self) -> bool:
        return self._host.screen.has_class("-zoomed")

    @property
    def _focused(self) -> Panel:
        focused = self._host.screen.focused
        return focused if isinstance(focused, Panel) else self._panel("#graph")

    def _panel(self, selector: str) -> Panel:
        return self._host.screen.query_one(selector, Panel)
