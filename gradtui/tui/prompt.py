"""The one input of the debugger: go to, search, command line."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import Input, Label


class Prompt(Horizontal):
    """A label and an input in the last row; hidden until something is asked."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "leave", id="prompt-leave")]

    def __init__(self) -> None:
        super().__init__(id="prompt")
        self._answer: Callable[[str], None] | None = None

    def compose(self) -> ComposeResult:
        """Make the label and the input."""
        yield Label("", markup=False)
        yield Input(compact=True)

    def ask(self, label: str, answer: Callable[[str], None]) -> None:
        """Open with a label; `answer` gets what is typed, if anything."""
        self._answer = answer
        self.query_one(Label).update(label)
        self.query_one(Input).value = ""
        self.add_class("-open")
        self.query_one(Input).focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Close and hand over the answer."""
        event.stop()
        answer, text = self._answer, event.value.strip()
        self.action_leave()
        if answer and text:
            answer(text)

    def action_leave(self) -> None:
        """Close without an answer."""
        self.remove_class("-open")
        self._answer = None
        self.screen.query_one("#graph").focus()
