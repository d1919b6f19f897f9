"""Where each key and value of a TOML text stands, and the guarded way into tomllib.

Knows TOML's shape; knows nothing of what a scenario means.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from contextlib import suppress
from typing import Any

from msgspec import Struct

from gradtui.base.source import InputError, Place
from gradtui.base.text import clip
from gradtui.scenario.scanner import (
    NEWLINE,
    NEWLINE_OR_ESCAPE,
    Entry,
    Lines,
    NotTomlError,
    Path,
    Scanner,
    Span,
    unescape,
)

_QUOTED = r"'([^']*)'"
_WORDS = {
    "Cannot overwrite a value": "this key appears twice",
    r"Illegal character '\n'": "this string does not end on its line",
}
_AFTER_VALUE = "expected the end of the line after the value"
_SUFFIX = r" \(at (?:line (\d+), column (\d+)|end of document)\)$"


class StringMap(Struct, frozen=True, eq=False):
    """The place of a string value's text in its file."""

    _lines: Lines
    _span: Span
    _end: int
    """Offset of the closing quotes."""
    _runs: tuple[tuple[int, int, int], ...]
    """(line, column, offset) of the unescaped pieces of the decoded string."""
    _escaped: frozenset[int]
    """Lines of the file whose columns the string's escapes have shifted."""

    def place(self, line: int, column: int, width: int = 1) -> Place:
        """Return the place of a 0-based line and column of the decoded string.

        On a line with escapes it is the whole part of the string on that line.
        """
        at = bisect_right(self._runs, (line, column, len(self._lines.text))) - 1
        _, begin, offset = self._runs[max(0, at)]
        row = self._lines.row(offset)
        if row in self._escaped:
            return self._lines.place((max(self._span[0], self._lines.starts[row]), self._span[1]))
        end = min(self._end, self._lines.end(row))
        offset = min(end, offset + max(0, column - begin))
        return self._lines.place((offset, min(end, offset + width)))


class Positions(Struct, frozen=True, eq=False):
    """The place of each key and each value of a TOML text, by path: `("data", "X", 3, 0)`."""

    _lines: Lines
    _root: Entry
    _bad_numbers: tuple[tuple[Span, str], ...]
    _nonfinite: tuple[tuple[Path, Span], ...]
    _unclosed: int | None

    @property
    def lines(self) -> list[str]:
        """The lines of the text, for `InputError.within`."""
        return NEWLINE.split(self._lines.text)

    @property
    def bad_numbers(self) -> tuple[tuple[Place, str], ...]:
        """The numbers that 64 bits cannot hold, each with what is wrong with it."""
        return tuple((self._lines.place(span), message) for span, message in self._bad_numbers)

    @property
    def nonfinite(self) -> tuple[tuple[Path, Place], ...]:
        """The `inf` and `nan` literals."""
        return tuple((path, self._lines.place(span)) for path, span in self._nonfinite)

    @property
    def unclosed(self) -> Place | None:
        """The opening of a string, array or inline table that is not closed."""
        at = self._unclosed
        return None if at is None else self._lines.place((at, at + 1))

    def key(self, path: Path) -> Place:
        """Return the place of the key (an element: its value), or of its nearest known parent."""
        entry = self._find(path)
        return self._lines.place(entry.key or entry.value)

    def value(self, path: Path) -> Place:
        """Return the place of the value, its first line only, or of its nearest known parent."""
        return self._lines.place(self._find(path).value)

    def string_lines(self, path: Path) -> StringMap:
        """Return where the string value at `path` stands; for any other value, that value."""
        return _map_string(self._lines, self._find(path).value)

    def _find(self, path: Path) -> Entry:
        entry = self._root
        for part in path:
            match entry.children, part:
                case dict() as table, str() if part in table:
                    entry = table[part]
                case list() as items, int() if 0 <= part < len(items):
                    entry = items[part]
                case _:
                    break
        return entry


def parse_toml(text: str, file: str) -> tuple[dict[str, Any], Positions]:
    """Return the values in `text`, by tomllib, and their places.

    Raises `InputError` with a place if the text is not TOML, is nested too deep, or has a number
    that overflows or vanishes in 64 bits.
    """
    try:
        positions = locate(text)
        values = _load(text, positions)
        for place, message in positions.bad_numbers:
            raise InputError(message, place)
    except InputError as error:
        raise error.within(file, NEWLINE.split(text)) from None
    return values, positions


