"""A run whose forward half is done, so that edits of the backward half are tried without it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from types import CodeType, FrameType
from typing import Any

from msgspec import Struct

from gradtui.diagnosis.recorded.target import Halved


class Begun(Struct, frozen=True, eq=False):
    """A run whose forward half is done."""

    halved: Halved
    codes: Collection[CodeType]
    """The code that the forward half runs."""
    restore: Callable[[], object]
    """Restores the state of the generators after the forward half."""

    def runs(self, code: CodeType) -> bool:
        """Return whether the forward half runs a code."""
        return any(code is one for one in self.codes)


@contextmanager
def called() -> Iterator[dict[int, CodeType]]:
    """Collect the codes of the functions that are called, by their ids."""
    found, before = dict[int, CodeType](), sys.gettrace()

    def note(frame: FrameType, event: str, _: Any) -> None:
        found[id(frame.f_code)] = frame.f_code  # of calls alone, for no lines are asked for

    sys.settrace(note)  # a profiler of Python's own can only be put back by itself
    try:
        yield found
    finally:
        sys.settrace(before)
