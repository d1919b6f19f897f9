"""Places in files, and the one error for unusable input. Knows no file format and no screen."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import NamedTuple

from gradtui.base.text import cell_width, clean, clip

_SHOWN = 120
_KEPT = 400
"""Characters of a line that are considered for showing it: some take no cell."""
_FEW = 3
"""Most names that a message offers for one."""
_LONGEST = 500
"""Cells after which a message is cut: it may quote a file, and so be huge."""


class Place(NamedTuple):
    """A stretch of one line of a file."""

    line: int
    """1-based line of the file."""
    column: int = 1
    """1-based column, in characters."""
    width: int = 1
    """Characters that the caret underlines."""
    file: str = ""
    """The file; empty for the scenario itself."""


class InputError(Exception):
    """Input that cannot be used: what is wrong, where, and what was expected.

    `str()` is the whole report: `FILE:LINE:COL: error: message`, the source line and a caret.
    """

    def __init__(
        self, message: str, place: Place | None = None, *, file: str = "", source_line: str = ""
    ) -> None:
        super().__init__(message)
        self.message = message
        self.place = place
        self.file = file
        self.source_line = source_line

    def within(self, file: str, lines: list[str]) -> InputError:
        """Return this error with the name of the file and the text of the line filled in.

        An error that already names another file, such as a data file, is returned unchanged.
        """
        if self.file and self.file != file:
            return self
        line = self.source_line
        if not line and self.place and self.place.line <= len(lines):
            line = lines[self.place.line - 1]
        return InputError(self.message, self.place, file=file, source_line=line)

    def __str__(self) -> str:
        return report(self.file, self.place, "error", self.message, self.source_line)


def from_here(file: str) -> str:
    """Return a file's path relative to the working directory, if it is below, as compilers do."""
    try:
        return file.removeprefix(os.path.join(os.getcwd(), ""))
    except OSError:  # the working directory is gone
        return file


def report(file: str, place: Place | None, kind: str, message: str, source_line: str = "") -> str:
    """Return a compiler's message: position, kind, message, then the line with a caret under it."""
    where = place or Place(1, 1)
    head = f"{clean(from_here(file))}:{where.line}:{where.column}: {kind}: {_message(message)}"
    if not source_line.strip() or place is None:
        return head
    start = 0
    if where.column > _SHOWN or cell_width(clean(source_line[: where.column - 1])) > _SHOWN - 40:
        start = max(0, where.column - 41)
    source_line = source_line[: start + _KEPT]  # a large file may be a single line
    shown_before = ("…" if start else "") + clean(source_line[start : where.column - 1])
    marked = clean(source_line[where.column - 1 : where.column - 1 + where.width])
    shown = clip(("…" if start else "") + clean(source_line[start:]), _SHOWN)
    room = max(1, _SHOWN - cell_width(shown_before))
    carets = "^" * max(1, min(cell_width(marked), room))
    return f"{head}\n  {shown}\n  {' ' * cell_width(shown_before)}{carets}"


def _message(message: str) -> str:
    return clip(clean(message[: 4 * _LONGEST]), _LONGEST)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return `; did you mean 'lr'?` for the nearest known name, or nothing.

    A name that lacks only its digit may be any of a few: `'beta1' or 'beta2'`.
    """
    every = list(known)
    numbered = sorted({one for one in every if one[:-1] == name and one[-1:].isdigit()})
    close = nearest(name, every)
    named = numbered if close in numbered and len(numbered) <= _FEW else [close]
    quoted = " or ".join(f"'{one}'" for one in named)
    return f"; did you mean {quoted}?" if close else ""


def nearest(name: str, known: Iterable[str], cutoff: float = 0.6) -> str:
    """Return the nearest known name, or an empty string if none is near.

    `cutoff` is the smallest similarity that counts, from 0 to 1 for the same name.
    """
    import difflib  # takes a hundredth of a second, which only a mistake should cost

    exact = list(known)
    lower = {candidate.lower(): candidate for candidate in exact}
    close = difflib.get_close_matches(name, exact, n=1, cutoff=cutoff)
    if close:
        return close[0]
    close = difflib.get_close_matches(name.lower(), lower, n=1, cutoff=cutoff)
    return lower[close[0]] if close else ""