def locate(text: str) -> Positions:
    """Return the places in a text, as far as it is TOML; raises `InputError` if nested too deep."""
    lines = Lines(text, [0, *(match.end() for match in re.finditer("\n", text))])
    scanner = Scanner(lines)
    # Where the scanner stops, tomllib stops too, or has stopped before, and reports why.
    with suppress(NotTomlError):
        scanner.scan()
    return Positions(
        lines,
        scanner.root,
        tuple(scanner.bad_numbers),
        tuple(scanner.nonfinite),
        scanner.unclosed,
    )


def _load(text: str, positions: Positions) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message = str(error)
        suffix = re.search(_SUFFIX, message)
        reason = clip(_in_words(message[: suffix.start()] if suffix else message), 200)
        if suffix and suffix[1]:
            place = Place(int(suffix[1]), int(suffix[2]))
            rest = text.split("\n")[place.line - 1][place.column - 1 :]
            raise InputError(_of_value(reason, rest), place) from None
        reason = f"{reason}: this is not closed" if positions.unclosed else _of_value(reason, "")
        raise InputError(reason, positions.unclosed or _last_place(text)) from None
    except RecursionError:
        raise InputError("nested too deep") from None
    except ValueError as error:
        for place, message in positions.bad_numbers:
            raise InputError(message, place) from None
        raise InputError(f"invalid TOML: {clip(str(error), 200)}") from None


def _in_words(reason: str) -> str:
    """Return tomllib's message, in TOML's terms where it uses Python's."""
    if twice := re.fullmatch(r"Cannot declare \((.*)\) twice", reason):
        return f"the table [{'.'.join(re.findall(_QUOTED, twice[1]))}] appears twice"
    return _WORDS.get(reason, reason)


def _of_value(reason: str, rest: str) -> str:
    """Return tomllib's message on a value, or on what follows one, by the rest of its line."""
    if reason == "Expected newline or end of document after a statement":
        comma = rest.startswith(",")
        return _AFTER_VALUE + (": numbers have a point, lists brackets" if comma else "")
    if reason != "Invalid value":
        return reason
    word = re.match(r"[A-Za-z_][\w.-]*", rest)
    if not rest.strip() or rest.lstrip().startswith("#"):
        return "a value is missing after ="
    if re.match(r"[+-]?\.[0-9]", rest):
        return "a number needs a digit before its point, such as 0.5"
    if word and word[0].lower() in ("true", "false"):
        return f"write {word[0].lower()} in small letters"
    if word:
        return f'a text needs quotes: "{word[0]}"'
    return "this is no value: expected a number, a text in quotes, or a list in brackets"


def _last_place(text: str) -> Place:
    """Return the place just past the last character that is not blank."""
    text = text.rstrip()
    return Place(text.count("\n") + 1, len(text) - text.rfind("\n"))


def _map_string(lines: Lines, span: Span) -> StringMap:
    text, (start, end) = lines.text, span
    if text[start : start + 1] not in ('"', "'"):
        return StringMap(lines, span, end, ((0, 0, start),), frozenset({lines.row(start)}))
    quotes = 3 if text.startswith(text[start] * 3, start) and end - start > 2 else 1
    at = start + quotes
    if quotes == 3 and (newline := NEWLINE.match(text, at)):
        at = newline.end()
    pattern = NEWLINE_OR_ESCAPE if text[start] == '"' else NEWLINE
    line = column = 0
    runs = []
    escaped = set()
    for match in pattern.finditer(text, at, end - quotes):
        runs.append((line, column, at))
        column += match.start() - at
        at = match.end()
        char = "\n"
        if match[0][0] == "\\":
            char = unescape(match)
            if char:
                escaped.add(lines.row(match.start()))
        line, column = (line + 1, 0) if char == "\n" else (line, column + len(char))
    runs.append((line, column, at))
    return StringMap(lines, span, end - quotes, tuple(runs), frozenset(escaped))
