"""Pages of the manual as rows of a width, for a terminal and for the help screen."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import zip_longest
from textwrap import fill
from typing import Any, assert_never

from gradtui.base.text import cell_width, wrap
from gradtui.explain.spans import Role, Span, TextRow, line
from gradtui.manual.pages import (
    TOPICS,
    Block,
    Code,
    Heading,
    Page,
    Prose,
    Table,
    entries_of,
    names_in,
    read_page,
    search,
)

_INDENT = "  "
_GAP = 2
_NARROWEST = 8
_AS_IT_IS: Mapping[str, Any] = {"subsequent_indent": _INDENT, "break_on_hyphens": False}
_HELD = "\N{NO-BREAK SPACE}"
_BOLD = re.compile(r"\*\*([^*]+)\*\*")
_CODE = re.compile(r"(`[^`]+`)")


def topic_rows(width: int) -> list[TextRow]:
    """Return the topics of the manual, each with the subject of its page."""
    rows = tuple((f"`{topic}`", read_page(topic).about) for topic in TOPICS)
    return list(_table_rows(Table(("topic", "about"), rows), width))


def page_rows(topic: str, width: int) -> list[TextRow]:
    """Return a whole page under its title."""
    page = read_page(topic)
    return [line((f"{topic.upper()}: {page.about}", "heading")), *block_rows(page.blocks, width)]


def rows_on(topic: str, width: int) -> list[TextRow]:
    """Return the page on a topic, or what all pages say of a name; empty if that is nothing."""
    small = topic.lower()
    if small in TOPICS:
        return page_rows(small, width)
    pages = [*map(read_page, TOPICS)]
    for found in (
        [(page, entries_of(page, topic)) for page in pages],
        [(page, entries_of(page, small)) for page in pages],
        [(page, search(page, f"`{small}`")) for page in pages],
    ):
        if any(blocks for _, blocks in found):
            return [*_rows_under_topics(found, width)][1:]
    return []


def _rows_under_topics(
    found: Iterable[tuple[Page, Sequence[Block]]], width: int
) -> Iterator[TextRow]:
    """Yield blocks of pages, each under the topic of its page."""
    for page, blocks in found:
        if blocks:
            yield ()
            yield line((f"{page.topic.upper()}: {page.about}", "heading"))
            yield from block_rows(blocks, width)


def block_rows(blocks: Iterable[Block], width: int) -> Iterator[TextRow]:
    """Yield the rows of blocks, with empty rows between them except between list items."""
    in_list = False
    for block in blocks:
        item = isinstance(block, Prose) and block.text.startswith("- ")
        if not (in_list and item):
            yield ()
        in_list = item
        match block:
            case Heading(text):
                yield line((text, "heading"))
            case Prose(text):
                yield from _prose_rows(text, width)
            case Code(rows):
                yield from _code_rows(rows, width)
            case Table():
                yield from _table_rows(block, width)
            case _:
                assert_never(block)


def _prose_rows(text: str, width: int) -> Iterator[TextRow]:
    """Yield a paragraph; code keeps its backticks, because a colour alone is not enough."""
    for row in _folded(_BOLD.sub(r"\1", text), width - len(_INDENT)):
        yield line(_INDENT, *_spans(row))


def _code_rows(rows: Iterable[str], width: int) -> Iterator[TextRow]:
    """Yield lines of code, with wide ones continued below."""
    for row in rows:
        for part in fill(row, max(20, width - 2 * len(_INDENT)), **_AS_IT_IS).split("\n"):
            yield line(_INDENT * 2, (part, "value")) if part else ()


def _table_rows(table: Table, width: int) -> Iterator[TextRow]:
    """Yield the rows of a table, wrapping its last column."""
    heads = [table.head] if any(table.head) else []
    cells = [[_cell_text(cell) for cell in row] for row in (*heads, *table.rows)]
    widths = _widths(cells, width - len(_INDENT))
    for at, row in enumerate(cells):
        folded = [_folded(cell, size) for cell, size in zip(row, widths, strict=True)]
        for parts in zip_longest(*folded, fillvalue=""):
            spans: list[Span] = [(_INDENT, "plain")]
            for column, (part, size) in enumerate(zip(parts, widths, strict=True)):
                role: Role = "dim" if heads and at == 0 else "name" if column == 0 else "plain"
                spans += _spans(part) if role == "plain" else [(part, role)]
                if any(parts[column + 1 :]):
                    spans.append((" " * (size - cell_width(part) + _GAP), "plain"))
            yield line(*spans)


def _folded(text: str, width: int) -> list[str]:
    """Return a text as lines of a width, none of which ends inside code."""
    held = _CODE.sub(lambda found: found[0].replace(" ", _HELD), text)
    return [row.replace(_HELD, " ") for row in wrap(held, width)]


def _cell_text(cell: str) -> str:
    """Return a cell without its marks, except those of code among other words."""
    return _BOLD.sub(r"\1", cell.replace("`", "") if names_in(cell) else cell)


def _widths(cells: Sequence[Sequence[str]], width: int) -> list[int]:
    """Return how wide each column is: as its cells want it; the widest shrinks until all fit."""
    sizes = [max(map(cell_width, column)) for column in zip(*cells, strict=True)]
    room = width - _GAP * (len(sizes) - 1)
    while sum(sizes) > room and max(sizes) > _NARROWEST:
        sizes[sizes.index(max(sizes))] -= 1
    return sizes


def _spans(text: str) -> list[Span]:
    """Return a text with its code told from the rest."""
    parts = [part for part in _CODE.split(text) if part]
    return [(part, "gradient" if _CODE.fullmatch(part) else "plain") for part in parts]
