"""Where each key and value of a TOML text stands, and the guarded way into tomllib.

Knows TOML's shape; knows nothing of what a scenario means.
"""

from __future__ import annotations

import math
import re
import sys
import tomllib
from bisect import bisect_right
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from gradtui.source import InputError, Place
from gradtui.text import clip

MAX_DEPTH = 50

Path: TypeAlias = tuple[str | int, ...]
_Span: TypeAlias = tuple[int, int]

_STARTS_BLANK = " \t\r\n#"
_BLANK = re.compile(r"(?:[ \t\r\n]++|#[^\n]*+)*+")
_BARE_KEY = r"[A-Za-z0-9_-]++"
_BASIC = r'"(?!"")[^"\\\n]*+(?:\\.[^"\\\n]*+)*+"'
_LITERAL = r"'(?!'')[^'\n]*+'"
_KEY = re.compile(f"{_BARE_KEY}|{_BASIC}|{_LITERAL}")
_DOT = re.compile(r"[ \t]*+\.[ \t]*+")
_SCALAR = re.compile(
    r'"""[^"\\]*+(?:(?:\\(?s:.)|"{1,2}(?!"))[^"\\]*+)*+"{3,5}'
    r"|'''[^']*+(?:'{1,2}(?!')[^']*+)*+'{3,5}"
    rf"|{_BASIC}|{_LITERAL}"
    r"|\d{4}-\d\d-\d\d \d\d:[0-9:.+\-Zz]*+"
    r"|[0-9A-Za-z_:.+\-]++"
)
_SAFE = re.compile(r"[+-]?[0-9]{1,18}(?:\.[0-9]{1,18})?")
_PLAIN_ITEM = re.compile(rf"[ \t\r\n]*+({_SAFE.pattern})[ \t\r\n]*+,")
_INTEGER = re.compile(r"([+-]?)(0x[0-9A-Fa-f]+|0o[0-7]+|0b[01]+|[0-9]+)")
_FLOAT = re.compile(r"[+-]?([0-9]+(?:\.[0-9]+)?)(?:[eE][+-]?[0-9]+)?")
_NONFINITE = frozenset({"inf", "+inf", "-inf", "nan", "+nan", "-nan"})
_NEWLINE = re.compile(r"\r?\n")
_ESCAPE = re.compile(
    r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|x([0-9A-Fa-f]{2})|([ \t]*+\r?\n[ \t\r\n]*+)|(.))"
)
_NEWLINE_OR_ESCAPE = re.compile(rf"{_NEWLINE.pattern}|{_ESCAPE.pattern}")
_BASES = {"0x": 16, "0o": 8, "0b": 2}
_LETTERS = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", "e": "\x1b"}
_QUOTED = r"'([^']*)'"
_WORDS = {
    "Cannot overwrite a value": "this key is there twice",
    r"Illegal character '\n'": "the text in quotes does not end on its line",
}
_SUFFIX = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


@dataclass(frozen=True, slots=True, eq=False)
class StringMap:
    """Where the text of a string value stands in its file."""

    _lines: _Lines
    _span: _Span
    _end: int
    """Offset of the closing quotes."""
    _runs: tuple[tuple[int, int, int], ...]
    """(line, column, offset): unescaped text of the decoded string, and where it begins."""
    _escaped: frozenset[int]
    """Lines of the file whose columns the string's escapes have shifted."""

    def place(self, line: int, column: int, width: int = 1) -> Place:
        """Return the place of a 0-based line and column of the decoded string.

        On a line with escapes it is all that the line holds of the string.
        """
        at = bisect_right(self._runs, (line, column, len(self._lines.text))) - 1
        _, begin, offset = self._runs[max(0, at)]
        row = self._lines.row(offset)
        if row in self._escaped:
            return self._lines.place((max(self._span[0], self._lines.starts[row]), self._span[1]))
        end = min(self._end, self._lines.end(row))
        offset = min(end, offset + max(0, column - begin))
        return self._lines.place((offset, min(end, offset + width)))


