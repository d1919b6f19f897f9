"""Search in the bundled scenarios, and in the manual. Knows no numbers and no screen."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from msgspec import Struct
from msgspec.structs import replace

from gradtui.base.source import nearest
from gradtui.base.words import Sought, Word, sought, spelt
from gradtui.manual.searching import Hit, find_pages
from gradtui.manual.searching import read_ahead as read_pages
from gradtui.scenario.bundled import Entry, read_chapters

_ABOVE = 100
"""Weight of a word in a scenario's head; a word in its text weighs 1."""
_BEGINS = 6
"""The weight of the first words of a chapter's title."""
_TAGGED = 4
"""The weight of a whole tag, beside that of a word in it: more than a chapter, less than a name."""
_EXACT = 100 * _ABOVE
_ENTRIES = 500
"""Most scenarios whose heads are remembered."""
_NEAR = 0.8
"""Least similarity of a mistyped word and the right one."""
_WORD = re.compile(r"[a-z]{4,}")


class Found(Struct, frozen=True):
    """What a search finds, in each group the best first."""

    heads: Sequence[Entry] = ()
    """The scenarios whose heads have the words."""
    texts: Sequence[Entry] = ()
    """Those that have them in their notes, programs and lessons alone."""
    pages: Sequence[Hit] = ()
    """The pages of the manual that have them."""
    instead: str = ""
    """The word that is found in place of one that nothing has."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing is found."""
        return not (self.heads or self.texts or self.pages)


class _Head(Struct, frozen=True):
    """What weighs more than the text of a scenario, as spelt by `spelt`."""

    texts: tuple[tuple[int, str], ...]
    """Each with the weight of a word in it, the heaviest first."""
    whole: str
    """All of them."""
    names: tuple[str, ...]
    tags: tuple[str, ...]
    chapter: str
    """The chapter's title, without an article, and what it teaches."""


def chapter_words() -> dict[str, str]:
    """Return the words of a scenario's chapter of the course, by the scenario's name."""
    return {
        name: f"{chapter.title} {chapter.about}"
        for chapter in read_chapters()
        for name in chapter.names
    }


def read_ahead(entries: Sequence[Entry]) -> Iterator[None]:
    """Read what a search reads, a page or a scenario at a time; else the first one does."""
    yield from read_pages()
    chapters = chapter_words()
    for entry in entries:
        _ = entry.prose, _head(entry, chapters.get(entry.name, ""))
        yield


def search(entries: Sequence[Entry], text: str, chapters: Mapping[str, str]) -> Found:
    """Return what matches a text; if nothing does, what another spelling of its words finds.

    `chapters` is from `chapter_words`. If no scenario has all the words, those with the most of
    them match.
    """
    found = _search(entries, sought(text), chapters)
    if found.is_empty:
        found = _search(entries, sought(text, joined=True), chapters)
    if not found.is_empty:
        return found
    near = nearest(spelt(text), _words(entries, chapters), _NEAR)
    return replace(_search(entries, sought(near), chapters), instead=near) if near else found


def _search(entries: Sequence[Entry], wanted: Sought, chapters: Mapping[str, str]) -> Found:
    weighed = [_weigh(entry, chapters.get(entry.name, ""), wanted) for entry in entries]
    most, pages = max((count for count, _ in weighed), default=0), find_pages(wanted)
    if not most:
        return Found(pages=pages)
    best = sorted((-weight, at) for at, (count, weight) in enumerate(weighed) if count == most)
    ranked = [(entries[at], -weight >= most * _ABOVE) for weight, at in best]
    heads = [one for one, above in ranked if above]
    return Found(heads, [one for one, above in ranked if not above], pages)


def _weigh(entry: Entry, chapter: str, wanted: Sought) -> tuple[int, int]:
    """Return how many of the words a scenario has, and their total weight."""
    head, prose, phrase = _head(entry, chapter), entry.prose, wanted.phrase
    several = len(wanted.words) > 1
    weights = [_weight(word, head) or word.is_in(prose) for word in wanted.words]
    having = [(weight, text) for weight, text in head.texts if several and phrase in text]
    whole = sum(weight * (3 if wanted.whole.search(text) else 2) for weight, text in having)
    whole += several and phrase in prose
    whole += _ABOVE * _BEGINS * head.chapter.startswith(phrase)
    whole += _ABOVE * _TAGGED * (phrase in head.tags)
    whole += _EXACT * (phrase in head.names)
    return sum(map(bool, weights)), sum(weights) + whole


def _weight(word: Word, head: _Head) -> int:
    """Return the largest weight of a word in a head."""
    if word.stem not in head.whole:
        return 0
    return next((weight for weight, text in head.texts if word.is_in(text)), 0)


@lru_cache(_ENTRIES)
def _head(entry: Entry, chapter: str) -> _Head:
    names, tags = (spelt(entry.title), spelt(entry.name)), tuple(map(spelt, entry.tags))
    named, about = spelt(chapter), spelt(entry.about)
    texts = (8, names[0]), (8, names[1]), (6, "\n".join(tags)), (4, about), (3, named)
    return _Head(
        tuple((weight * _ABOVE, text) for weight, text in texts),
        "\n".join(text for _, text in texts),
        names,
        tags,
        named.removeprefix("the "),
    )


def _words(entries: Sequence[Entry], chapters: Mapping[str, str]) -> frozenset[str]:
    """Return the words of all heads, for one that is mistyped."""
    heads = (_head(entry, chapters.get(entry.name, "")) for entry in entries)
    return frozenset(word for head in heads for word in _WORD.findall(head.whole))
