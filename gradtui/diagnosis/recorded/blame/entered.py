"""The calls of the user's functions in a recorded run, with the nodes that each makes."""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from types import CodeType, FrameType
from typing import Any, Generic, TypeVar

from msgspec import Struct

from gradtui.recording.places import is_users_file
from gradtui.recording.recorder import Recorder


class Entered(Struct, eq=False, kw_only=True):
    """A call of one of the user's functions."""

    code: CodeType
    frame: FrameType | None
    """Its frame until it returns."""
    first: int
    """The first of the nodes that it makes."""
    last: int = -1


Call = TypeVar("Call", bound=Entered)


class Entries(ABC, Generic[Call]):
    """Notes the calls of a run while it is recorded, in the order in which they begin."""

    def __init__(self) -> None:
        self._calls: list[Call] = []
        self._open: list[Call] = []
        self._recorder: Recorder | None = None

    @contextmanager
    def watched(self, recorder: object) -> Iterator[None]:
        """Note the calls of a recorded run."""
        before = sys.gettrace()
        if isinstance(recorder, Recorder):
            self._recorder = recorder
            sys.settrace(self._called)
        try:
            yield
        finally:
            sys.settrace(before)

    @abstractmethod
    def _entered(self, frame: FrameType, recorder: Recorder, outer: Call | None) -> Call | None:
        """Return what is noted of a call made by an outer one; None for nothing."""

    def _left(self, call: Call, recorder: Recorder, value: Any) -> None:
        """Note what a call returns; one that is ended by an exception returns None."""

    def _called(self, frame: FrameType, event: str, arg: Any) -> Any:
        if not is_users_file(frame.f_code.co_filename):
            return None
        assert self._recorder is not None
        frame.f_trace_lines = False
        outer = self._open[-1] if self._open else None
        call = self._entered(frame, self._recorder, outer)
        if call is None:
            return None
        self._calls.append(call)
        self._open.append(call)
        return self._returned

    def _returned(self, frame: FrameType, event: str, arg: Any) -> Any:
        if event == "return":
            assert self._recorder is not None
            ended = False
            while self._open and not ended:
                call = self._open.pop()
                ended, call.frame = call.frame is frame, None
                call.last = len(self._recorder.tape)
                if ended:
                    self._left(call, self._recorder, arg)
        return self._returned