@dataclass(frozen=True, slots=True, eq=False)
class Positions:
    """The place of each key and each value of a TOML text, by path: `("data", "X", 3, 0)`."""

    _lines: _Lines
    _root: _Entry
    _bad_numbers: tuple[tuple[_Span, str], ...]
    _nonfinite: tuple[tuple[Path, _Span], ...]
    _unclosed: int | None

    @property
    def lines(self) -> list[str]:
        """The lines of the text, for `InputError.within`."""
        return _NEWLINE.split(self._lines.text)

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
        """The opening of a string, array or inline table that the text never closes."""
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

    def _find(self, path: Path) -> _Entry:
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
    """Return what tomllib makes of `text`, and where it stands.

    An `InputError` with its place if the text is no TOML, is nested too deep, or holds a number
    that overflows or vanishes in 64 bits.
    """
    try:
        positions = locate(text)
        values = _load(text, positions)
        for place, message in positions.bad_numbers:
            raise InputError(message, place)
    except InputError as error:
        raise error.within(file, _NEWLINE.split(text)) from None
    return values, positions


def locate(text: str) -> Positions:
    """Return the places in a TOML text, as far as it is one; an `InputError` if nested too deep."""
    lines = _Lines(text, [0, *(match.end() for match in re.finditer("\n", text))])
    scanner = _Scanner(lines)
    # Where the scanner stops, tomllib stops too, or has before, and says why.
    with suppress(_NotTomlError):
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
        suffix = _SUFFIX.search(message)
        reason = clip(_in_words(message[: suffix.start()] if suffix else message), 200)
        if suffix and suffix[1]:
            raise InputError(reason, Place(int(suffix[1]), int(suffix[2]))) from None
        if positions.unclosed:
            reason += ": this is never closed"
        raise InputError(reason, positions.unclosed or _last_place(text)) from None
    except RecursionError:
        raise InputError("nested too deep") from None
    except ValueError as error:
        for place, message in positions.bad_numbers:
            raise InputError(message, place) from None
        raise InputError(f"invalid TOML: {clip(str(error), 200)}") from None


def _in_words(reason: str) -> str:
    """Return what tomllib says, in the words of a TOML file where it speaks of Python."""
    if twice := re.fullmatch(r"Cannot declare \((.*)\) twice", reason):
        return f"the table [{'.'.join(re.findall(_QUOTED, twice[1]))}] is there twice"
    return _WORDS.get(reason, reason)


def _last_place(text: str) -> Place:
    """Return the place just past the last character that is not blank."""
    text = text.rstrip()
    return Place(text.count("\n") + 1, len(text) - text.rfind("\n"))


@dataclass(frozen=True, slots=True, eq=False)
class _Lines:
    """A text and the offsets at which its lines start."""

    text: str
    starts: list[int]

    def row(self, offset: int) -> int:
        return bisect_right(self.starts, offset) - 1

    def end(self, row: int) -> int:
        if row + 1 == len(self.starts):
            return len(self.text)
        end = self.starts[row + 1] - 1
        return end - 1 if self.text[end - 1 : end] == "\r" else end

    def place(self, span: _Span) -> Place:
        """Return the place of a stretch of text, cut at the end of its first line."""
        row = self.row(span[0])
        width = min(span[1], self.end(row)) - span[0]
        return Place(row + 1, span[0] - self.starts[row] + 1, max(1, width))


@dataclass(slots=True, eq=False)
class _Entry:
    """A key with its value, or an element of an array, which has no key."""

    key: _Span | None
    value: _Span
    children: dict[str, _Entry] | list[_Entry] | None = None


class _NotTomlError(Exception):
    """The text is not TOML from here on."""


