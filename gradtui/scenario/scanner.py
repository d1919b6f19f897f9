"""A scanner for TOML text that finds the place of each key and each value. Knows no values.

It is right for texts that tomllib accepts, never crashes on others, and takes linear time.
"""

from __future__ import annotations

import math
import re
import sys
from bisect import bisect_right
from typing import TypeAlias

from msgspec import Struct

from gradtui.base.source import InputError, Place
from gradtui.base.text import clip

MAX_DEPTH = 50

Path: TypeAlias = tuple[str | int, ...]
Span: TypeAlias = tuple[int, int]

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
_INTEGER = r"([+-]?)(0x[0-9A-Fa-f]+|0o[0-7]+|0b[01]+|[0-9]+)"
_FLOAT = r"[+-]?([0-9]+(?:\.[0-9]+)?)(?:[eE][+-]?[0-9]+)?"
_NONFINITE = frozenset({"inf", "+inf", "-inf", "nan", "+nan", "-nan"})
NEWLINE = re.compile(r"\r?\n")
ESCAPE = (
    r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|x([0-9A-Fa-f]{2})|([ \t]*+\r?\n[ \t\r\n]*+)|(.))"
)
NEWLINE_OR_ESCAPE = re.compile(rf"{NEWLINE.pattern}|{ESCAPE}")
_BASES = {"0x": 16, "0o": 8, "0b": 2}
_LETTERS = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", "e": "\x1b"}


class Lines(Struct, frozen=True, eq=False):
    """A text and the offsets at which its lines start."""

    text: str
    starts: list[int]

    def row(self, offset: int) -> int:
        """Return the line of an offset, counted from 0."""
        return bisect_right(self.starts, offset) - 1

    def end(self, row: int) -> int:
        """Return the offset at which a line ends."""
        if row + 1 == len(self.starts):
            return len(self.text)
        end = self.starts[row + 1] - 1
        return end - 1 if self.text[end - 1 : end] == "\r" else end

    def place(self, span: Span) -> Place:
        """Return the place of a stretch of text, cut at the end of its first line."""
        row = self.row(span[0])
        width = min(span[1], self.end(row)) - span[0]
        return Place(row + 1, span[0] - self.starts[row] + 1, max(1, width))


class Entry(Struct, eq=False):
    """A key with its value, or an element of an array, which has no key."""

    key: Span | None
    value: Span
    children: dict[str, Entry] | list[Entry] | None = None


class NotTomlError(Exception):
    """The text is not TOML beyond this point."""


