"""CSV files as columns of decimal numbers. Knows no other values, and no scenario."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from typing import TypeAlias

import msgspec
import numpy as np
from msgspec import DecodeError, Struct
from numpy.typing import NDArray

from gradtui.base.memory import grown, lifted
from gradtui.base.source import InputError, Place, did_you_mean
from gradtui.base.text import clip
from gradtui.scenario.reading import decode_text

MAX_ROWS = 1_000_000
MAX_COLUMNS = 10_000
MAX_DIGITS = 64
MAX_CLASSES = 1000

Column: TypeAlias = NDArray[np.float64]

_CHUNK, _MOST_CELLS = 4096, 1 << 19
"""Most records, and cells, that are split at a time."""
_QUOTED = re.compile(r'[ \t]*+"([^"]*+(?:""[^"]*+)*+)"')
_CELL = re.compile(rf'{_QUOTED.pattern}[ \t]*+(?=,|\Z)|([^",]*+)(?=,|\Z)')
_RECORD = rf"(?:{_CELL.pattern})(?:,(?:{_CELL.pattern}))*+"
"""A record whose quotes follow RFC 4180."""
_NEXT = r'(?:\A|,)((?:"[^"]*+"|[^",]++)*+)'
"""The next cell of such a record, with the comma before it."""
_QUOTES = r'"[^"]*+"'
_QUOTED_OR_DELIMITER = re.compile(r'"[^"]*+"|([;\t])')
_DELIMITERS = {";": "semicolons", "\t": "tabs"}
_DECIMALS = r"[0-9+\-.eE \t]*+"
_PLAIN = re.compile(r"[0-9\-., \t]*+")
_DECIMAL = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_SHOWN = 30
_MISSING = frozenset({"na", "n/a", "#n/a", "nan", "-nan", "null", "none", "nil", "?", "-", "."})
"""Words, in lower case, that programs write for a missing value."""


class CsvTable(Struct, frozen=True, eq=False):
    """The rows of a CSV file, all of one length; cells are read on demand, by column."""

    file: str
    names: tuple[str, ...]
    """Column names, in the order of the file."""
    _records: Sequence[str]
    _starts: Sequence[int]
    """1-based line at which each record starts."""

    def check_name(self, name: str, place: Place | None = None) -> None:
        """Raise an `InputError` if there is no such column.

        It is at `place`, where the scenario gives the name, and names no file.
        """
        if name in self.names:
            return
        near = did_you_mean(name[:_SHOWN], self.names)
        known = clip(", ".join(self.names[:20]), 60)
        file = os.path.basename(self.file)
        has = f"; it has {known}"
        if all(re.fullmatch(_DECIMAL, column) for column in self.names):
            has = f"; its first row, {known}, has no names: a header row seems to be missing"
        message = f"no column '{clip(name, _SHOWN)}' in {file}{near or has}"
        raise InputError(message, place)

    def arrays(self, names: Iterable[str]) -> dict[str, Column]:
        """Return the named columns, each a read-only array of one number a row.

        A `KeyError` for a name that is not in `names`; an `InputError` at the first cell that is no
        finite decimal number.
        """
        index = {name: i for i, name in enumerate(self.names)}
        wanted = {name: index[name] for name in names}
        values = np.empty((len(wanted), len(self._records)))
        count = min(_CHUNK, _MOST_CELLS // len(self.names))
        for first in range(0, len(self._records), count):
            records = self._records[first : first + count]
            most = 2 * len(wanted) >= len(self.names)
            if most and (table := _table(records, len(self.names))) is not None:
                values[:, first : first + len(records)] = table[:, [*wanted.values()]].T
                continue
            rows = [_cells(record, len(self.names)) for record in records]
            quoted = any('"' in record for record in records)
            for into, i in zip(values, wanted.values(), strict=True):
                cells = [_bare(row[i]) for row in rows] if quoted else [row[i] for row in rows]
                numbers = _numbers(cells)
                if numbers is None:
                    raise self._fault(first, cells, i)
                into[first : first + len(rows)] = numbers
        values.flags.writeable = False
        return dict(zip(wanted, values, strict=True))

    def holds_words(self, name: str) -> bool:
        """Return whether a column begins with a word, so that its cells stand for classes."""
        return _is_word(self._cell(0, self.names.index(name)))

    def classes(
        self, name: str, known: Sequence[str] | None = None
    ) -> tuple[Column, tuple[str, ...]]:
        """Return a column of words as numbers of classes, read-only, and the words in their order.

        That is the alphabet's, unless the classes are `known`.  An `InputError` at the first cell
        that is no word, or none that is known.
        """
        column = self.names.index(name)
        words = [self._cell(row, column).strip(" \t") for row in range(len(self._records))]
        for row, word in enumerate(words):
            if not _is_word(word):
                told = f"expected a word, as in the first row, got '{clip(word, _SHOWN)}'"
                fault = told if word and word.lower() not in _MISSING else _cell_fault(word, name)
                raise self.error(name, row, fault)
            if known is not None and word not in known:
                shown, near = clip(word, _SHOWN), did_you_mean(word, known)
                fault = f"'{shown}' is no class of [data]"
                fault += near or f": they are {clip(', '.join(known), 60)}"
                if not known:
                    fault = f"expected a number, as in [data], got '{shown}'"
                raise self.error(name, row, fault)
        found = tuple(sorted(set(words)) if known is None else known)
        if len(found) > MAX_CLASSES:
            raise self.error(name, 0, f"{len(found):,} different words: at most {MAX_CLASSES:,} "
                                      "are taken for classes")  # fmt: skip
        places = {word: float(at) for at, word in enumerate(found)}
        values = np.array([places[word] for word in words])
        values.flags.writeable = False
        return values, found

    def _cell(self, row: int, column: int) -> str:
        return _bare(_cells(self._records[row], len(self.names))[column])

    def _fault(self, first: int, cells: list[str], i: int) -> InputError:
        """Return the error of the first bad cell: `cells` are column `i` from row `first` on."""
        for row, cell in enumerate(cells, start=first):
            if fault := _cell_fault(cell, self.names[i]):
                return self.error(self.names[i], row, fault)
        raise AssertionError("a column that cannot be read has a cell that cannot be read")

    def error(self, name: str, row: int, fault: str) -> InputError:
        """Return the error of one cell, at its line; `row` counts from 0 under the header."""
        record = self._records[row]
        span = _matches(record)[self.names.index(name)].span()
        message = f"column '{clip(name, _SHOWN)}': {fault}"
        return _error(message, self.file, self._starts[row], record, span)


def read_csv(raw: bytes, file: str) -> CsvTable:
    """Return the table in a CSV file: a header row, then rows of as many cells.

    An `InputError` with the file's name, line and column if it is anything else.
    """
    text = decode_text(raw, file).replace("\r\n", "\n")
    end = text.find("\n", len(text.rstrip()))
    text = text if end < 0 else text[:end]
    if (rows := text.count("\n")) > grown(MAX_ROWS):
        raise InputError(
            f"too many rows: the limit is {grown(MAX_ROWS):,}{lifted(rows, MAX_ROWS)}", file=file
        )
    lines = text.split("\n")
    records: Sequence[str] = lines
    starts: Sequence[int] = range(1, len(lines) + 1)
    if '"' in text:
        records, starts = _join_quoted(lines)
    names = _names(records[0], file)
    if len(records) == 1:
        raise InputError("the file has a header row but no rows under it", file=file)
    for record, start in zip(records[1:], starts[1:], strict=True):
        fits = _count_cells(record) == len(names) and record.strip()
        if not fits or ('"' in record and not re.fullmatch(_RECORD, record)):
            _check_row(record, start, len(names), file)
    return CsvTable(file, names, records[1:], starts[1:])


def _join_quoted(lines: list[str]) -> tuple[list[str], list[int]]:
    """Return the records and their lines: a line break between quotes does not end a record."""
    records: list[str] = []
    starts: list[int] = []
    joined: list[str] = []
    for number, line in enumerate(lines, start=1):
        quotes_odd = line.count('"') % 2 == 1
        if not joined:
            starts.append(number)
        ends = quotes_odd if joined else not quotes_odd
        joined.append(line)
        if ends or number == len(lines):
            records.append("\n".join(joined))
            joined = []
    return records, starts


def _names(header: str, file: str) -> tuple[str, ...]:
    """Return the column names; an `InputError` if they are not separated, unique and filled."""
    for match in _QUOTED_OR_DELIMITER.finditer(header if "," not in header else ""):
        if match[1]:
            message = f"wrong delimiter: found {_DELIMITERS[match[1]]}, expected commas"
            raise _error(message, file, 1, header, match.span())
    if "\r" in header:
        message = "a lone carriage return: lines must end in LF or CRLF"
        raise _error(message, file, 1, header, (at := header.index("\r"), at + 1))
    if _count_cells(header) > MAX_COLUMNS:
        raise InputError(f"too many columns: the limit is {MAX_COLUMNS:,}", Place(1), file=file)
    cells = _check_quotes(header, 1, file)
    names = tuple(_bare(cell).strip() for cell in _cells(header, len(cells)))
    seen: set[str] = set()
    for i, name in enumerate(names):
        if not name or name in seen:
            fault = f"repeated column name '{clip(name, _SHOWN)}'" if name else "empty column name"
            raise _error(fault, file, 1, header, cells[i].span())
        seen.add(name)
    return names


def _check_row(record: str, start: int, expected: int, file: str) -> None:
    """Raise an `InputError` unless the record is a row of `expected` cells."""
    if not record.strip():
        raise _error("a blank line between rows", file, start, record, (0, 0))
    cells = _check_quotes(record, start, file)
    if len(cells) != expected:
        at = cells[expected].span() if len(cells) > expected else (len(record), len(record))
        got = _count_cells(record)
        message = f"a row of the wrong length: expected {expected} cells, got {got}"
        raise _error(message, file, start, record, at)


def _check_quotes(record: str, start: int, file: str) -> list[re.Match[str]]:
    """Return the record's cells; raises `InputError` at a quote against RFC 4180."""
    cells = _matches(record)
    at = cells[-1].end() + 1 if cells else 0
    if at > len(record) or len(cells) > MAX_COLUMNS:
        return cells
    quote = record.index('"', at)
    if record[at:quote].strip(" \t"):
        message = "a quote inside a cell: quote the whole cell, and double the quote in it"
    elif _QUOTED.match(record, at):
        message = "text after the closing quote of this cell: double a quote inside a cell"
    else:
        message = "this quote is not closed"
    raise _error(message, file, start, record, (quote, quote + 1))