@dataclass(slots=True, eq=False)
class _Scanner:
    """One pass over a text, without recursion, that accepts all TOML and some more."""

    lines: _Lines
    text: str = field(init=False)
    at: int = 0
    root: _Entry = field(default_factory=lambda: _Entry((0, 0), (0, 0), {}))
    bad_numbers: list[tuple[_Span, str]] = field(default_factory=list)
    nonfinite: list[tuple[Path, _Span]] = field(default_factory=list)
    unclosed: int | None = None

    def __post_init__(self) -> None:
        self.text = self.lines.text

    def scan(self) -> None:
        table = self.root
        path: Path = ()
        while not self.at_end():
            if self.text[self.at] == "[":
                table, path = self.header()
            else:
                self.value(*self.pair(table, path))

    def at_end(self) -> bool:
        """Step over blanks and comments, and tell whether nothing follows."""
        # Looking before matching halves the time of a large file; at the end the slice is "".
        if self.text[self.at : self.at + 1] not in _STARTS_BLANK:
            return False
        if blank := _BLANK.match(self.text, self.at):
            self.at = blank.end()
        return self.at == len(self.text)

    def take(self, token: str) -> None:
        if not self.text.startswith(token, self.at):
            raise _NotTomlError
        self.at += len(token)

    def header(self) -> tuple[_Entry, Path]:
        """Step over `[a.b]` or `[[a.b]]` and return the table that the next lines fill."""
        brackets = 2 if self.text.startswith("[[", self.at) else 1
        self.at += brackets
        parts = self.key(0)
        self.take("]" * brackets)
        if brackets == 1:
            table, path = self.descend(self.root, (), parts)
            table.key = table.value = parts[-1][1]
            return table, path
        parent, path = self.descend(self.root, (), parts[:-1])
        name, span = parts[-1]
        rows = _table(parent).setdefault(name, _Entry(span, span, [])).children
        if not isinstance(rows, list):
            raise _NotTomlError
        rows.append(_Entry(span, span, {}))
        return rows[-1], (*path, name, len(rows) - 1)

    def pair(self, table: _Entry, path: Path) -> tuple[_Entry, Path]:
        """Step over `a.b =` and return the new entry."""
        parts = self.key(len(path))
        self.take("=")
        parent, path = self.descend(table, path, parts[:-1])
        name, span = parts[-1]
        entry = _table(parent)[name] = _Entry(span, span)
        return entry, (*path, name)

    def key(self, depth: int) -> list[tuple[str, _Span]]:
        """Step over a dotted key, below a table of the given depth, and the blanks around it."""
        parts: list[tuple[str, _Span]] = []
        while not self.at_end():
            token = _KEY.match(self.text, self.at)
            if not token:
                break
            self.check_depth(depth + len(parts) + 1, token.span())
            parts.append((_key_text(token.group()), token.span()))
            self.at = token.end()
            dot = _DOT.match(self.text, self.at)
            if not dot:
                self.at_end()
                return parts
            self.at = dot.end()
        raise _NotTomlError

    def descend(
        self, entry: _Entry, path: Path, parts: list[tuple[str, _Span]]
    ) -> tuple[_Entry, Path]:
        """Return the table at `parts` below `entry`, made where it is not there yet."""
        for name, span in parts:
            entry = _table(entry).setdefault(name, _Entry(span, span, {}))
            path = (*path, name)
            if isinstance(entry.children, list) and entry.children:
                path = (*path, len(entry.children) - 1)
                entry = entry.children[-1]
        return entry, path

    def value(self, entry: _Entry, path: Path) -> None:
        """Step over a value, with all that is inside it."""
        containers: list[tuple[_Entry, Path]] = []
        following: tuple[_Entry, Path] | None = (entry, path)
        while following:
            entry, path = following
            if self.at_end():
                raise _NotTomlError
            if self.text[self.at] in "[{":
                self.check_depth(len(path), (self.at, self.at + 1))
                entry.children = [] if self.text[self.at] == "[" else {}
                containers.append(following)
                entry.value = (self.at, self.at + 1)
                self.at += 1
                if isinstance(entry.children, list):
                    self.plain_items(entry.children)
            else:
                self.scalar(entry, path)
            following = self.next_inside(containers)

    def plain_items(self, items: list[_Entry]) -> None:
        """Step over short numbers, each with its comma: most of a large file, so worth a way."""
        while match := _PLAIN_ITEM.match(self.text, self.at):
            items.append(_Entry(None, match.span(1)))
            self.at = match.end()

    def next_inside(self, containers: list[tuple[_Entry, Path]]) -> tuple[_Entry, Path] | None:
        """Step to the next value inside the innermost container, closing those that end here."""
        while containers:
            entry, path = containers[-1]
            if not self.at_end() and self.text[self.at] == ",":
                self.at += 1
            if self.at_end():
                self.unclosed = entry.value[0]
                raise _NotTomlError
            listed = isinstance(entry.children, list)
            if self.text[self.at] == ("]" if listed else "}"):
                self.at += 1
                entry.value = (entry.value[0], self.at)
                containers.pop()
            elif isinstance(entry.children, list):
                item = _Entry(None, (self.at, self.at))
                entry.children.append(item)
                return item, (*path, len(entry.children) - 1)
            else:
                return self.pair(entry, path)
        return None

    def scalar(self, entry: _Entry, path: Path) -> None:
        start = self.at
        token = _SCALAR.match(self.text, start)
        if not token:
            if self.text.startswith(('"""', "'''"), start):
                self.unclosed = start
            raise _NotTomlError
        self.at = token.end()
        entry.value = token.span()
        if self.text[start] in "\"'" or _SAFE.fullmatch(self.text, start, self.at):
            return
        if token.group() in _NONFINITE:
            self.nonfinite.append((path, token.span()))
        elif fault := _number_fault(token.group()):
            self.bad_numbers.append((token.span(), fault))

    def check_depth(self, depth: int, span: _Span) -> None:
        if depth > MAX_DEPTH:
            raise InputError(
                f"nested too deep: the limit is {MAX_DEPTH} levels", self.lines.place(span)
            )


