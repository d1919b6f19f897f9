"""[data] and [validation]: numbers in the scenario or a file beside it, with their places."""

from __future__ import annotations

import fnmatch
import os
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from msgspec import Struct

from gradtui.base.memory import grown, lifted
from gradtui.base.source import InputError
from gradtui.base.text import clip, shape_text
from gradtui.scenario.arrays import check_count, check_name, read_array
from gradtui.scenario.positions import Positions
from gradtui.scenario.problem import Array, read_only
from gradtui.scenario.reading import ARRAYS_LIMIT, DATA_LIMIT, read_beside
from gradtui.scenario.scanner import Path

if TYPE_CHECKING:
    from gradtui.scenario.npz import NpzFile
    from gradtui.scenario.tables import CsvTable

MAX_NAMED = DATA_LIMIT // 2
"""Most numbers that a table may take from a file: as many as the largest CSV file has."""
MAX_PATTERNS = 100
"""Most patterns for one value: each is matched against every column."""
_WILD = "[*?]"
_Columns = Sequence[tuple[str, Path]]
"""Columns or arrays of a file, each with the path of its name in the scenario."""


class Data(Struct, frozen=True, eq=False):
    """The values of one table of data."""

    table: str
    """`data` or `validation`."""
    values: Mapping[str, Array]
    classes: Mapping[str, tuple[str, ...]]
    """The classes that words of a CSV file stand for, in the order of their numbers, by value."""
    _columns: Mapping[str, _Columns]
    """Where each value is from in a file; nothing for numbers in the scenario."""
    _csv: CsvTable | None
    _positions: Positions

    @property
    def headings(self) -> Mapping[str, tuple[str, ...]]:
        """The names of the columns of each value that is from a CSV file."""
        return {
            name: tuple(column for column, _ in columns)
            for name, columns in self._columns.items()
            if columns and self._csv is not None
        }

    def error(self, name: str, index: tuple[int, ...], message: str) -> InputError:
        """Return the error on one element at its own line, in the scenario or its CSV file."""
        path = (self.table, name)
        columns = self._columns.get(name, ())
        if not columns:
            return InputError(message, self._positions.value((*path, *index)))
        if self._csv is not None:
            column, _ = columns[index[1] if len(index) > 1 else 0]
            return self._csv.error(column, index[0], message)
        at = f"element {list(index)} of '{name}': " if index else ""
        return InputError(at + message, self._positions.value(path))


def read_data(
    table: str, entries: Mapping[str, Any], scenario: str, positions: Positions,
    known: Mapping[str, Sequence[str]] | None = None,
) -> Data:  # fmt: skip
    """Return the data of a table; raises InputError, for a data file at its own line.

    `known` are the classes that words stand for in the data that these replace, by name.
    """
    named = {name: value for name, value in entries.items() if name != "file"}
    check_count((table,), named, positions)
    for name in named:
        check_name((table, name), positions)
    if "file" not in entries:
        values = {
            name: read_array((table, name), value, positions, columns=True)
            for name, value in named.items()
        }
        return Data(table, values, {}, {}, None, positions)
    file = _open(table, entries["file"], scenario, positions)
    source = _Source(file, positions)
    columns = {name: source.columns((table, name), value) for name, value in named.items()}
    csv = None if str(entries["file"]).lower().endswith(".npz") else cast("CsvTable", file)
    words = {} if csv is None else {
        name: csv.classes(value, None if known is None else known.get(name, ()))
        for name, value in named.items()
        if isinstance(value, str) and value in csv.names and csv.holds_words(value)
    }  # fmt: skip
    numbers = (many for name, many in columns.items() if name not in words)
    found = dict(file.arrays(dict.fromkeys(column for many in numbers for column, _ in many)))
    found |= {str(named[name]): numbered for name, (numbered, _) in words.items()}
    _check_size(table, columns, found, positions)
    values = {
        name: _value((table, name), value, columns[name], found, positions)
        for name, value in named.items()
    }
    classes = {name: told for name, (_, told) in words.items()}
    return Data(table, values, classes, columns, csv, positions)


