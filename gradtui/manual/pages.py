"""The pages of the manual, and the part of Markdown that they are written in.

A new page is a file beside this one that starts with `# TOPIC: what it is about`, and its topic in
TOPICS.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import takewhile
from pathlib import Path

from msgspec import Struct

TOPICS = (
    "screen", "keys", "breakpoints", "what-if", "lessons", "commands", "scenarios", "language",
    "gradients", "numpy", "pytorch", "optimizers", "findings", "python", "terminals", "saving",
)  # fmt: skip
"""In the order in which they are listed."""
_FENCE = "```"
_HEADING = re.compile(r"(#+) (.*)")
_CELL = re.compile(r"(?<!\\)\|")
_CODE = re.compile(r"`([^`]+)`")
_BESIDE_NAME = re.compile(r"(?<=[\w\]])\s*[(=].*")
"""Of a name in code: its arguments, or its value."""


class Heading(Struct, frozen=True):
    """The title of a section."""

    text: str


class Prose(Struct, frozen=True):
    """A paragraph, or an item of a list, which starts with `- `."""

    text: str


class Code(Struct, frozen=True):
    """Lines that are shown as they are."""

    rows: tuple[str, ...]


class Table(Struct, frozen=True):
    """Rows of cells."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


Block = Heading | Prose | Code | Table


class Page(Struct, frozen=True):
    """One page."""

    topic: str
    about: str
    """What it is about, in one line."""
    text: str
    """All of the file."""
    blocks: tuple[Block, ...]


@lru_cache
def read_page(topic: str) -> Page:
    """Return the page on a topic of TOPICS."""
    text = (Path(__file__).parent / f"{topic}.md").read_text(encoding="utf-8")
    title, _, body = text.partition("\n")
    return Page(topic, title.partition(": ")[2], text, tuple(read_blocks(body.split("\n"))))


def read_blocks(rows: list[str]) -> Iterator[Block]:
    """Yield the blocks of a text."""
    rest = iter(rows)
    prose: list[str] = []
    for row in rest:
        table, heading = row.startswith("|"), _HEADING.fullmatch(row)
        fence, item = row.startswith(_FENCE), row.startswith("- ")
        if prose and (table or heading or fence or item or not row):
            yield Prose(" ".join(prose))
            prose = []
        if fence:
            yield Code(tuple(takewhile(lambda line: line != _FENCE, rest)))
        elif heading:
            yield Heading(heading[2])
        elif table:
            yield _table(_cells(row), rest)
        elif row:
            prose.append(row.strip())
    if prose:
        yield Prose(" ".join(prose))


def _table(head: tuple[str, ...], rest: Iterator[str]) -> Table:
    """Return the table with this head; its last row is followed by an empty line."""
    next(rest)
    return Table(head, tuple(_cells(row) for row in takewhile(bool, rest)))


def _cells(row: str) -> tuple[str, ...]:
    cells = _CELL.split(row.strip())[1:-1]
    return tuple(cell.strip().replace(r"\|", "|") for cell in cells)


def names_in(cell: str) -> list[str]:
    """Return the names that a cell of nothing but code holds: `sum`, of `sum(x, axis=0)`."""
    if _CODE.sub("", cell).strip(" ,"):
        return []
    spans = (_BESIDE_NAME.sub("", span) for span in _CODE.findall(cell))
    return [word.strip(",") for span in spans for word in span.split()]


def all_names() -> frozenset[str]:
    """Return the names that tables of the manual explain."""
    tables = (b for topic in TOPICS for b in read_page(topic).blocks if isinstance(b, Table))
    return frozenset(n for t in tables for row in t.rows for cell in row for n in names_in(cell))


def entries_of(page: Page, name: str) -> list[Block]:
    """Return the rows of the page's tables that explain a name, under their headings."""

    def kept(block: Block) -> Block | None:
        if not isinstance(block, Table):
            return None
        rows = tuple(row for row in block.rows if any(name in names_in(cell) for cell in row))
        return Table(block.head, rows) if rows else None

    return _under_headings(page, kept)


def search(page: Page, wanted: str) -> list[Block]:
    """Return what of a page has a text, in small letters; of tables and code only those rows."""

    def kept(block: Block) -> Block | None:
        match block:
            case Heading(text) | Prose(text):
                return block if wanted in text.casefold() else None
            case Code(lines):
                shown = tuple(row for row in lines if wanted in row.casefold())
                return Code(shown) if shown else None
            case Table(head, cells):
                rows = tuple(row for row in cells if wanted in " ".join(row).casefold())
                return Table(head, rows) if rows else None

    return _under_headings(page, kept)


def _under_headings(page: Page, kept: Callable[[Block], Block | None]) -> list[Block]:
    """Return what is kept of a page's blocks, and the headings that it stands under."""
    found: list[Block] = []
    heading: Heading | None = None
    for block in page.blocks:
        hit = kept(block)
        if isinstance(block, Heading):
            heading = block
        if hit is None:
            continue
        if heading is not None and hit is not heading:
            found.append(heading)
        found.append(hit)
        heading = None
    return found