class Scanner:
    """One pass over a text, without recursion, that accepts a superset of TOML."""

    def __init__(self, lines: Lines) -> None:
        self.lines = lines
        self.text = lines.text
        self.at = 0
        self.root = Entry((0, 0), (0, 0), {})
        self.bad_numbers: list[tuple[Span, str]] = []
        self.nonfinite: list[tuple[Path, Span]] = []
        self.unclosed: int | None = None

    def scan(self) -> None:
        """Scan the whole text; raises NotTomlError where it is not TOML."""
        table = self.root
        path: Path = ()
        while not self.at_end():
            if self.text[self.at] == "[":
                table, path = self.header()
            else:
                self.value(*self.pair(table, path))

    def at_end(self) -> bool:
        """Skip blanks and comments; return whether the text ends there."""
        # Looking before matching halves the time for a large file; at the end the slice is "".
        if self.text[self.at : self.at + 1] not in _STARTS_BLANK:
            return False
        if blank := _BLANK.match(self.text, self.at):
            self.at = blank.end()
        return self.at == len(self.text)

    def take(self, token: str) -> None:
        """Skip a token that is required here."""
        if not self.text.startswith(token, self.at):
            raise NotTomlError
        self.at += len(token)

    def header(self) -> tuple[Entry, Path]:
        """Skip `[a.b]` or `[[a.b]]`; return the table that the next lines belong to."""
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
        rows = _table(parent).setdefault(name, Entry(span, span, [])).children
        if not isinstance(rows, list):
            raise NotTomlError
        rows.append(Entry(span, span, {}))
        return rows[-1], (*path, name, len(rows) - 1)

    def pair(self, table: Entry, path: Path) -> tuple[Entry, Path]:
        """Skip `a.b =`; return the new entry."""
        parts = self.key(len(path))
        self.take("=")
        parent, path = self.descend(table, path, parts[:-1])
        name, span = parts[-1]
        entry = _table(parent)[name] = Entry(span, span)
        return entry, (*path, name)

    def key(self, depth: int) -> list[tuple[str, Span]]:
        """Skip a dotted key, below a table of the given depth, and the blanks around it."""
        parts: list[tuple[str, Span]] = []
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
        raise NotTomlError

    def descend(
        self, entry: Entry, path: Path, parts: list[tuple[str, Span]]
    ) -> tuple[Entry, Path]:
        """Return the table at `parts` below `entry`, creating it if needed."""
        for name, span in parts:
            entry = _table(entry).setdefault(name, Entry(span, span, {}))
            path = (*path, name)
            if isinstance(entry.children, list) and entry.children:
                path = (*path, len(entry.children) - 1)
                entry = entry.children[-1]
        return entry, path

    def value(self, entry: Entry, path: Path) -> None:
        """Skip a value and everything inside it."""
        containers: list[tuple[Entry, Path]] = []
        following: tuple[Entry, Path] | None = (entry, path)
        while following:
            entry, path = following
            if self.at_end():
                raise NotTomlError
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

    def plain_items(self, items: list[Entry]) -> None:
        """Skip short numbers with their commas: a fast path for most of a large file."""
        while match := _PLAIN_ITEM.match(self.text, self.at):
            items.append(Entry(None, match.span(1)))
            self.at = match.end()

    def next_inside(self, containers: list[tuple[Entry, Path]]) -> tuple[Entry, Path] | None:
        """Move to the next value in the innermost container, closing those that end here."""
        while containers:
            entry, path = containers[-1]
            if not self.at_end() and self.text[self.at] == ",":
                self.at += 1
            if self.at_end():
                self.unclosed = entry.value[0]
                raise NotTomlError
            listed = isinstance(entry.children, list)
            if self.text[self.at] == ("]" if listed else "}"):
                self.at += 1
                entry.value = (entry.value[0], self.at)
                containers.pop()
            elif isinstance(entry.children, list):
                item = Entry(None, (self.at, self.at))
                entry.children.append(item)
                return item, (*path, len(entry.children) - 1)
            else:
                return self.pair(entry, path)
        return None

    def scalar(self, entry: Entry, path: Path) -> None:
        """Scan a string, number, date or truth value."""
        start = self.at
        token = _SCALAR.match(self.text, start)
        if not token:
            if self.text.startswith(('"""', "'''"), start):
                self.unclosed = start
            raise NotTomlError
        self.at = token.end()
        entry.value = token.span()
        if self.text[start] in "\"'" or _SAFE.fullmatch(self.text, start, self.at):
            return
        if token.group() in _NONFINITE:
            self.nonfinite.append((path, token.span()))
        elif fault := _number_fault(token.group()):
            self.bad_numbers.append((token.span(), fault))

    def check_depth(self, depth: int, span: Span) -> None:
        """Refuse values that are nested too deep."""
        if depth > MAX_DEPTH:
            raise InputError(
                f"nested too deep: the limit is {MAX_DEPTH} levels", self.lines.place(span)
            )


def _table(entry: Entry) -> dict[str, Entry]:
    if not isinstance(entry.children, dict):
        raise NotTomlError
    return entry.children


def _key_text(token: str) -> str:
    if token[0] == "'":
        return token[1:-1]
    return re.sub(ESCAPE, unescape, token[1:-1]) if token[0] == '"' else token


def unescape(escape: re.Match[str]) -> str:
    """Return the text of an escape: empty for a backslash at the end of a line."""
    digits = escape[1] or escape[2] or escape[3]
    if digits:
        code = int(digits, 16)
        return chr(code) if code <= sys.maxunicode else "\ufffd"
    return "" if escape[4] else _LETTERS.get(escape[5], escape[5])


def _number_fault(token: str) -> str:
    """Return why 64 bits cannot hold a number, or nothing."""
    plain = token.replace("_", "")
    if integer := re.fullmatch(_INTEGER, plain):
        # More digits overflow in every base, and need no conversion.
        digits = integer[2].lstrip("0").lstrip("xob").lstrip("0")
        base = _BASES.get(integer[2][:2], 10)
        if len(digits) <= 64 and -(2**63) <= int(integer[1] + (digits or "0"), base) < 2**63:
            return ""
        return f"{clip(token, 30)} is too large for a 64-bit integer: the largest is {2**63 - 1}"
    number = re.fullmatch(_FLOAT, plain)
    if not number:
        return ""
    if math.isinf(float(plain)):
        return f"{clip(token, 30)} is too large for a 64-bit float: the largest is about 1.8e308"
    if float(plain) == 0.0 and number[1].strip("0."):
        return f"{clip(token, 30)} is too small for a 64-bit float: it would become 0"
    return ""
