"""How text and numbers are shown: cleaning, cell widths, number formatting. Knows no screen.

A number has `DIGITS` significant digits, or `SHORT` ones where those do not fit or many stand side
by side: in boxes, tables and columns.  So a value has two forms in a view, and the short one is
plainly shorter; still fewer digits are for cells that hold no more.  What sums up, a range or a
gauge, has three.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

EXACT, DIGITS, SHORT = 17, 6, 4
"""Significant digits that tell a number from any other, of numbers, and of short ones."""
_STARTS_ITEM = re.compile(r"\s*(?:(\d+)\.|[-*]) +")
_REMEMBERED = 4096
"""Texts whose cleaning and width are cached: a screen draws much the same ones at every key."""
_PER_CELL = 8
"""Characters per cell that a text may have, combining marks included."""
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_FILLERS = frozenset(
    map(chr, (0x34F, 0x115F, 0x1160, 0x17B4, 0x17B5, *range(0x180B, 0x1810), 0x3164,
              *range(0xFE00, 0xFE10), 0xFFA0, *range(0xE0100, 0xE01F0)))
)  # fmt: skip
"""Letters and marks that draw nothing: Unicode's default ignorables outside these categories."""
_MARKS = frozenset({"Mn", "Me"})
"""Categories of marks that are drawn on the letter before them and take no cell."""


@lru_cache(_REMEMBERED)
def clean(text: str, *, newlines: bool = False) -> str:
    r"""Return `text` with every character that could act on a terminal made visible.

    Control, format (bidirectional, zero-width), blank, surrogate and unassigned characters become
    `\x1b` or `\u202e` escapes; a tab becomes a space.  With `newlines` a line feed is kept.  A run
    of combining marks is cut after two, so a letter cannot climb out of its row.
    """
    if text.isascii() and text.isprintable():
        return text
    shown: list[str] = []
    marks = 0
    for char in text:
        category = unicodedata.category(char)
        unseen = category in _INVISIBLE or char in _FILLERS
        marks = marks + 1 if category in _MARKS and not unseen else 0
        if marks > 2:
            continue
        if char == "\t":
            shown.append(" ")
        elif char == "\n" and newlines:
            shown.append(char)
        elif unseen:
            shown.append(_escape(ord(char)))
        else:
            shown.append(char)
    return "".join(shown)


def _escape(code: int) -> str:
    r"""Return a character as Python writes it: `\x1b`, `\u202e`, `\U000e0041`."""
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


@lru_cache(_REMEMBERED)
def cell_width(text: str) -> int:
    """Return the number of terminal cells that `text` takes."""
    if text.isascii():
        return len(text)
    return sum(map(_cells, text))


@lru_cache(_REMEMBERED)
def _cells(char: str) -> int:
    if unicodedata.category(char) in _MARKS:
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def clip(text: str, width: int) -> str:
    """Return `text` cut to `width` cells, with an ellipsis where something was cut.

    A text with many more characters than cells is cut too: it may be a whole file.
    """
    most = _PER_CELL * max(0, width)
    if len(text) <= most and cell_width(text) <= width:
        return text
    if width <= 0:
        return ""
    used, kept = 0, []
    for char in text[:most]:
        used += cell_width(char)
        if used > width - 1:
            break
        kept.append(char)
    return "".join(kept) + "…"


def pad(text: str, width: int, *, right: bool = False) -> str:
    """Return `text` clipped and padded with spaces to exactly `width` cells."""
    text = clip(text, width)
    space = " " * (width - cell_width(text))
    return space + text if right else text + space


def number(value: float, digits: int = DIGITS) -> str:
    """Return `value` with at most `digits` significant digits: `0.4`, `-3.6`, `6.4e-5`, `inf`.

    With `EXACT` digits it is the shortest text that reads back as the same number.
    """
    value = float(value)
    if value == 0.0:
        return "0"
    text = repr(value).removesuffix(".0") if digits >= EXACT else f"{value:.{digits}g}"
    return _with_short_power(text) if "e" in text else text


def _with_short_power(text: str) -> str:
    """Return a number with an exponent without its plus and its leading zeros: `5e-4`."""
    mantissa, _, power = text.partition("e")
    return f"{mantissa}e{int(power)}"


