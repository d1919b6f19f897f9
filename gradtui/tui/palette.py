"""Textual's palette, for keys that come faster than it opens and closes."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.await_complete import AwaitComplete
from textual.command import CommandList, CommandPalette, SearchIcon
from textual.events import Mount
from textual.widgets import Input, OptionList

from gradtui.tui.narrowed import NarrowedList


class _Commands(CommandList, NarrowedList):
    """The commands found."""


class Palette(CommandPalette):
    """A palette that is left once only, and does nothing more from then on."""

    def compose(self) -> ComposeResult:
        """Make the parts, with a list that may be clicked on while it is narrowed."""
        for part in super().compose():
            if isinstance(part, SearchIcon):
                part.icon = "›"  # many terminals lack Textual's emoji, or take it for one cell
            elif isinstance(part, Input):
                part.cursor_blink = False  # at rest, nothing is written
            yield _Commands() if isinstance(part, CommandList) else part

    def _on_mount(self, event: Mount) -> None:
        """Do nothing where the screen that it was opened over, or the app, has gone meanwhile."""
        if len(self.app.screen_stack) < 2 or not self.query(Input):
            event.prevent_default()
        else:
            self.set_focus(self.query_one(Input))  # the keys that are waiting are for it

    def _action_command_list(self, action: str) -> None:
        """Move in the list, where it has been laid out already."""
        if self.query_one(CommandList)._index_to_line:
            super()._action_command_list(action)

    def dismiss(self, result: None = None) -> AwaitComplete:
        """Leave, unless that was done already."""
        if not self.is_current:
            return AwaitComplete()
        self.disable_messages(Input.Changed, Input.Submitted, OptionList.OptionSelected)
        return super().dismiss(result)

    def _gather_commands(self, search_value: str) -> None:  # type: ignore[override]
        """Search, unless it is left: then the list that would be filled is gone."""
        if self.is_current:
            super()._gather_commands(search_value)
