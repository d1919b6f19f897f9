"""Search in the bundled scenarios. Knows no numbers and no screen."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType

from gradtui.scenario.bundled import Entry

_ENDINGS = ("ation", "ing", "ed", "es", "s", "e")
_AMERICAN = re.compile(r"(?<=[a-z]{4})iz(?=e|ing|ation)")
_TOPICS = MappingProxyType({"regularis": "weight decay", "overfit": "validation"})
"""The beginning of a word that no scenario has -> what the scenarios call it."""
_STEM = 4
"""Least letters of a word without its ending."""
_ABOVE = 100
"""Weight of a word in a scenario's head; a word in its text weighs 1."""
_EXACT = 100 * _ABOVE
_ENTRIES = 500
"""Most scenarios whose heads are remembered."""


def search(
    entries: Sequence[Entry], text: str, chapters: Mapping[str, str]
) -> tuple[list[Entry], list[Entry]]:
    """Return the scenarios that match a text, best first: by their heads, then their texts.

    `chapters` maps a scenario's name to the words of its chapter. If no scenario has all the words,
    those with the most of them match.
    """
    typed = _AMERICAN.sub("is", text.lower()).split()
    phrase = " ".join(map(_topic, typed))
    words = [re.compile(rf"(?<![a-z0-9]){re.escape(_stem(word))}") for word in phrase.split()]
    found = [_weigh(entry, chapters.get(entry.name, ""), words, phrase) for entry in entries]
    most = max((count for count, _ in found), default=0)
    if not most:
        return [], []
    best = sorted((-weight, at) for at, (count, weight) in enumerate(found) if count == most)
    ranked = [(entries[at], -weight >= most * _ABOVE) for weight, at in best]
    return [one for one, above in ranked if above], [one for one, above in ranked if not above]


def _weigh(
    entry: Entry, chapter: str, words: Sequence[re.Pattern[str]], phrase: str
) -> tuple[int, int]:
    """Return how many of the words a scenario has, and their total weight."""
    heads, prose, several = _heads(entry, chapter), entry.prose, len(words) > 1
    weights = [_weight(word, heads) or bool(word.search(prose)) for word in words]
    whole = sum(2 * weight for weight, head in heads if several and phrase in head)
    whole += several and phrase in prose
    whole += chapter.lower().removeprefix("the ").startswith(phrase)
    whole += _EXACT * (phrase in (entry.name, entry.title.lower()))
    return sum(map(bool, weights)), sum(weights) + whole


def _weight(word: re.Pattern[str], heads: Sequence[tuple[int, str]]) -> int:
    """Return the largest weight of a word in a head."""
    return max((weight for weight, head in heads if word.search(head)), default=0)


@lru_cache(_ENTRIES)
def _heads(entry: Entry, chapter: str) -> tuple[tuple[int, str], ...]:
    """Return the texts of a scenario's head, each with the weight of a word in it."""
    heads = (
        (8, entry.title),
        (8, entry.name.replace("_", " ")),
        (8, entry.name),
        (6, "\n".join(entry.tags)),
        (4, entry.about),
        (3, chapter),
    )
    return tuple((weight * _ABOVE, text.lower()) for weight, text in heads)


def _topic(word: str) -> str:
    """Return what the scenarios call a topic."""
    return next((topic for start, topic in _TOPICS.items() if word.startswith(start)), word)


def _stem(word: str) -> str:
    """Return the stem of a word, which its other forms share: `explod` of exploding."""
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _STEM:
            return word.removesuffix(ending)
    return word
