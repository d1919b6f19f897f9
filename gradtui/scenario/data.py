"""[data] and [validation]: numbers of the scenario or a file beside it, and where each stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from msgspec import Struct

from gradtui.base.source import InputError
from gradtui.base.text import shape_text
from gradtui.scenario.arrays import check_count, check_name, read_array
from gradtui.scenario.positions import Positions
from gradtui.scenario.problem import Array, read_only
from gradtui.scenario.reading import DATA_LIMIT, read_beside
from gradtui.scenario.scanner import Path

if TYPE_CHECKING:
    from gradtui.scenario.npz import NpzFile
    from gradtui.scenario.tables import CsvTable

MAX_NAMED = DATA_LIMIT // 2
"""Numbers of a file that a table may name: as many as a CSV file of the limit can have."""


class Data(Struct, frozen=True, eq=False):
    """The values of one table of data."""

    table: str
    """`data` or `validation`."""
    values: Mapping[str, Array]
    _entries: Mapping[str, Any]
    _csv: CsvTable | None
    _positions: Positions

    def error(self, name: str, index: tuple[int, ...], message: str) -> InputError:
        """Return the error of one element, at its own line: of the scenario or of its CSV file."""
        path = (self.table, name)
        columns = _columns(path, self._entries[name])
        if not columns:
            return InputError(message, self._positions.value((*path, *index)))
        if self._csv is not None:
            column, _ = columns[index[1] if len(index) > 1 else 0]
            return self._csv.error(column, index[0], message)
        at = f"element {list(index)} of '{name}': " if index else ""
        return InputError(at + message, self._positions.value(path))


def read_data(table: str, entries: Mapping[str, Any], scenario: str, positions: Positions) -> Data:
    """Return what a table of data holds; raises InputError, in a data file at its own line."""
    named = {name: value for name, value in entries.items() if name != "file"}
    check_count((table,), named, positions)
    for name in named:
        check_name((table, name), positions)
    if "file" not in entries:
        values = {
            name: read_array((table, name), value, positions, columns=True)
            for name, value in named.items()
        }
        return Data(table, values, named, None, positions)
    source = _open(table, entries["file"], scenario, positions)
    wanted: dict[str, None] = {}
    for name, value in named.items():
        for column, at in _columns((table, name), value):
            source.check_name(column, positions.value(at))
            wanted.setdefault(column)
    found = source.arrays(wanted)
    _check_size(table, named, found, positions)
    values = {name: _value((table, name), value, found, positions) for name, value in named.items()}
    is_npz = str(entries["file"]).lower().endswith(".npz")
    return Data(table, values, named, None if is_npz else source, positions)  # type: ignore[arg-type]


def _open(table: str, file: Any, scenario: str, positions: Positions) -> CsvTable | NpzFile:
    place = positions.value((table, "file"))
    if not isinstance(file, str):
        raise InputError(f"{table}.file: expected the name of a file beside the scenario", place)
    if not file.lower().endswith((".csv", ".npz")):
        raise InputError(f"{table}.file: expected a .csv or .npz file", place)
    raw = read_beside(scenario, file, DATA_LIMIT, place)
    if file.lower().endswith(".csv"):
        from gradtui.scenario.tables import read_csv

        return read_csv(raw, file)
    from gradtui.scenario.npz import read_npz

    return read_npz(raw, file)


def _check_size(
    table: str, named: Mapping[str, Any], found: Mapping[str, Array], positions: Positions
) -> None:
    """Refuse to copy what a file holds too often: each name has numbers of its own."""
    left = MAX_NAMED
    for name, value in named.items():
        path = (table, name)
        left -= sum(found[column].size for column, _ in _columns(path, value))
        if left < 0:
            raise InputError(f"[{table}] names more than {MAX_NAMED:,} numbers of its file, some "
                             "more than once", positions.value(path))  # fmt: skip


def _value(path: Path, value: Any, found: Mapping[str, Array], positions: Positions) -> Array:
    """Return the columns or arrays that a value names, or its own numbers."""
    names = [column for column, _ in _columns(path, value)]
    if not names:
        return read_array(path, value, positions, columns=True)
    if isinstance(value, str):
        return read_only(found[value])
    for index, name in enumerate(names):
        shape, first = found[name].shape, found[names[0]].shape
        if len(shape) != 1 or shape != first:
            raise InputError(
                "a list of names stacks columns of one length, but "
                f"'{names[0]}' has shape {shape_text(first)}, '{name}' {shape_text(shape)}",
                positions.value((*path, index)),
            )
    return read_only(np.stack([found[name] for name in names], axis=1))


def _columns(path: Path, value: Any) -> Sequence[tuple[str, Path]]:
    """Return the columns or arrays that a value names, with their paths; none for numbers."""
    if isinstance(value, str):
        return [(value, path)]
    if isinstance(value, list) and value and all(isinstance(item, str) for item in value):
        return [(item, (*path, index)) for index, item in enumerate(value)]
    return []
