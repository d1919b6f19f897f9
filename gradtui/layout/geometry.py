"""The parts of a drawing: its input, its geometry, its painted pieces. Makes and paints none."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from typing import NamedTuple, TypeVar

from msgspec import Struct, field

Pair = tuple[int, int]
"""Source and target of a wire; also first and last row of a span."""

Made = TypeVar("Made")
Parts = Generator[None, None, Made]
"""Work that pauses after each of its parts, at most about a layer, and returns its result."""


class Box(Struct, frozen=True, gc=False):
    """A node to place, and the cells reserved for its text."""

    key: int
    width: int
    height: int


class Wire(Struct, frozen=True, gc=False):
    """An edge to draw, and the cells reserved for its label (0: none)."""

    source: int
    target: int
    slot: int


class Rect(Struct, frozen=True, gc=False):
    """A place on the drawing, in cells."""

    x: int
    y: int
    width: int
    height: int


class BoxRow(Struct, frozen=True):
    """The visible part of one row of a box; the caller supplies the text."""

    x: int
    width: int
    key: int
    row: int
    """Row inside the box, 0 the first."""
    skip: int
    """Cells of the box hidden left of the window."""


class Label(Struct, frozen=True):
    """The visible part of a wire's label."""

    x: int
    text: str
    wire: Pair
    lit: bool


class Stroke(Struct, frozen=True):
    """A run of line characters and blanks."""

    x: int
    text: str
    lit: bool


Piece = BoxRow | Label | Stroke


class RowLine(NamedTuple):
    """A line along a row, from one column to another, both included."""

    first: int
    last: int
    number: int
    arrow: bool
    """Whether it ends in an arrow."""


class TrunkLine(NamedTuple):
    """A line along a column, from one row to another, both included."""

    top: int
    bottom: int
    number: int


class TrunkColumn(NamedTuple):
    """The trunks of one column, from top to bottom; they do not touch."""

    x: int
    lines: Sequence[TrunkLine]


class Row(Struct, eq=False):
    """The contents of one row; each list is sorted by its first member, a column."""

    boxes: list[tuple[int, int]] = field(default_factory=list)
    """Column and key."""
    slots: list[tuple[int, Pair]] = field(default_factory=list)
    """Column and wire."""
    lines: list[RowLine] = field(default_factory=list)


class Step(Struct, frozen=True, gc=False):
    """The part of a wire between two layers, with the lines that light up with it."""

    lines: tuple[int, ...]
    """Numbers of its lines along rows."""
    spans: tuple[tuple[int, Pair], ...]
    """Numbers of its trunks, and the first and last row used of each."""
    previous: int | None
    """The step of the same wire that comes before it."""


class Layout(Struct, frozen=True, eq=False):
    """The geometry of a drawing, in cells."""

    width: int
    height: int
    boxes: Mapping[int, Rect]
    slots: Mapping[Pair, Rect]
    """The place of each wire's label."""
    columns: tuple[tuple[int, ...], ...]
    """Keys of the boxes of each layer, top to bottom."""
    rows: Sequence[Row]
    trunks: Sequence[TrunkColumn]
    """From left to right."""
    steps: Sequence[Step]
    last_steps: Mapping[Pair, int]
    """Index of the step that ends each wire."""
