"""Textual's palette, made safe for keys that come faster than it opens and closes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.await_complete import AwaitComplete
from textual.command import CommandList, CommandPalette, SearchIcon
from textual.events import Mount
from textual.widgets import Input, OptionList

from gradtui.tui.lean import mixed_once
from gradtui.tui.narrowed import NarrowedList

if TYPE_CHECKING:
    from rich.console import RenderableType


class _Commands(CommandList, NarrowedList):
    """The commands found."""


class Palette(CommandPalette):
    """A palette that closes only once, and does nothing afterwards."""

    def compose(self) -> ComposeResult:
        """Make the parts, with a list that may be clicked while it is narrowed."""
        for part in super().compose():
            if isinstance(part, SearchIcon):
                part.icon = "›"  # many terminals lack Textual's emoji, or take it for one cell
            elif isinstance(part, Input):
                part.cursor_blink = False  # no blinking: at rest, nothing is written
            yield _Commands() if isinstance(part, CommandList) else part

    def render(self) -> RenderableType:
        """Return what is behind its parts; called by Textual."""
        return mixed_once(super().render())

    def _on_mount(self, event: Mount) -> None:
        """Do nothing if the screen below, or the app, has gone meanwhile."""
        if len(self.app.screen_stack) < 2 or not self.query(Input):
            event.prevent_default()
        else:
            self.set_focus(self.query_one(Input))  # the waiting keys are meant for it

    def _action_command_list(self, action: str) -> None:
        """Move in the list, if it has been laid out."""
        if self.query_one(CommandList)._index_to_line:
            super()._action_command_list(action)

    def dismiss(self, result: None = None) -> AwaitComplete:
        """Close, unless already closed."""
        if not self.is_current:
            return AwaitComplete()
        self.disable_messages(Input.Changed, Input.Submitted, OptionList.OptionSelected)
        return super().dismiss(result)

    def _gather_commands(self, search_value: str) -> None:  # type: ignore[override]
        """Search, unless closed: then the list to fill is gone."""
        if self.is_current:
            super()._gather_commands(search_value)
