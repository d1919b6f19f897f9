"""An array of any size as a table: a window of its rows and columns, with their numbers."""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import cached_property

import numpy as np
from msgspec import Struct

from gradtui.base.text import DIGITS, cell_width, clean, clip, number, pad, shape_text
from gradtui.debugger.wording import NO_WORDS, Wording
from gradtui.explain.spans import Span, TextRow, line
from gradtui.explain.values import Array, extent

_CELLS = 12
"""Cells of a number of so many digits: `-1.23457e-05`."""
_GAP, _FEW = 2, 4096
MARK = "▸"
"""The sign before marked rows."""
NOTES = {"confusion": "true ↓, predicted →"}
"""Names of values that need an explanation -> the explanation."""


class Grid(Struct, frozen=True, eq=False, dict=True):
    """The numbers of an array as rows and columns, with the last axis along a row."""

    value: Array
    """(…), a vector as one number a row."""
    marked: frozenset[int] = frozenset()
    """Rows with a sign before them."""
    across: tuple[int, ...] = ()
    """The shape of what the columns are the elements of, if that is not a vector."""
    wording: Wording = NO_WORDS

    @property
    def rows(self) -> int:
        """The number of rows."""
        return math.prod(self._lead)

    @property
    def columns(self) -> int:
        """The number of columns."""
        return self.value.shape[-1] if self.value.ndim > 1 else 1

    @property
    def headed(self) -> bool:
        """Whether a row of column indices, or of their names, stands above the numbers."""
        return self.value.ndim > 1 or bool(self.wording.columns)

    @property
    def _lead(self) -> tuple[int, ...]:
        return self.value.shape[:-1] if self.value.ndim > 1 else self.value.shape

    def fitting(self, width: int) -> int:
        """Return the number of columns that fit beside the names of the rows, at least one."""
        return max(1, (width - self._names) // (self._cells + _GAP))

    def window(self, top: int, height: int, left: int, width: int) -> list[TextRow]:
        """Return the rows from `top` on that fit, under column indices if there are any."""
        shown = slice(left, left + self.fitting(width))
        last = top + height - self.headed
        table = self.value.reshape(self.rows, self.columns)[top:last, shown]
        found = []
        if self.headed:
            seen = range(self.columns)[shown]
            heads = (pad(self._head(at), self._cells + _GAP, right=True) for at in seen)
            found.append(line((" " * self._names + "".join(heads), "dim")))
        for at, numbers in enumerate(table, start=top):
            text = self._row(at)
            own = at in self.marked
            text = f"{MARK}{text}" if own else text
            name: Span = (text.rjust(self._names), "heading" if own else "dim")
            cells = "".join(pad(self._cell(x), self._cells + _GAP, right=True) for x in numbers)
            found.append(line(name, (cells, "value")))
        return found

    def _head(self, column: int) -> str:
        """Return the name of a column, or its index."""
        if len(self.wording.columns) == self.columns:
            return clip(clean(self.wording.columns[column]), _CELLS)
        return _index(np.unravel_index(column, self.across or (self.columns,)))

    def _row(self, row: int) -> str:
        """Return the name of a row, or its index."""
        if len(self.wording.rows) == self.rows:
            return clip(clean(self.wording.rows[row]), _CELLS)
        return _index(np.unravel_index(row, self._lead) if self._lead else ())

    def _cell(self, value: float) -> str:
        """Return a number, with the class that it stands for."""
        text, words = number(value, DIGITS), self.wording.classes
        return f"{text} {clip(clean(words[int(value)]), _CELLS)}" if words else text

    @property
    def _names(self) -> int:
        widest = len(",".join(str(size - 1) for size in self._lead))
        if len(self.wording.rows) == self.rows:
            widest = max(cell_width(self._row(row)) for row in range(self.rows))
        return widest + len(MARK) * bool(self.marked)

    @cached_property
    def _cells(self) -> int:
        """The width of a number in cells: that of the longest, if the array is small."""
        heads = range(self.columns) if self.wording.columns else range(self.columns)[-1:]
        head = max((cell_width(self._head(at)) for at in heads), default=1)
        if self.wording.classes:
            shown = {self._cell(x) for x in range(len(self.wording.classes))}
        elif self.value.size > _FEW:
            return max(_CELLS, head)
        else:
            shown = {self._cell(x) for x in self.value.flat}
        return max(head, max(map(cell_width, shown), default=1))


def _index(index: Iterable[object]) -> str:
    return ",".join(map(str, index))


def value_rows(
    text: str,
    step: int | None,
    value: Array,
    width: int,
    height: int,
    note: str = "",
    wording: Wording = NO_WORDS,
) -> list[TextRow]:
    """Return an expression's value: shape, range, first rows, and the number left out."""
    at = "" if step is None else f" at step {step:,}"
    notes = [line((note, "dim"))] if note else []
    if value.shape == ():
        return [line((text, "name"), " = ", (number(float(value)), "value"), (at, "dim")), *notes]
    head: list[Span | str] = [(text, "name"), f" [{shape_text(value.shape)}]", (at, "dim")]
    rows = [line(*head, ": ", (extent(value, DIGITS), "value"))]
    if text in NOTES or text.partition("_")[2] in NOTES:
        rows.append(line((NOTES[text.rpartition("_")[2]], "dim")))
    rows += notes
    if not value.size:
        return rows
    grid = Grid(value, wording=wording)
    rows += grid.window(0, height + grid.headed, 0, width)
    left = [
        f"{many:,} more {what}{'s' if many > 1 else ''}{how}"
        for many, what, how in (
            (grid.rows - height, "row", f" (--rows {grid.rows} prints all)"),
            (grid.columns - grid.fitting(width), "column", ""),
        )
        if many > 0
    ]
    return [*rows, line((f"… {' and '.join(left)}", "dim"))] if left else rows
