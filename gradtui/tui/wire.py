"""The bytes sent to the terminal: only cells that differ from its present picture.

Textual paints a row from the left edge of the changed part, and names all colours of each piece of
text.  Here its paint is laid over a picture of the terminal's cells, and only the differences are
written, with only the colours that change.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from inspect import signature
from itertools import compress
from operator import is_not
from typing import NamedTuple, cast

from rich.color import ColorSystem
from rich.console import Console, RenderableType
from rich.style import Style
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.geometry import Offset, Region
from textual.strip import SGR_STYLES, Strip

from gradtui.base.text import cell_width

PARTS = {LayoutUpdate: ["strips", "region"], ChopsUpdate: ["chops", "spans", "chop_ends"]}
"""Textual's paints and their parts; if these have changed, paints are written unaltered.

The version would tell, too, but looking it up took a thirtieth of the start.
"""
_NEAR = 4
"""Most unchanged cells rewritten, because moving the cursor takes as many bytes."""
_SEEN_ON_BLANKS = frozenset({"4", "7", "9", "21", "51", "52", "53"})
"""Attributes visible on a blank: underlined, reversed, struck out, framed, overlined."""


class Pen(NamedTuple):
    """A terminal's pen: the parts of an SGR sequence for a style."""

    attributes: tuple[str, ...]
    ink: str
    ground: str

    def plain_on(self) -> bool:
        """Return whether a blank looks the same in any foreground."""
        return not _SEEN_ON_BLANKS.intersection(self.attributes)


NO_PEN = Pen((), "39", "49")
"""The pen after a reset."""
Cell = tuple[str, Pen | str]
"""A character and its pen.  Cells covered by a wide one are empty; a blank has only a background.
"""


class Wire:
    """The cells on the terminal's screen."""

    def __init__(self) -> None:
        self._rows: list[list[Cell | None]] = []
        self._cursor: Offset | None = None
        self._region: Region | None = None
        self._cells_in: dict[Style | None, _Cells] = {}
        self._reads_paints = all(
            list(signature(kind).parameters) == parts for kind, parts in PARTS.items()
        )

    def forget(self) -> None:
        """Assume nothing about the terminal's picture."""
        self._rows, self._cursor = [], None

    def lean(
        self, update: RenderableType | None, console: Console, cursor: Offset
    ) -> RenderableType | None:
        """Return a paint that writes only the differences of Textual's; None if there are none.

        The paint, and the cursor's place after it, count as written.
        """
        if not self._reads_paints or not isinstance(update, LayoutUpdate | ChopsUpdate):
            return update
        text, moved = self.write(update, console), cursor != self._cursor
        self._cursor = cursor
        return cast("RenderableType", _Lean(text)) if text or moved else None

    def write(self, update: LayoutUpdate | ChopsUpdate, console: Console) -> str:
        """Return the text to write for a paint, which then counts as written."""
        system = console._color_system or ColorSystem.TRUECOLOR
        if isinstance(update, LayoutUpdate) and update.region != self._region:
            # A paint for the former size may have gone to a terminal of this size.
            self._region = update.region
            self.forget()
        found, at = list[str](), (-1, -1)
        pen, blank = NO_PEN, NO_PEN.ground
        for y, x, strip in _pieces(update):
            row = self._row(y)
            cells = self._cells(strip, system)
            if not cells:
                continue
            end, known = x + len(cells), x < len(row)
            row += [None] * (end - len(row))
            for start, stop in _changes(row, cells, x) if known else [(x, end)]:
                if at != (y, start):
                    found.append(f"\x1b[{y + 1};{start + 1}H")
                for text, wanted in cells[start - x : stop - x]:
                    if wanted is not pen and wanted != blank:
                        pen = _change(pen, wanted, found)
                        blank = pen.ground if pen.plain_on() else ""
                    found.append(text)
                at = (y, stop)
            row[x:end] = cells
        if pen != NO_PEN:
            found.append("\x1b[m")
        return "".join(found)

    def _row(self, y: int) -> list[Cell | None]:
        while len(self._rows) <= y:
            self._rows.append([])
        return self._rows[y]

    def _cells(self, strip: Strip, system: ColorSystem) -> list[Cell]:
        cells = list[Cell]()
        for text, style, control in strip:
            if control:
                continue
            cell_of = self._cells_in.get(style)
            if cell_of is None:
                pen = NO_PEN if style is None else _make_pen(style, system)
                cell_of = self._cells_in[style] = _Cells(pen)
            if text.isascii() or _is_single(text):
                cells += map(cell_of.__getitem__, text)
            else:
                _add_wide(cells, text, cell_of.pen)
        return cells


