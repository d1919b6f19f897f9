"""Work on a text that is being typed: while more keys wait, only on the last one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from gradtui.tui.later import call_after

if TYPE_CHECKING:
    from asyncio import TimerHandle

    from textual.widget import Widget
    from textual.widgets import Input

_HELD = 0.05
"""Seconds until the work on a text that is still being typed."""


class Lately:
    """Calls `work` with the text of an input after changes, once for keys that come together."""

    def __init__(self, widget: Widget, field: Input, work: Callable[[str], object]) -> None:
        self._widget, self._field, self._work = widget, field, work
        self._done = field.value
        """The text worked on last."""
        self._owed: TimerHandle | None = None

    def changed(self) -> None:
        """Work on the present text, soon if more keys wait."""
        if not self._widget.app.message_queue_size:
            self.settle()
        elif self._owed is None:
            self._owed = call_after(self._widget, _HELD, self.settle)

    def settle(self) -> None:
        """Work on the present text now, unless that is done."""
        if self._owed is not None:
            self._owed.cancel()
            self._owed = None
        text = self._field.value
        if text != self._done and self._widget.is_attached:
            self._done = text
            self._work(text)
