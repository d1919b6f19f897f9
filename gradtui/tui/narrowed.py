"""A list of options that may be narrowed while it is clicked. Knows nothing of its entries."""

from __future__ import annotations

from textual.events import Click
from textual.widgets import OptionList


class NarrowedList(OptionList):
    """A list that may have been narrowed between a click and its handling."""

    async def _on_click(self, event: Click) -> None:
        at = event.style.meta.get("option")
        if at is not None and at >= self.option_count:
            event.prevent_default()
