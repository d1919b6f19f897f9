"""Tracebacks of exceptions from the user's code, without gradtui's frames."""

from __future__ import annotations

import os
import traceback
from types import TracebackType
from typing import Self

from gradtui.base.source import InputError
from gradtui.recording.places import is_users_file

_OURS = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep


class TheirsAlone:
    """A section of gradtui whose frames are left out of exceptions from the user's code.

    Exceptions of gradtui itself keep all frames.
    """

    def __enter__(self) -> Self:
        """Begin the section."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        """Leave frames out of the exception that ends it."""
        if error is not None and (isinstance(error, InputError) or is_users(error)):
            error.__traceback__ = users_traceback(trace)


def users_traceback(trace: TracebackType | None) -> TracebackType | None:
    """Return a traceback from the first frame of the user's code on, without those of gradtui."""
    kept = list[TracebackType]()
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if not file.startswith(_OURS) and (kept or is_users_file(file)):
            kept.append(trace)
        trace = trace.tb_next
    found = None
    for one in reversed(kept):
        found = TracebackType(found, one.tb_frame, one.tb_lasti, one.tb_lineno)
    return found


def is_users(error: BaseException) -> bool:
    """Return whether an exception comes from a call in the user's code, not in gradtui's.

    A frame with `__tracebackhide__` only passes a call on.
    """
    frames = (frame.f_code.co_filename for frame, _ in traceback.walk_tb(error.__traceback__)
              if "__tracebackhide__" not in frame.f_locals)  # fmt: skip
    told = [file for file in frames if file.startswith(_OURS) or is_users_file(file)]
    return not told or not told[-1].startswith(_OURS)
