"""A sheet of terminal cells to draw on, with the run's path, its point and its arrow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple, get_args

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from gradtui.explain.spans import Ink, Role, TextRow
from gradtui.layout.plane import (
    ACROSS,
    BLANK,
    DOWN,
    Cell,
    Share,
    braille,
    cell_of,
    clipped,
    head,
    line_dots,
    text_of,
)


class Signs(NamedTuple):
    """The characters of a run's marks."""

    past: str
    ahead: str
    point: str
    lowest: str
    line: str = ""
    """What lines are made of, if not of dots."""


DRAWN = Signs("●", "○", "◉", "★")
TYPED = Signs("o", "+", "@", "*", ":")
"""Signs of ASCII, in which dots would be strokes like those of a curve."""
ROLES: tuple[Role, ...] = get_args(Role)
_NUMBERS = {role: number for number, role in enumerate(ROLES)}
_NONE = _NUMBERS["plain"]
"""No background."""
Codes = NDArray[np.uint32]
Bands = NDArray[np.int64]
Dots = tuple[NDArray[np.int64], NDArray[np.int64]]
_LINES = 2000
"""Most lines whose dots are remembered: those of a path are the same at every step."""


class Marks(Struct, frozen=True):
    """The drawing of a run, in shares of the sheet."""

    step: int
    steps: Sequence[int]
    path: Sequence[Share]
    """The place at each of `steps`."""
    point: Share
    next: Share | None
    """The end of the step; None if it is not known at the cursor."""
    lowest: Share | None
    joined: bool = True
    """Whether lines join the places; over a curve these would look like another one."""


class Sheet:
    """Cells, each with a character, its role, and the role of its background, if any."""

    def __init__(self, rows: int, columns: int, signs: Signs = DRAWN) -> None:
        self.rows, self.columns, self.signs = rows, columns, signs
        self.codes = np.full((rows, columns), BLANK)
        """Code points of the characters."""
        self.roles = np.full((rows, columns), _NUMBERS["plain"])
        self.grounds = np.full((rows, columns), _NONE)
        self.taken = np.zeros((rows, columns), bool)
        """Cells whose marks nothing else may cover."""

    def put(self, cell: Cell, text: str, role: Role) -> None:
        """Write a text of narrow characters from a cell to the right, as far as it is inside."""
        row, column = cell
        for at, char in enumerate(text, column):
            if 0 <= at < self.columns:
                self.codes[row, at], self.roles[row, at] = ord(char), _NUMBERS[role]
                self.taken[row, at] = True

    def lay_under(
        self, codes: Codes, role: Role, grounds: Sequence[Role | None], at: Bands
    ) -> None:
        """Put characters where no marks are, each cell on the background that `at` numbers."""
        free = ~self.taken
        self.codes[free] = codes[free]
        self.roles[free] = _NUMBERS[role]
        numbers = [_NONE if ground is None else _NUMBERS[ground] for ground in grounds]
        self.grounds[:] = np.array(numbers)[at]

    def free(self, cell: Cell, width: int) -> bool:
        """Return whether a text fits from a cell on without covering a mark."""
        row, column = cell
        inside = column >= 0 and column + width <= self.columns
        return inside and not self.taken[row, column : column + width].any()

    def lines(self) -> Iterator[TextRow]:
        """Yield the rows, with cells of one colour joined."""
        grounds = np.where(self.roles == _NUMBERS["now"], _NONE, self.grounds)
        inks = self.roles * len(ROLES) + grounds
        for codes, row in zip(self.codes, inks, strict=True):
            starts = [0, *(np.flatnonzero(np.diff(row)) + 1).tolist()]
            text = text_of(codes)
            yield tuple(
                (text[start:stop], _ink(int(row[start])))
                for start, stop in zip(starts, [*starts[1:], self.columns], strict=True)
            )

    def cell(self, share: Share) -> Cell | None:
        """Return the cell at a place; None if it is outside."""
        return cell_of(share, self.rows, self.columns)

    def draw(self, marks: Marks) -> None:
        """Draw the run: its path, the lowest place, this step's arrow, the present point."""
        places = list(zip(marks.steps, marks.path, strict=True))
        legs = [
            (after, start, end)
            for (step, start), (after, end) in pairwise(places)
            if after == step + 1
        ]
        if marks.joined:
            self._draw_lines([leg[1:] for leg in legs if leg[0] > marks.step], "dim")
            self._draw_lines([leg[1:] for leg in legs if leg[0] <= marks.step], "name")
        for step, place in reversed(places):
            past = step <= marks.step
            sign = self.signs.past if past else self.signs.ahead
            self._draw_mark(place, sign, "name" if past else "dim")
        if marks.next is not None:
            self._draw_arrow(marks.point, marks.next, shaft=marks.joined)
        if marks.lowest is not None:
            self._draw_mark(marks.lowest, self.signs.lowest, "good")
        self._draw_mark(marks.point, self.signs.point, "now")

    def draw_dots(self, dots: NDArray[np.bool_], role: Role, spared: Codes | None = None) -> None:
        """Draw a line of dots, under the marks drawn later; not in cells with `spared` characters.

        The dots are rows from the top, with those of a cell side by side.
        """
        codes = braille(dots)
        drawn = codes != BLANK
        if spared is not None:
            drawn &= spared == BLANK
        if self.signs.line:
            codes[drawn] = ord(self.signs.line)
        self.codes[drawn], self.roles[drawn] = codes[drawn], _NUMBERS[role]
        self.taken |= drawn

    def _draw_mark(self, place: Share, char: str, role: Role) -> None:
        cell = self.cell(place)
        if cell is not None:
            self.put(cell, char, role)

    def _draw_lines(self, lines: Sequence[tuple[Share, Share]], role: Role) -> None:
        dots = np.zeros((self.rows * DOWN, self.columns * ACROSS), bool)
        for start, end in lines:
            found = _line(start, end, self.rows, self.columns)
            if found is not None:
                dots[found] = True
        self.draw_dots(dots, role)

    def _draw_arrow(self, start: Share, end: Share, *, shaft: bool) -> None:
        inside = clipped(start, end)
        if inside is None or self.cell(inside[0]) == self.cell(inside[1]):
            return
        if shaft:
            self._draw_lines([inside], "gradient")
        right, up = (end[0] - start[0]) * self.columns, (end[1] - start[1]) * self.rows * 2
        self._draw_mark(inside[1], head(right, up), "gradient")


@lru_cache(_LINES)
def _line(start: Share, end: Share, rows: int, columns: int) -> Dots | None:
    """Return rows and columns of the dots of a line's part inside; None if there is none."""
    inside = clipped(start, end)
    return None if inside is None else line_dots(*inside, rows, columns)


def _ink(number: int) -> Ink:
    role, ground = divmod(number, len(ROLES))
    return (ROLES[role], ROLES[ground]) if ground != _NONE else ROLES[role]