def compact(value: float, cells: int, most: int = DIGITS) -> str:
    """Return `value` in full, short, or with as many significant digits as fit into `cells`.

    If not even one digit fits, `…` shows that the text is cut.  It has `most` digits at most.
    """
    for digits in (DIGITS, *range(SHORT, 0, -1)):
        if digits > most:
            continue
        # -0.00028 is longer than -2.8e-4, and -0.0003 would say less.
        for text in (number(value, digits), with_exponent(value, digits)):
            if len(text) <= cells:
                return text
    return clip(text, cells)


def with_exponent(value: float, digits: int) -> str:
    """Return a number with an exponent, `5e-4` for 0.0005, unless it is not finite."""
    mantissa, _, power = f"{value:.{digits - 1}e}".partition("e")
    if not power:
        return mantissa
    if "." in mantissa:
        mantissa = mantissa.rstrip("0").rstrip(".")
    return f"{mantissa}e{int(power)}"


def cells_for(values: Iterable[float], digits: int) -> int:
    """Return the cells in which `compact` shows each value with as many digits."""
    return max(
        (min(len(number(one, digits)), len(with_exponent(one, digits))) for one in values),
        default=0,
    )


def filled(part: float, cells: int) -> int:
    """Return how many of `cells` a fraction fills; 0 for NaN."""
    return 0 if math.isnan(part) else round(min(max(part, 0.0), 1.0) * cells)


def shape_text(shape: Iterable[int]) -> str:
    """Return a shape as it is read aloud: `5×2`, `2`, or `scalar`."""
    return "×".join(map(str, shape)) or "scalar"


def shape_said(name: str, shape: Sequence[int], wanted: Sequence[int] | None = None) -> str:
    """Return what shape something has, as on the screen: `it has the shape [3], not a scalar`."""
    own, other = (f"[{shape_text(one)}]" if one else "a scalar" for one in (shape, wanted or ()))
    said = f"{name} has the shape {own}" if shape else f"{name} is {own}"
    return said if wanted is None else f"{said}, not {other}"


def element_text(name: str, index: Iterable[int]) -> str:
    """Return the name of an element: `W[0,1]`, or just `w` for a scalar."""
    inside = ",".join(map(str, index))
    return f"{name}[{inside}]" if inside else name


def paragraphs(text: str) -> list[str]:
    """Return a text's paragraphs, with their lines joined so that they wrap at any width.

    A paragraph starts after a blank line and at an item of a list.  The items of a list count up,
    so that a line may begin with the end of a sentence: "5. Then".
    """
    found: list[str] = []
    last = 0
    for row in text.strip().split("\n"):
        item, first = _STARTS_ITEM.match(row), not found or not found[-1]
        listed = item is not None and (first or item[1] in (None, str(last + 1)))
        if listed and item is not None and item[1]:
            last = int(item[1])
        if first or listed or not row.strip():
            found.append(row.strip())
        else:
            found[-1] += " " + row.strip()
    return found


def wrap(text: str, width: int) -> list[str]:
    """Return a text as lines of at most `width` cells; a list item is indented under its number."""
    return list(_wrapped(text, width))


@lru_cache(_REMEMBERED)
def _wrapped(text: str, width: int) -> tuple[str, ...]:
    item = _STARTS_ITEM.match(text)
    indent = " " * len(item[0]) if item else ""
    rows = [""]
    room = max(1, width - len(indent))
    for word in _short_words(_words(clean(text)), room):
        if rows[-1].strip() and cell_width(rows[-1]) + 1 + cell_width(word) > width:
            rows.append(indent + word)
        else:
            rows[-1] += (" " if rows[-1] and rows[-1] != indent else "") + word
    return tuple(rows)


def _words(text: str) -> list[str]:
    """Return the words of a text; a sign at its end stays with the word before."""
    words = text.split(" ")
    if len(words) > 1 and words[-1] and not any(map(str.isalnum, words[-1])):
        words[-2:] = [" ".join(words[-2:])]
    return words


def _short_words(words: Iterable[str], width: int) -> Iterator[str]:
    """Yield words, splitting those wider than `width` cells."""
    for word in words:
        while cell_width(word) > width:
            piece = word[:1]
            for char in word[1:]:
                if cell_width(piece) + cell_width(char) > width:
                    break
                piece += char
            yield piece
            word = word[len(piece) :]
        yield word
