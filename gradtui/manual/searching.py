"""Search in the manual by words."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from msgspec import Struct

from gradtui.base.words import Sought, spelt
from gradtui.manual.pages import TOPICS, Block, Code, Heading, Page, Prose, Table, read_page

_TOPIC, _ABOUT, _HEADING = 12, 6, 2
"""Weight of a word in a topic, in what its page is about, in a heading; one in a text weighs 1."""


class Passage(Struct, frozen=True):
    """A paragraph or a row of a page, with its heading."""

    heading: str
    text: str
    whole: str
    """Both in the spelling of a search."""


class Hit(Struct, frozen=True):
    """A page that a search finds."""

    page: Page
    passage: str
    """What of it has the most of the words; empty if only its title has one."""
    in_title: bool
    """Whether its title has one of the words."""


def find_pages(sought: Sought) -> list[Hit]:
    """Return the pages that have all words in one place, with the title; the best first."""
    found: list[tuple[int, int, Hit]] = []
    for place, topic in enumerate(TOPICS):
        page = read_page(topic)
        own, about = spelt(topic), spelt(page.about)
        head = f"{own} {about}"
        full = [one for one in _passages(topic) if sought.all_in(f"{head} {one.whole}")]
        if not full:
            continue
        best = max(full, key=lambda one: sought.of(one.whole))
        weight = _TOPIC * sought.of(own) + _ABOUT * sought.of(about)
        weight += _HEADING * sought.of(spelt(best.heading)) + sought.of(best.whole)
        passage = best.text.removeprefix("- ") if sought.of(best.whole) else ""
        hit = Hit(page, passage, sought.of(head) > 0)
        found.append((-weight, place, hit))
    return [hit for _, _, hit in sorted(found, key=lambda one: one[:2])]


def read_ahead() -> Iterator[None]:
    """Read what a search reads, a page at a time."""
    for topic in TOPICS:
        _passages(topic)
        yield


@lru_cache
def _passages(topic: str) -> tuple[Passage, ...]:
    """Return the passages of a page."""
    heading, found = "", []
    for block in read_page(topic).blocks:
        if isinstance(block, Heading):
            heading = block.text
        for text in _texts(block):
            found.append(Passage(heading, text, spelt(f"{heading} {text}")))
    return tuple(found)


def _texts(block: Block) -> Iterator[str]:
    """Yield what stands in a block: its paragraph, or its rows."""
    match block:
        case Heading(text) | Prose(text):
            yield text
        case Code(rows):
            yield from rows
        case Table(_, rows):
            yield from (" ".join(row) for row in rows)
