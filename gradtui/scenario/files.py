"""The files of a scenario, and whether they have changed. Reads no data."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from gradtui.base.source import InputError
from gradtui.scenario.reading import DATA_LIMIT, SCENARIO_LIMIT, leads_out, read_text
from gradtui.scenario.scanner import NEWLINE

_NAMING = (
    ("data", "file"), ("validation", "file"), ("backward", "file"),
    ("model", "source"), ("backward", "source"), ("update", "source"),
)  # fmt: skip
"""(table, key) of each entry that names a file beside the scenario."""
_Signature = tuple[int, int, int] | None


def files_named(raw: Mapping[str, Any], scenario: str) -> tuple[str, ...]:
    """Return the paths of a scenario and of the files in its folder that its tables name."""
    names = []
    for table, key in _NAMING:
        entries = raw.get(table)
        name = entries.get(key) if isinstance(entries, dict) else None
        if isinstance(name, str):
            names.append(name.rpartition(":")[0] if key == "source" else name)
    folder = os.path.dirname(scenario)
    below = (name for name in dict.fromkeys(names) if name and not leads_out(name))
    return scenario, *(os.path.join(folder, name) for name in below)


def files_of(scenario: str) -> tuple[str, ...]:
    """Return the paths of a scenario, which may be invalid, and of the files that it names."""
    try:
        return files_named(tomllib.loads(read_text(scenario, SCENARIO_LIMIT)), scenario)
    except (InputError, ValueError, RecursionError):
        return (scenario,)


def changed_since(texts: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the files whose lines are not these ones any more; those that are gone among them."""
    return [file for file, lines in texts.items() if not _has(file, lines)]


def _has(file: str, lines: Sequence[str]) -> bool:
    """Return whether a file has these lines, whatever blank ones end it."""
    try:
        text = read_text(file, DATA_LIMIT)
    except InputError:
        return not any(lines)
    return "\n".join(NEWLINE.split(text)).rstrip() == "\n".join(lines).rstrip()


class Watch:
    """Notices when files are written, replaced, removed or restored."""

    def __init__(self, files: Iterable[str]) -> None:
        self._seen: dict[str, _Signature] = {}
        self._pending: dict[str, _Signature] | None = None
        self.watch(files)

    @property
    def files(self) -> tuple[str, ...]:
        """The files that it watches."""
        return tuple(self._seen)

    @property
    def settling(self) -> bool:
        """Whether it has seen a change that may still be incomplete."""
        return self._pending is not None

    def watch(self, files: Iterable[str]) -> None:
        """Watch these files from now on; keep the state of those already watched."""
        self._seen = {
            file: self._seen[file] if file in self._seen else _signature(file) for file in files
        }

    def catch_up(self) -> bool:
        """Return whether the files have changed at all, and take their present state as seen."""
        before, self._seen = self._seen, {file: _signature(file) for file in self._seen}
        self._pending = None
        return before != self._seen

    def changed(self) -> bool:
        """Return whether the files have changed, but not since the last call.

        An editor may write in parts, or remove the old file before the new one exists.
        """
        now = {file: _signature(file) for file in self._seen}
        if now == self._seen:
            self._pending = None
            return False
        settled = now == self._pending
        self._pending = None if settled else now
        if settled:
            self._seen = now
        return settled


def _signature(file: str) -> _Signature:
    """Return identity, size and time of a file; None if it cannot be accessed."""
    try:
        status = os.stat(file)
    except (OSError, ValueError):
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns
