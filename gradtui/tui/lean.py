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

    from textual.binding import BindingsMap
    from textual.dom import DOMNode


class LeanScreen(Screen[None]):
    """A screen covered by its parts, so that it need not be painted when they come and go.

    A layout paints what has moved, and a part paints itself when it gets the keys or loses them.
    """

    focused: Reactive[Widget | None] = Reactive(None, repaint=False)

    def __init__(self) -> None:
        super().__init__()
        self._compositor = LeanCompositor()
        self._chained: tuple[object, list[tuple[DOMNode, BindingsMap]]] = (None, [])
        """What has the keys, with the user's own keys, and the bindings that follow."""

    @property
    def _binding_chain(self) -> list[tuple[DOMNode, BindingsMap]]:
        """The bindings that a key may have, which Textual copies twice at each key."""
        held = self.focused, self.app._keymap
        if held != self._chained[0]:
            self._chained = held, super()._binding_chain
        return self._chained[1]

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
