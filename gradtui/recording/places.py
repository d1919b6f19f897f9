"""The place of a call in the user's own code: the nearest frame that is not a library's."""

from __future__ import annotations

import linecache
import os
import sys
import sysconfig
from functools import lru_cache
from pathlib import Path
from types import CodeType

import numpy as np

from gradtui.base.source import Place

_OURS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_LIBRARIES = tuple(
    {
        os.path.normpath(sysconfig.get_path(name)) + os.sep
        for name in ("stdlib", "platstdlib", "purelib", "platlib")
    }
    | {os.path.dirname(os.path.abspath(np.__file__)) + os.sep, _OURS + os.sep}
)
_INSTALLED = (f"{os.sep}site-packages{os.sep}", f"{os.sep}dist-packages{os.sep}")
_RUNNER = os.path.join(_OURS, "recording", "run.py")
"""The code that calls the user's function."""
_CODES = 4096
Positions = tuple[tuple[int | None, ...], ...]
"""The first and last line of each instruction, and its columns."""


class Places:
    """The places of calls in the user's own code, each found once."""

    def __init__(self) -> None:
        self._users: dict[str, bool] = {}
        """File -> whether it is the user's."""
        self._known: dict[tuple[int, int], tuple[CodeType, Place]] = {}
        """The id of a code and an instruction -> the code, which keeps its id, and the place.

        A code's own hash takes long.
        """
        self._positions: dict[int, Positions] = {}
        """The id of a code -> the places of all of its instructions."""

    def current(self) -> Place | None:
        """Return the line and columns of the user's code in execution; None without any.

        The two callers of this are gradtui's own, and so is the code that calls the user's, which
        executes no more than that call.
        """
        frame = sys._getframe(3)
        while frame is not None:
            code = frame.f_code
            file = code.co_filename
            users = self._users.get(file)
            if users is None:
                users = self._users[file] = is_users_file(file)
            if users:
                key = id(code), frame.f_lasti
                known = self._known.get(key)
                if known is None:
                    if id(code) not in self._positions:
                        self._positions[id(code)] = _positions(code)
                    positions = self._positions[id(code)]
                    known = self._known[key] = code, _place(code, positions, frame.f_lasti)
                return known[1]
            if file == _RUNNER:
                return None
            frame = frame.f_back  # type: ignore[assignment]
        return None


@lru_cache(_CODES)
def is_users_file(file: str) -> bool:
    """Return whether a file is the user's own: not Python's, a library's or gradtui's."""
    if (
        file.startswith("<frozen")
        or file == "<gradtui>"
        or file == "<__array_function__ internals>"
    ):
        return False
    if file.startswith(_LIBRARIES) or any(part in file for part in _INSTALLED):
        return False
    return not _is_installed(file)


def _is_installed(file: str) -> bool:
    """Return whether a distribution has put a file where Python looks for modules."""
    for path in sys.path:
        folder = os.path.join(path, "") if isinstance(path, str) else ""
        if folder and file.startswith(folder):
            top = file[len(folder) :].partition(os.sep)[0]
            if top in _installed(folder):
                return True
    return False


@lru_cache(_CODES)
def _installed(folder: str) -> frozenset[str]:
    """Return the packages and modules in a folder that are those of distributions.

    A project whose own files are used, an editable one, has no record of them.
    """
    found = set[str]()
    for record in Path(folder).glob("*.dist-info/RECORD"):
        lines = record.read_text("utf-8", errors="replace").splitlines()
        found.update(line.partition(",")[0].partition("/")[0] for line in lines)
    return frozenset(found)


@lru_cache(_CODES)
def _positions(code: CodeType) -> Positions:
    return tuple(code.co_positions())


def _place(code: CodeType, positions: Positions, instruction: int) -> Place:
    """Return the place of an instruction; equal code objects may belong to different files."""
    line, last, column, end = positions[instruction // 2]
    file = code.co_filename
    first = line or code.co_firstlineno
    if column is None or end is None or last != first:
        return Place(first, file=file)
    # Columns count the bytes of the file's line.
    text = linecache.getline(file, first).encode()
    start, width = len(text[:column].decode()), len(text[column:end].decode())
    return Place(first, start + 1, max(1, width), file)