def _open(table: str, file: Any, scenario: str, positions: Positions) -> CsvTable | NpzFile:
    place = positions.value((table, "file"))
    if not isinstance(file, str):
        raise InputError(f"{table}.file: expected the name of a file beside the scenario", place)
    if not file.lower().endswith((".csv", ".npz")):
        raise InputError(f"{table}.file: expected a .csv or .npz file", place)
    path = os.path.join(os.path.dirname(scenario), file)
    if file.lower().endswith(".csv"):
        from gradtui.scenario.tables import read_csv

        return read_csv(read_beside(scenario, file, DATA_LIMIT, place), path)
    from gradtui.scenario.npz import read_npz

    return read_npz(read_beside(scenario, file, ARRAYS_LIMIT, place), path)


def _check_size(
    table: str,
    columns: Mapping[str, _Columns],
    found: Mapping[str, Array],
    positions: Positions,
) -> None:
    """Refuse too many copies of a file's numbers: each name gets its own."""
    most = left = grown(MAX_NAMED)
    for name, many in columns.items():
        left -= sum(found[column].size for column, _ in many)
        if left < 0:
            raise InputError(
                f"[{table}] takes more than {most:,} numbers from its file, some more than once"
                + lifted(most - left, MAX_NAMED),
                positions.value((table, name)),
            )


def _value(
    path: Path, value: Any, columns: _Columns, found: Mapping[str, Array], positions: Positions
) -> Array:
    """Return the columns or arrays that a value names, or its own numbers."""
    if not columns:
        return read_array(path, value, positions, columns=True)
    if isinstance(value, str) and value in found:
        return read_only(found[value])
    first, _ = columns[0]
    for name, at in columns:
        shape, wanted = found[name].shape, found[first].shape
        if len(shape) != 1 or shape != wanted:
            raise InputError(
                "a list of names stacks columns of one length, but "
                f"'{first}' has shape {shape_text(wanted)}, '{name}' {shape_text(shape)}",
                positions.value(at),
            )
    return read_only(np.stack([found[name] for name, _ in columns], axis=1))


class _Source:
    """A file of columns or arrays, and how a scenario's strings select from it."""

    def __init__(self, file: CsvTable | NpzFile, positions: Positions) -> None:
        self.file, self._positions = file, positions
        self._names = frozenset(file.names)

    def columns(self, path: Path, value: Any) -> _Columns:
        """Return the columns or arrays that a value names; none for numbers.

        `p*` and `?` select all that match, in the file's order; `!name` leaves some out, of all
        columns if nothing else is named.
        """
        if isinstance(value, str):
            parts: list[tuple[str, Path]] = [(value, path)]
        elif isinstance(value, list) and value and all(isinstance(item, str) for item in value):
            parts = [(item, (*path, index)) for index, item in enumerate(value)]
        else:
            return []
        if sum(text not in self._names for text, _ in parts) > MAX_PATTERNS:
            raise InputError(f"more than {MAX_PATTERNS} patterns", self._positions.value(path))
        without = [(text[1:], at) for text, at in parts if self._leaves_out(text)]
        named = [part for part in parts if not self._leaves_out(part[0])] or [("*", path)]
        left_out = {name for text, at in without for name in self._fitting(text, at)}
        kept: list[tuple[str, Path]] = []
        for text, at in named:
            there = {name for name, _ in kept} if text not in self._names else set()
            fitting = self._fitting(text, at)
            kept += [(name, at) for name in fitting if name not in there | left_out]
        if not kept:
            raise InputError(f"this selects nothing from {os.path.basename(self.file.file)}",
                             self._positions.value(path))  # fmt: skip
        return kept

    def _leaves_out(self, text: str) -> bool:
        return text.startswith("!") and text not in self._names

    def _fitting(self, text: str, at: Path) -> Sequence[str]:
        """Return the columns or arrays that a name or a pattern selects, at least one."""
        place = self._positions.value(at)
        if text in self._names or not re.search(_WILD, text):
            self.file.check_name(text, place)
            return (text,)
        # Brackets belong to names such as w[0].
        pattern = text.replace("[", "[[]")
        found = [name for name in self.file.names if fnmatch.fnmatchcase(name, pattern)]
        if not found:
            known = clip(", ".join(self.file.names[:20]), 60)
            name = os.path.basename(self.file.file)
            message = f"'{clip(text, 30)}' matches nothing in {name}; it has {known}"
            raise InputError(message, place)
        return found
