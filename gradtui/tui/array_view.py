"""A whole array over the debugger, scrolled in both directions."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen

from gradtui.base.text import clean, shape_text
from gradtui.explain.arrays import NOTES, Grid
from gradtui.explain.spans import TextRow
from gradtui.explain.values import Array, extent
from gradtui.tui.keys import Keys
from gradtui.tui.rows import ROLE_CLASSES, Rows
from gradtui.tui.shortcuts import ARRAY, bindings

_MOVES = ("array-page-down", "array-right", "array-end")


class _Cells(Rows):
    """The window onto the array."""

    def __init__(self, grid: Grid) -> None:
        super().__init__(id="array")
        self._grid = grid
        self.top, self.left = 0, 0

    @property
    def height(self) -> int:
        """The rows of the array that are in view."""
        return max(1, self.size.height - self._grid.headed)

    @property
    def columns(self) -> int:
        """The columns of the array that are in view."""
        return self._grid.fitting(self.size.width)

    def move(self, rows: int, columns: int) -> None:
        """Move the window, within the array."""
        self.top = max(0, min(self.top + rows, self._grid.rows - self.height))
        self.left = max(0, min(self.left + columns, self._grid.columns - self.columns))
        self.redraw()

    def visible_rows(self) -> list[TextRow]:
        """Return the rows in view."""
        width, height = self.size
        return self._grid.window(self.top, height, self.left, width)


class ArrayView(ModalScreen[None]):
    """The numbers of an array, titled with the expression asked for."""

    COMPONENT_CLASSES: ClassVar[set[str]] = set(ROLE_CLASSES)
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(ARRAY)]

    def __init__(self, text: str, value: Array, keys: Keys) -> None:
        super().__init__()
        self._grid = Grid(value)
        self._cells = _Cells(self._grid)
        about = NOTES.get(text.rpartition("_")[2] or text, "")
        said = f"{text} [{shape_text(value.shape)}]  {extent(value, 6)}"
        self._title = clean(f"{said}  {about}".rstrip())
        self._moves = " ".join(keys.first(id) for id in _MOVES) + " more  "
        self._leave = keys.hint(ARRAY[:1])

    def compose(self) -> ComposeResult:
        """Make the window."""
        with Vertical() as box:
            box.border_title = Content(self._title)  # text would be read as markup
            yield self._cells

    def on_mount(self) -> None:
        """Give the window the rows it needs."""
        self._cells.styles.height = self._grid.rows + self._grid.headed
        self.call_after_refresh(self.action_move, 0, 0)

    def on_resize(self) -> None:
        """Stay within the array after a change of size."""
        self.call_after_refresh(self.action_move, 0, 0)

    def action_move(self, rows: int, columns: int) -> None:
        """Move by rows and columns."""
        if not self._cells.size:
            return  # a key came before the window was ready
        self._cells.move(rows, columns)
        cells, grid = self._cells, self._grid
        last = min(cells.top + cells.height, grid.rows) - 1
        place = f"rows {cells.top:,}-{last:,} of {grid.rows:,}"
        aside = grid.columns > cells.columns
        if aside:
            right = min(cells.left + cells.columns, grid.columns) - 1
            place += f", columns {cells.left:,}-{right:,} of {grid.columns:,}"
        moves = self._moves if aside or grid.rows > cells.height else ""
        self.query_one(Vertical).border_subtitle = Content(f"{place}   {moves}{self._leave}")

    def action_page(self, by: int) -> None:
        """Move by most of the rows in view."""
        self.action_move(by * max(1, self._cells.height - 1), 0)

    def action_aside(self, by: int) -> None:
        """Move by most of the columns in view."""
        self.action_move(0, by * max(1, self._cells.columns - 1))

    def action_end(self, by: int) -> None:
        """Go to the first row, or to the last."""
        self.action_move(by * self._grid.rows, 0)
