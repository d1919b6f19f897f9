"""A list of options that may be narrowed while it is clicked. Knows nothing of its entries."""

from __future__ import annotations

from textual.events import Click, Resize
from textual.geometry import Region, Size
from textual.reactive import Reactive
from textual.strip import Strip
from textual.widgets import OptionList


class NarrowedList(OptionList):
    """A list that may have been narrowed between a click and its handling.

    Its rows are made again only at another width, where Textual makes and paints all of them once
    more after the first paint.
    """

    auto_links: Reactive[bool] = Reactive(False)  # or Textual looks for links in each row
    virtual_size: Reactive[Size] = Reactive(Size(0, 0), layout=True, repaint=False)
    _width = 0
    """The columns that its rows are made for."""

    def render_lines(self, crop: Region) -> list[Strip]:
        """Return rows of the present width; called by Textual."""
        width = self.scrollable_content_region.width
        if width != self._width:
            self._width = width
            self._option_render_cache.clear()
            self._line_cache.clear()
        return super().render_lines(crop)

    def _on_resize(self, event: Resize) -> None:  # type: ignore[override]
        event.prevent_default()

    async def _on_click(self, event: Click) -> None:
        at = event.style.meta.get("option")
        if at is not None and at >= self.option_count:
            event.prevent_default()
