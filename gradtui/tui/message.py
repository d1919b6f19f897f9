"""A whole message, over the last rows of the screen, where its own row cuts it."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.widgets import Static

from gradtui.base.text import clean
from gradtui.tui.keys import Keys
from gradtui.tui.lean import LeanModal
from gradtui.tui.shortcuts import MESSAGE, bindings


class Message(LeanModal):
    """A message with as many rows as it needs; any of its keys closes it."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(MESSAGE)]

    def __init__(self, text: str, keys: Keys) -> None:
        super().__init__()
        self._text, self._hint = text, keys.hint(MESSAGE)

    def compose(self) -> ComposeResult:
        """Make the box."""
        box = Static(Content(clean(" ".join(self._text.split()))))
        box.border_subtitle = self._hint
        yield box
