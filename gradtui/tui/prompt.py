"""The one input of the debugger: go to, search, command line."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import Input, Label


class Prompt(Horizontal):
    """A label and an input in the last row, there until it is answered or left."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "leave", id="prompt-leave")]

    def __init__(self, label: str, answer: Callable[[str], None], value: str = "") -> None:
        super().__init__()
        self._label = label
        self._answer = answer
        self._value = value
        self._before: Widget | None = None

    def compose(self) -> ComposeResult:
        """Make the label and the input."""
        yield Label(self._label, markup=False)
        yield Input(self._value, compact=True)

    def on_mount(self) -> None:
        """Take the keys from the panel that has them."""
        self._before = self.screen.focused
        self.screen.set_focus(self.query_one(Input))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Leave and hand over what was typed, if anything."""
        event.stop()
        self.action_leave()
        if text := event.value.strip():
            self._answer(text)

    def action_leave(self) -> None:
        """Give the keys back to the panel that had them."""
        (self._before or self.screen.query_one("#graph")).focus()
        self.remove()