def _count_cells(record: str) -> int:
    return (re.sub(_QUOTES, "", record) if '"' in record else record).count(",") + 1


def _matches(record: str) -> list[re.Match[str]]:
    """Return the cells of a record, up to the first with wrong quotes or one past the limit."""
    cells: list[re.Match[str]] = []
    at = 0
    while at <= len(record) and len(cells) <= MAX_COLUMNS:
        if not (cell := _CELL.match(record, at)):
            break
        cells.append(cell)
        at = cell.end() + 1
    return cells


def _cells(record: str, count: int) -> list[str]:
    """Return the `count` cells of a record, with their quotes."""
    cells = record.split(",")
    return cells if len(cells) == count else re.findall(_NEXT, record)  # a comma is between quotes


def _bare(cell: str) -> str:
    """Return the text of a cell without its quotes."""
    text = cell.strip(" \t")
    return text[1:-1].replace('""', '"') if text.startswith('"') else cell


def _table(records: Sequence[str], count: int) -> Column | None:
    """Return all numbers of records of `count` cells, (rows, count); None where one is unusual.

    JSON's numbers are some of ours, and read three times as fast; both are rounded correctly.
    """
    text = ",".join(records)
    if not _PLAIN.fullmatch(text):
        return None
    ends = np.flatnonzero(np.frombuffer(f",{text},".encode(), np.uint8) == ord(","))
    if len(ends) - 1 != len(records) * count or np.diff(ends).max() > MAX_DIGITS + 1:
        return None
    try:
        numbers = np.array(msgspec.json.decode(f"[{text}]", type=list[float]))
    except DecodeError:
        return None
    if "-" in text and not numbers.all():
        return None  # a zero may have lost its sign
    return numbers.reshape(len(records), count)


