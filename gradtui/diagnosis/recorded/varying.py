"""The line after which two runs of the user's code, with the same arguments, hold other values."""

from __future__ import annotations

import linecache
import sys
from collections.abc import Callable, Mapping
from types import FrameType
from typing import Any

import numpy as np

from gradtui.base.source import Place
from gradtui.recording.places import is_users_file

_MOST, _ENTRIES = 20_000, 100
"""Most lines that are looked at, and most entries of a container."""
_Told = Mapping[str, object]
_Step = tuple[str, int, int, _Told]
"""A line about to run: its file and number, the step before in its call, and what names hold."""


def first_varying(run: Callable[[], object]) -> Place | None:
    """Return the line that is the first to give a name another value in a second run.

    None if no name is given one, or if other lines run.  Only names of functions count that begin
    with the same values: what was kept before them is read, not made.
    """
    first, second = _steps(run), _steps(run)
    begun = dict[int, _Told]()
    for at, (one, two) in enumerate(zip(first, second, strict=False)):
        (*place, before, own), (*other, _, new) = one, two
        if place != other:
            return None
        kept = begun.get(before, {})
        apart = {name: value for name, value in own.items() if new.get(name) != value}
        if before >= 0 and not apart.keys() <= kept.keys():
            return _place_of(first[before][0], first[before][1])
        begun[at] = kept if before >= 0 else apart
    return None


def _place_of(file: str, line: int) -> Place:
    text = linecache.getline(file, line).rstrip()
    code = text.lstrip()
    return Place(line, len(text) - len(code) + 1, max(1, len(code)), file=file)


def _steps(run: Callable[[], object]) -> list[_Step]:
    """Run code and return its lines in order, with the values of names before each."""
    found, last = list[_Step](), dict[FrameType, int]()

    def line(frame: FrameType, event: str, argument: Any) -> Callable[..., Any] | None:
        if len(found) >= _MOST:
            return None
        if event in ("line", "return"):
            told = {name: _told(value) for name, value in frame.f_locals.items()}
            found.append((frame.f_code.co_filename, frame.f_lineno, last.get(frame, -1), told))
            last[frame] = len(found) - 1
        return line

    def called(frame: FrameType, event: str, argument: Any) -> Callable[..., Any] | None:
        return line if is_users_file(frame.f_code.co_filename) else None

    before = sys.gettrace()
    sys.settrace(called)
    try:
        run()
    finally:
        sys.settrace(before)
    return found


def _told(value: Any) -> object:
    """Return what tells a value from others; None for what is no number, text or their like."""
    if isinstance(value, np.ndarray):
        return None if value.dtype.hasobject else (value.shape, value.tobytes())
    if isinstance(value, list | tuple):
        return tuple(_told(one) for one in value[:_ENTRIES])
    known = isinstance(value, int | float | complex | str | bytes | np.generic)
    return repr(value) if known else None
