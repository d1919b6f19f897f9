"""Arithmetic over several rows, broken at the same places for all elements of an array."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import pairwise

from msgspec import Struct

from gradtui.base.text import cell_width
from gradtui.explain.spans import Span, TextRow, line

INDENT = 2
"""Indentation of a continued row, in cells."""
_LOOKS = 2000
"""Most arithmetic whose breaks are remembered."""
ALIKE = str.maketrans(dict.fromkeys("123456789", "0"))
"""For a text that is broken alike: other digits change nothing."""
_MARKS = r" [-+=] |[·/()\[\]]"
"""Signs before which a row may be broken, and brackets."""
_BRACKETS = {"(": 1, "[": 1, ")": -1, "]": -1}


class Piece(Struct, frozen=True):
    """A part of a row."""

    span: Span
    best: bool
    """Whether a row should begin with it if possible."""
    inside: bool
    """Whether it begins inside parentheses."""


class Breaks(Struct, frozen=True):
    """Where some arithmetic is broken into rows."""

    at: tuple[int, ...]
    """The pieces that begin new rows."""
    fits: bool
    """Whether every row has room for its pieces."""


def pieces(parts: Iterable[Span]) -> list[Piece]:
    """Return the parts of some arithmetic between which a row may be broken.

    Preferably before a sum's sign outside parentheses, else before any sign.
    """
    found: list[Piece] = []
    for text, role in parts:
        start = depth = 0
        best, inside = True, False
        for mark in re.finditer(_MARKS, text):
            at, sign = mark.start(), mark[0]
            if sign in _BRACKETS:
                depth += _BRACKETS[sign]
            elif at > start:
                found.append(Piece((text[start:at], role), best, inside))
                start, best, inside = at, len(sign) == 3 and depth == 0, depth > 0
        found.append(Piece((text[start:], role), best, inside))
    return found


def cuts(parts: Iterable[Span], first: int, room: int) -> Breaks:
    """Return where some arithmetic is broken, with `first` cells in its first row, then `room`."""
    # Arithmetic looks alike from step to step.
    return _cuts(tuple(text.translate(ALIKE) for text, _ in parts), first, room)


@lru_cache(_LOOKS)
def _cuts(look: tuple[str, ...], first: int, room: int) -> Breaks:
    made = pieces((text, "plain") for text in look)
    widths = [cell_width(piece.span[0]) for piece in made]
    found: list[int] = []
    start, left, fits = 0, first, True
    for at, width in enumerate(widths):
        left -= width
        while left < 0 and at > start:
            best = [i for i in range(start + 1, at + 1) if made[i].best]
            # No number stays alone in its row if all the rest has room in another.
            more = [i for i in range(start + 2, at + 1) if sum(widths[i:]) <= room]
            if best == [start + 1] and more:
                start = max(more, key=lambda i: (not made[i].inside, i))
            else:
                start = best[-1] if best else at
            found.append(start)
            blank = made[start].span[0].startswith(" ")  # left out where a row begins
            left = room + blank - sum(widths[start : at + 1])
        fits = fits and left >= 0
    return Breaks(tuple(found), fits)


def broken(
    head: Sequence[Span], made: Sequence[Piece], at: Sequence[int], indent: int
) -> list[TextRow]:
    """Return pieces after a head, in rows that begin at `cuts`, with continued rows indented.

    A result is indented less than its arithmetic.
    """
    edges = [0, *at, len(made)]
    rows = [line(*head, *(piece.span for piece in made[: edges[1]]))]
    for start, stop in pairwise(edges[1:]):
        texts = [piece.span for piece in made[start:stop]]
        text, role = texts[0]
        shift = 0 if text.startswith(" = ") else INDENT
        rows.append(line(" " * (indent + shift), (text.lstrip(), role), *texts[1:]))
    return rows
