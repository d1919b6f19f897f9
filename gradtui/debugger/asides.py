"""What is typed in place of a number: that one does not know, a word, a unit, an equation."""

from __future__ import annotations

import re
from collections.abc import Container

HINT_KEY = "?"
"""What asks for a hint, as a key and as an answer."""
_HELPLESS = frozenset({
    "hint", "a hint", "help", "clue", "idk", "dunno", "no idea", "i dont know", "dont know",
    "i do not know", "do not know", "not sure", "i am not sure", "im not sure", "pass", "skip",
    "answer", "the answer", "solution", "tell me", "show me", "i give up", "give up",
})  # fmt: skip
_NUMERALS = frozenset({
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    "eleven", "twelve", "twenty", "thirty", "forty", "fifty", "hundred", "thousand", "half",
    "third", "quarter", "minus", "plus", "point", "negative",
})  # fmt: skip
_WORD = r"[^\W\d_]+"
_WITH_UNIT = r"(?i)([-+−]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)\s*([^\W\d_]{2,}|%|\u00b0)"


def asks_for_hint(text: str, names: Container[str]) -> bool:
    """Return whether a text says that one does not know; none of the `names` does."""
    said = " ".join(re.findall(_WORD, text.replace("'", "").replace("\u2019", ""))).lower()
    marks = text.strip()
    return (bool(marks) and not marks.strip(HINT_KEY)) or (said in _HELPLESS and said not in names)


def right_side(text: str) -> str:
    """Return the right side of an equation such as `e = 3`; any other text as it is."""
    left, sign, right = text.rpartition("=")
    return right if sign and not left.endswith(tuple("<>=!")) and right.strip() else text


def refusal(text: str, names: Container[str]) -> str:
    """Return why a text is no number, if it is words or has a unit; else empty."""
    words = [word for word in re.findall(_WORD, text) if word not in names]
    unit = re.fullmatch(_WITH_UNIT, text.strip())
    if unit is not None and unit[2] not in names:
        return f"write the number alone, without {unit[2]}"
    if any(word.lower() in _NUMERALS for word in words):
        return "write the number in digits, such as 3 or -0.5"
    spelt = not re.search(r"[\d()\[\]*/+_^@]", text)
    if words and spelt:
        return f"a number is asked for, such as 3 or -0.5; {HINT_KEY} gives a hint"
    return ""
