"""A whole array over the debugger, scrolled in both directions."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content

from gradtui.base.text import clean, shape_text
from gradtui.debugger.wording import NO_WORDS, Wording
from gradtui.explain.arrays import MARK, NOTES, Grid
from gradtui.explain.spans import TextRow
from gradtui.explain.training import part_text
from gradtui.explain.values import Array, extent
from gradtui.tui.keys import Keys
from gradtui.tui.lean import LeanModal
from gradtui.tui.rows import Rows
from gradtui.tui.shortcuts import ARRAY, bindings

_MOVES = ("array-page-down", "array-right", "array-end")


class Batch(Struct, frozen=True, eq=False):
    """The whole data of which a step sees a part."""

    whole: Array
    """(rows, …)"""
    rows: NDArray[np.intp]
    """The rows that the step sees, in its order."""


class _Cells(Rows):
    """The window onto the array."""

    def __init__(self, grid: Grid) -> None:
        super().__init__(id="array")
        self.grid = grid
        self.top, self.left = 0, 0

    @property
    def height(self) -> int:
        """The rows of the array that are in view."""
        return max(1, self.size.height - self.grid.headed)

    @property
    def columns(self) -> int:
        """The columns of the array that are in view."""
        return self.grid.fitting(self.size.width)

    def show(self, grid: Grid) -> None:
        """Show another array, from its first number on."""
        self.grid, self.top, self.left = grid, 0, 0

    def move(self, rows: int, columns: int) -> None:
        """Move the window, within the array."""
        self.top = max(0, min(self.top + rows, self.grid.rows - self.height))
        self.left = max(0, min(self.left + columns, self.grid.columns - self.columns))
        self.redraw()

    def visible_rows(self) -> list[TextRow]:
        """Return the rows in view."""
        width, height = self.size
        return self.grid.window(self.top, height, self.left, width)


class ArrayView(LeanModal):
    """The numbers of an array, titled with the expression asked for."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(ARRAY)]

    def __init__(
        self, text: str, value: Array, keys: Keys, batch: Batch | None = None, *,
        across: tuple[int, ...] = (), wording: Wording = NO_WORDS, note: str = "",
    ) -> None:  # fmt: skip
        """`across` is the shape of what the columns are the elements of, if it is no vector.

        `wording` are the words that belong to its numbers.
        """
        super().__init__()
        self._text, self._batch, self._note = text, batch, note
        self._wording = wording
        self._part, self._all = Grid(value, across=across, wording=wording), False
        self._cells = _Cells(self._part)
        self._moves = " ".join(keys.first(id) for id in _MOVES) + " more  "
        self._leave = keys.hint(ARRAY[:1])
        self._other = keys.first("array-all")

    def compose(self) -> ComposeResult:
        """Make the window."""
        with Vertical() as box:
            box.border_title = self._title
            yield self._cells

    @property
    def _title(self) -> Content:
        grid, text = self._cells.grid, self._text
        said = f"{text} [{shape_text(grid.value.shape)}]  {extent(grid.value, 6)}"
        about = self._note or NOTES.get(text.rpartition("_")[2] or text, "")
        if self._batch is not None:
            part, whole = len(self._batch.rows), len(self._batch.whole)
            about = f"all rows, {MARK} this step's batch" if self._all else part_text(part, whole)
        return Content(clean(f"{said}  {about}".rstrip()))  # text would be read as markup

    def on_mount(self) -> None:
        """Give the window the rows it needs."""
        grid = self._cells.grid
        self._cells.styles.height = grid.rows + grid.headed
        self.call_after_refresh(self.action_move, 0, 0)

    def on_resize(self) -> None:
        """Stay within the array after a change of size."""
        self.call_after_refresh(self.action_move, 0, 0)

    def action_move(self, rows: int, columns: int) -> None:
        """Move by rows and columns."""
        if not self._cells.size:
            return  # a key came before the window was ready
        self._cells.move(rows, columns)
        cells, grid = self._cells, self._cells.grid
        last = min(cells.top + cells.height, grid.rows) - 1
        place = f"rows {cells.top:,}-{last:,} of {grid.rows:,}"
        aside = grid.columns > cells.columns
        if aside:
            right = min(cells.left + cells.columns, grid.columns) - 1
            place += f", columns {cells.left:,}-{right:,} of {grid.columns:,}"
        moves = self._moves if aside or grid.rows > cells.height else ""
        if self._batch is not None:
            moves += f"{self._other} {'the batch' if self._all else 'all rows'}  "
        self.query_one(Vertical).border_subtitle = Content(f"{place}   {moves}{self._leave}")

    def action_page(self, by: int) -> None:
        """Move by most of the rows in view."""
        self.action_move(by * max(1, self._cells.height - 1), 0)

    def action_aside(self, by: int) -> None:
        """Move by most of the columns in view."""
        self.action_move(0, by * max(1, self._cells.columns - 1))

    def action_end(self, by: int) -> None:
        """Go to the first row, or to the last."""
        self.action_move(by * self._cells.grid.rows, 0)

    def action_whole(self) -> None:
        """Show all rows of the data, or those of the step's batch again."""
        if self._batch is None:
            return
        self._all = not self._all
        marked = frozenset(map(int, self._batch.rows))
        whole = Grid(self._batch.whole, marked, wording=self._wording)
        self._cells.show(whole if self._all else self._part)
        self.query_one(Vertical).border_title = self._title
        self.on_mount()