def _table(entry: _Entry) -> dict[str, _Entry]:
    if not isinstance(entry.children, dict):
        raise _NotTomlError
    return entry.children


def _key_text(token: str) -> str:
    if token[0] == "'":
        return token[1:-1]
    return _ESCAPE.sub(_unescape, token[1:-1]) if token[0] == '"' else token


def _unescape(escape: re.Match[str]) -> str:
    """Return what an escape stands for: nothing, for a backslash that ends a line."""
    digits = escape[1] or escape[2] or escape[3]
    if digits:
        code = int(digits, 16)
        return chr(code) if code <= sys.maxunicode else "\ufffd"
    return "" if escape[4] else _LETTERS.get(escape[5], escape[5])


def _number_fault(token: str) -> str:
    """Return why 64 bits cannot hold a number, or nothing."""
    plain = token.replace("_", "")
    if integer := _INTEGER.fullmatch(plain):
        # More digits than these overflow in every base, and are not worth converting.
        digits = integer[2].lstrip("0").lstrip("xob").lstrip("0")
        base = _BASES.get(integer[2][:2], 10)
        if len(digits) <= 64 and -(2**63) <= int(integer[1] + (digits or "0"), base) < 2**63:
            return ""
        return f"{clip(token, 30)} is too large for a 64-bit integer: the largest is {2**63 - 1}"
    number = _FLOAT.fullmatch(plain)
    if not number:
        return ""
    if math.isinf(float(plain)):
        return f"{clip(token, 30)} is too large for a 64-bit float: the largest is about 1.8e308"
    if float(plain) == 0.0 and number[1].strip("0."):
        return f"{clip(token, 30)} is too small for a 64-bit float: it would become 0"
    return ""


def _map_string(lines: _Lines, span: _Span) -> StringMap:
    text, (start, end) = lines.text, span
    if text[start : start + 1] not in ('"', "'"):
        return StringMap(lines, span, end, ((0, 0, start),), frozenset({lines.row(start)}))
    quotes = 3 if text.startswith(text[start] * 3, start) and end - start > 2 else 1
    at = start + quotes
    if quotes == 3 and (newline := _NEWLINE.match(text, at)):
        at = newline.end()
    pattern = _NEWLINE_OR_ESCAPE if text[start] == '"' else _NEWLINE
    line = column = 0
    runs = []
    escaped = set()
    for match in pattern.finditer(text, at, end - quotes):
        runs.append((line, column, at))
        column += match.start() - at
        at = match.end()
        char = "\n"
        if match[0][0] == "\\":
            char = _unescape(match)
            if char:
                escaped.add(lines.row(match.start()))
        line, column = (line + 1, 0) if char == "\n" else (line, column + len(char))
    runs.append((line, column, at))
    return StringMap(lines, span, end - quotes, tuple(runs), frozenset(escaped))