def _numbers(cells: list[str]) -> Column | None:
    """Return the numbers in the cells, or None if there is one with a `_cell_fault`."""
    text = "".join(cells)
    if max(map(len, cells)) > MAX_DIGITS or not re.fullmatch(_DECIMALS, text):
        return None
    try:
        numbers = np.array(list(map(float, cells)))
    except ValueError:
        return None
    if not np.isfinite(numbers).all():
        return None
    if ("e" in text or "E" in text) and any(map(_vanishes, cells)):
        return None
    return numbers


def _vanishes(cell: str) -> bool:
    """Return whether a nonzero decimal number becomes zero in 64 bits."""
    return float(cell) == 0.0 and re.search("[1-9]", cell.lower().partition("e")[0]) is not None


def _is_word(cell: str) -> bool:
    """Return whether a cell holds a word: neither a number nor a sign that one is missing."""
    text = cell.strip(" \t")
    return (
        text[:1].isalpha()
        and text.lower() not in _MISSING
        and text.lower() not in ("inf", "infinity")
        and len(text) <= MAX_DIGITS
    )


def _cell_fault(cell: str, name: str) -> str:
    """Return why a cell of a column is not a finite decimal number, or nothing."""
    text = cell.strip(" \t")
    shown = clip(text, _SHOWN)
    if not text:
        return "empty cell: a value is missing"
    if text.lower() in _MISSING:
        return f"'{shown}' stands for a value that is missing"
    if text.lstrip("+-").lower() in ("inf", "infinity"):
        return f"{shown} is not a finite number"
    if not re.fullmatch(_DECIMAL, text):
        way = ": leave the column out, or read its words as classes with a name of their own, as "
        way += f'y = "{clip(name, _SHOWN)}"'
        return f"expected a number, got '{shown}'{way if text[0].isalpha() else ''}"
    if len(cell) > MAX_DIGITS:
        return f"a number of {len(cell)} characters: the limit is {MAX_DIGITS}"
    if np.isinf(float(text)):
        return f"{shown} is too large for a 64-bit float: the largest is about 1.8e308"
    if _vanishes(text):
        return f"{shown} is too small for a 64-bit float: it would become 0"
    return ""


def _error(message: str, file: str, start: int, record: str, span: tuple[int, int]) -> InputError:
    """Return the error at a stretch of a record, which may cover several lines."""
    line_start = record.rfind("\n", 0, span[0]) + 1
    line_end = record.find("\n", span[0])
    line_end = len(record) if line_end < 0 else line_end
    width = max(1, min(span[1], line_end) - span[0])
    place = Place(start + record.count("\n", 0, span[0]), span[0] - line_start + 1, width)
    return InputError(message, place, file=file, source_line=record[line_start:line_end])