class _Cells(dict[str, Cell]):
    """Character of one cell -> its cell in a pen, always the same one: quick to compare."""

    def __init__(self, pen: Pen) -> None:
        super().__init__({" ": (" ", pen.ground if pen.plain_on() else pen)})
        self.pen = pen

    def __missing__(self, char: str) -> Cell:
        found = self[char] = char, self.pen
        return found


class _Lean(CompositorUpdate):
    """A paint whose text to write is known."""

    def __init__(self, text: str) -> None:
        self._text = text

    def render_segments(self, console: Console) -> str:
        """Return the text to write; called by Textual."""
        return self._text


def _pieces(update: LayoutUpdate | ChopsUpdate) -> Iterator[tuple[int, int, Strip]]:
    """Yield the row, the column and the text of each piece of a paint."""
    if isinstance(update, LayoutUpdate):
        for y, strips in enumerate(update.strips, update.region.y):
            yield y, update.region.x, Strip.join(list(strips))
        return
    for y, first, last in update.spans:
        for end, (x, strip) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
            if strip is not None and x < last and end > first:
                start = max(x, first)
                yield y, start, strip.crop(start - x, min(end, last) - x)


@lru_cache(4096)
def _is_single(text: str) -> bool:
    """Return whether every character takes one cell."""
    return all(cell_width(char) == 1 for char in text)


def _add_wide(cells: list[Cell], text: str, pen: Pen) -> None:
    """Add the cells of a text with wide or zero-width characters."""
    for char in text:
        width = cell_width(char)
        if width:
            cells += [(char, pen), *[("", pen)] * (width - 1)]
        elif cells:
            last = max(at for at, (shown, _) in enumerate(cells) if shown)
            cells[last] = (cells[last][0] + char, cells[last][1])


def _changes(row: Sequence[Cell | None], cells: Sequence[Cell], x: int) -> list[tuple[int, int]]:
    """Return the first and last column of a difference at `x`, joining nearby ones."""
    found, first, last = list[tuple[int, int]](), -1, -1
    shown = row[x : x + len(cells)]
    for at in compress(range(x, x + len(cells)), map(is_not, shown, cells)):
        if row[at] == cells[at - x]:
            continue
        while at > x and not cells[at - x][0]:
            at -= 1
        if first < 0 or at - last > _NEAR:
            if first >= 0:
                found.append((first, last))
            first, last = at, at + 1
        elif at >= last:
            last = at + 1
    return [*found, (first, last)] if first >= 0 else found


def _make_pen(style: Style, system: ColorSystem) -> Pen:
    bits = style._attributes & style._set_attributes
    ink, ground = style.color, style.bgcolor
    return Pen(
        tuple(code for bit, code in enumerate(SGR_STYLES) if bits & (1 << bit)),
        "39" if ink is None else ";".join(ink.downgrade(system).get_ansi_codes()),
        "49" if ground is None else ";".join(ground.downgrade(system).get_ansi_codes(False)),
    )


def _change(pen: Pen, wanted: Pen | str, found: list[str]) -> Pen:
    """Tell the terminal how to change from one pen to another; return its new pen."""
    if isinstance(wanted, str):
        wanted = Pen(pen.attributes if pen.plain_on() else (), pen.ink, wanted)
    if wanted is pen or wanted == pen:
        return pen
    codes = list[str]()
    if not set(pen.attributes) <= set(wanted.attributes):
        codes.append("0")
        pen = NO_PEN
    codes += [code for code in wanted.attributes if code not in pen.attributes]
    if wanted.ink != pen.ink:
        codes.append(wanted.ink)
    if wanted.ground != pen.ground:
        codes.append(wanted.ground)
    found.append(f"\x1b[{';'.join(codes)}m")
    return wanted
