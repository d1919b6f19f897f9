"""What clean output is: nothing in it acts on a terminal, an error is one line, then its place."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

from gradtui.api import load
from gradtui.base.source import InputError
from gradtui.explain.report import show_json, show_lines, to_json
from gradtui.explain.spans import line_text

_ACTING = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
_UNSEEN = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0]")
_HEAD = re.compile(r".+:[1-9]\d*:[1-9]\d*: (error|warning): \S.*", re.DOTALL)
_LONGEST = 2500


def acting(text: str) -> list[str]:
    """Return the characters of a text that act on a terminal or cannot be seen, but line feeds."""
    return [
        f"U+{ord(char):04X}"
        for char in text
        if char != "\n" and (unicodedata.category(char) in _ACTING or _UNSEEN.match(char))
    ]


def check_error(error: InputError) -> None:
    """Assert that an error says one thing, at one place, in clean text of bounded length."""
    text = str(error)
    head, *rest = text.split("\n")
    assert not acting(text), text
    assert _HEAD.fullmatch(head), text
    assert len(rest) in (0, 2), text
    assert not rest or set(rest[1].strip()) == {"^"}, text
    assert error.message.strip() and "Traceback" not in text
    assert len(text) < _LONGEST, len(text)


def check_use(path: Path) -> None:
    """Load a file, walk a few moments of it and say all there is; or assert a clean error."""
    try:
        session = load(path)
    except InputError as error:
        check_error(error)
        return
    for move in (session.into, session.into, session.toggle_level, session.into, session.back):
        move()
        frame = session.frame
        assert not acting("\n".join(map(line_text, show_lines(frame, None))))
        assert to_json(show_json(frame, None)).isascii()
