"""Rows of text in parts with roles, which a screen can colour; no colours themselves."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Literal, overload

from gradtui.base.text import cell_width, clean

Role = Literal[
    "plain",
    "dim",
    "name",
    "value",
    "gradient",
    "local",
    "good",
    "bad",
    "now",
    "moment",
    "selected",
    "heading",
    "height-0",
    "height-1",
    "height-2",
    "height-3",
    "height-4",
    "height-5",
    "height-6",
    "height-7",
]
Ink = Role | tuple[Role, Role]
"""The colour of a part: a role, or the first one on the background of the second."""
Span = tuple[str, Ink]
TextRow = tuple[Span, ...]
"""One row of the screen."""


_OPERATOR, _FACTOR = r"(?= [-+·=←] )", r"(?=[·/])"
_LEFT: frozenset[Role] = frozenset({"name", "now", "selected", "local"})
"""Roles that align a column to the left."""


class LazyRows(Sequence[TextRow]):
    """Rows of a table of any length, made only when viewed."""

    def __init__(self, count: int, between: Callable[[int, int], list[TextRow]]) -> None:
        self._count, self._between = count, between
        self._made: tuple[int, int, list[TextRow]] = (0, 0, [])
        """First and last, and the rows between that were made last."""

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, at: int) -> TextRow: ...
    @overload
    def __getitem__(self, at: slice) -> list[TextRow]: ...
    def __getitem__(self, at: int | slice) -> TextRow | list[TextRow]:
        if isinstance(at, int):
            return self[:][at]
        start, stop, step = at.indices(self._count)
        if start < stop and self._made[:2] != (start, stop):
            self._made = start, stop, self._between(start, stop)
        return self._made[2][::step] if start < stop else []

    def __iter__(self) -> Iterator[TextRow]:
        return iter(self[:])


def line(*parts: str | Span) -> TextRow:
    """Return a row; text without a role is plain.  All text is sanitised here."""
    spans: list[Span] = []
    for part in parts:
        span: Span = (part, "plain") if isinstance(part, str) else part
        if span[0]:
            spans.append((clean(span[0]), span[1]))
    return tuple(spans)


def line_text(row: TextRow) -> str:
    """Return a row as plain text."""
    return "".join(text for text, _ in row)


def line_width(row: TextRow) -> int:
    """Return the width of a row in cells."""
    # Most texts are of ASCII, and new: to remember them would take longer, as would a generator.
    return sum([len(text) if text.isascii() else cell_width(text) for text, _ in row])


def aligned(left: TextRow, right: TextRow, width: int) -> TextRow:
    """Return a row with `right` pushed to the right edge, if both fit, else `left` then `right`."""
    space = width - line_width(left) - line_width(right)
    return (*left, (" " * max(2, space), "plain"), *right)


def folded(head: Span, parts: Iterable[Span], width: int) -> list[TextRow]:
    """Return a row, broken between parts where it would pass the width, without blanks at its end.

    A part longer than a whole row is broken before its operators, too, and what is longer still
    before its factors.
    """
    rows: list[TextRow] = []
    current, used = line(head), cell_width(head[0])
    indent = min(used, max(2, width // 4))
    for text, role in parts:
        for piece in _pieces(text, width - indent):
            size = cell_width(piece.rstrip())
            if used + size > width and used > indent:
                rows.append(_stripped(current))
                current, used = line(" " * indent), indent
                piece = piece.lstrip()
            current = (*current, *line((piece, role)))
            used += cell_width(piece)
    return [*rows, _stripped(current)]


def _pieces(text: str, room: int) -> list[str]:
    pieces = [text]
    for mark in (_OPERATOR, _FACTOR):
        pieces = [
            part
            for piece in pieces
            for part in ([piece] if cell_width(piece.rstrip()) <= room else re.split(mark, piece))
        ]
    return pieces


def _stripped(row: TextRow) -> TextRow:
    return (*row[:-1], (row[-1][0].rstrip(), row[-1][1])) if row else row


def columns(rows: Iterable[Iterable[Span]], *, gap: int = 2) -> list[TextRow]:
    """Return rows of cells as aligned columns: numbers to the right, others to the left."""
    table = [[(clean(text), role) for text, role in row] for row in rows]
    count = max(map(len, table), default=0)
    widths = [
        max((cell_width(row[i][0]) for row in table if i < len(row)), default=0)
        for i in range(count)
    ]
    lines = []
    for row in table:
        spans: list[Span] = []
        for index, (text, role) in enumerate(row):
            space = " " * (widths[index] - cell_width(text))
            lead = " " * gap if index else ""
            before, after = ("", space) if role in _LEFT else (space, "")
            spans += [(lead + before, "plain"), (text, role), (after, "plain")]
        lines.append(tuple(span for span in spans if span[0]))
    return lines
