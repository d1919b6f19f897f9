"""The words of a search: other spellings and other forms of a word are the same."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from msgspec import Struct

_ENDINGS = ("ation", "ing", "ed", "es", "s", "e")
_STEM = 4
"""Least letters of a word without its ending."""
_AMERICAN = r"(?<=[a-z]{4})iz(?=e|ing|ation)"
_DOUBLED = r"(?<=.{3})([bdgmnprt])\1$"
_APART = r"(?<=\w)[-_](?=\w)"
_TOPICS: Mapping[str, str] = MappingProxyType(
    {
        "regularis": "weight decay",
        "overfit": "validation",
        "l2": "weight decay",
        "mse": "mean squared error",
    }
)
"""The beginning of a word that no text has -> what the texts call it."""


class Word(Struct, frozen=True):
    """A word that is searched for."""

    stem: str
    """What its forms share; empty if there may be spaces in it."""
    pattern: re.Pattern[str]

    def is_in(self, text: str) -> bool:
        """Return whether a spelt text has a form of the word."""
        # a pattern takes many times as long, and few texts have the letters
        return self.stem in text and self.pattern.search(text) is not None


class Sought(Struct, frozen=True):
    """What is searched for."""

    phrase: str
    """The words as spelt by `spelt`."""
    words: tuple[Word, ...]
    whole: re.Pattern[str]
    """The phrase with no letters before or after it."""

    def all_in(self, text: str) -> bool:
        """Return whether all the words are in a spelt text."""
        return all(word.is_in(text) for word in self.words)

    def of(self, text: str) -> int:
        """Return how many of the words are in a spelt text."""
        return sum(word.is_in(text) for word in self.words)


@lru_cache
def spelt(text: str) -> str:
    """Return a text in the one spelling in which texts are searched.

    It has small letters, British endings, and spaces inside compounds: `zero grad` of zero_grad.
    """
    return re.sub(_AMERICAN, "is", re.sub(_APART, " ", text.lower())).replace("color", "colour")


def sought(text: str, *, joined: bool = False) -> Sought:
    """Return what a typed text searches for; with `joined`, `batchnorm` finds batch norm, too."""
    phrase = " ".join(_topic(word) for word in spelt(text).split())
    words = tuple(_word(word, joined=joined) for word in phrase.split())
    return Sought(phrase, words, re.compile(rf"(?<!\w){re.escape(phrase)}(?!\w)"))


def _topic(word: str) -> str:
    """Return what the texts call a topic."""
    return next((topic for start, topic in _TOPICS.items() if word.startswith(start)), word)


def _word(word: str, *, joined: bool) -> Word:
    stem = _stem(word)
    letters = " ?".join(map(re.escape, stem)) if joined else re.escape(stem)
    # `theme` is no form of `them`
    more = "(?=[a-z])" if word == f"{stem}e" else ""
    return Word("" if joined else stem, re.compile(rf"(?<![a-z0-9]){letters}{more}"))


def _stem(word: str) -> str:
    """Return the stem of a word, which its other forms share: `explod` of exploding."""
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _STEM:
            stem = word.removesuffix(ending)
            return stem[:-1] if re.search(_DOUBLED, stem) else stem  # clipping, clip
    return word
