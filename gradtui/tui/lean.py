"""A screen that paints only what has changed. Knows nothing of its parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.geometry import Region
from textual.reactive import Reactive
from textual.screen import Screen
from textual.widget import Widget

from gradtui.tui.compositing import LeanCompositor

if TYPE_CHECKING:
    from typing import Self


class LeanScreen(Screen[None]):
    """A screen covered by its parts, so that it need not be painted when they come and go.

    A layout paints what has moved, and a part paints itself when it gets the keys or loses them.
    """

    focused: Reactive[Widget | None] = Reactive(None, repaint=False)

    def __init__(self) -> None:
        super().__init__()
        self._compositor = LeanCompositor()

    def refresh(
        self,
        *regions: Region,
        repaint: bool = True,
        layout: bool = False,
        recompose: bool = False,
    ) -> Self:
        """Lay out the parts without painting those that stay as they are; called by Textual."""
        repaint = repaint and not layout
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)
