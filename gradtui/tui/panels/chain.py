"""The chain rule of the selected node, that of one element, or a Jacobian."""

from __future__ import annotations

from collections.abc import Callable

from textual.geometry import Size

from gradtui.debugger.frame import Frame
from gradtui.explain.beside import beside_rows, wrong_tables
from gradtui.explain.chain import chain_rows, named_gradients, other_chains
from gradtui.explain.curves import trail_text
from gradtui.explain.spans import TextRow
from gradtui.tui.kept import Kept
from gradtui.tui.panels.base import Panel

_TALL = 14
"""Fewest rows of a panel that shows other chain rules than the selected node's."""


class ChainPanel(Panel):
    """The chain rule of the selected node."""

    NAME = "Chain"
    HELP = (
        "how the gradient of the selected node is put together, in symbols and in numbers, below "
        "the hand-written line; {lens}: the same for one element, {jacobian}: the Jacobian"
    )
    _made: tuple[Frame | None, int, list[TextRow]] = (None, 0, [])

    _shown: object = None

    def __init__(self, key: int, fill: Callable[[str], str]) -> None:
        super().__init__(key, fill)
        self._chains = Kept[list[TextRow]]()

    def follow(self, frame: Frame, height: int) -> None:
        """Start at the top of another node's chain rule."""
        if frame.selected != self._shown:
            self._shown, self.top, self.left = frame.selected, 0, 0

    def rows_of(self, frame: Frame, width: int) -> list[TextRow]:
        """Return the selected node's chain rule, that of one element, or a Jacobian."""
        if frame.looked.lens is not None:
            from gradtui.explain.lens import lens_rows

            trail = trail_text(frame, width - 12)
            self.title(f"Lens · {trail}" if trail else "Lens")
            if self._made[:2] != (frame, width):  # scrolling asks for the same rows again
                self._made = (frame, width, lens_rows(frame, width))
            return self._made[2]
        if frame.looked.jacobian is not None:
            from gradtui.explain.jacobian import jacobian_rows

            self.title("Jacobian")
            return jacobian_rows(frame, width, self.fill)
        trail = trail_text(frame, width - len(self.NAME) - 8)
        self.title(f"{self.NAME} · {trail}" if trail else self.NAME)
        return self._rows(frame, width)

    def _rows(self, frame: Frame, width: int) -> list[TextRow]:
        """Return the selected node's chain rule, with others below it where there is room."""
        height = self.size.height

        def make() -> list[TextRow]:
            rows = _own_rows(frame, width)
            rows += named_gradients(frame, width, height - len(rows))
            others = other_chains(frame, width, height - len(rows)) if height >= _TALL else []
            return rows + others

        return self._chains.get((frame.seen, width, height), make)

    def foresee(self, frame: Frame) -> None:
        """Make the chain rules of a moment that may come."""
        if frame.looked.lens is None and frame.looked.jacobian is None:
            self._rows(frame, self.size.width)

    def rows_needed(self, size: Size) -> tuple[int, int]:
        """Return the rows that it keeps, with some for other chains, and those that it takes."""
        if self.frame is not None:
            self.note_rows(len(_own_rows(self.frame, size.width)), size.width)
        return max(self.most_rows, _TALL), self.most_rows


def _own_rows(frame: Frame, width: int) -> list[TextRow]:
    """Return the chain rule of the selected node, below the hand-written line."""
    return [*beside_rows(frame, width), *chain_rows(frame, width), *wrong_tables(frame)]
