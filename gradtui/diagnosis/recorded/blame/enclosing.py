"""What the names of an enclosing function mean to a function made inside it that runs later."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from types import CodeType, FrameType, MappingProxyType
from typing import Any

_CALLS = 300
"""Most calls of an enclosing function that are remembered: the last ones, which run first."""
_PARTS = ("<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>")
"""Codes that are parts of an expression."""
_NOTHING: Mapping[str, Any] = MappingProxyType({})


class Enclosing:
    """The names that enclosing functions had when they returned.

    Of these, Python keeps for a function made inside only what it reads: a line of it that should
    read another could not be put right.
    """

    def __init__(self) -> None:
        self._outer: dict[CodeType, CodeType] = {}
        self._returned: dict[CodeType, deque[Mapping[str, Any]]] = {}

    def called(self, code: CodeType) -> None:
        """Note that a function is called."""
        inner = [one for one in code.co_consts if isinstance(one, CodeType)]
        self._outer.update((one, code) for one in inner if one.co_name not in _PARTS)

    def returned(self, frame: FrameType) -> None:
        """Note what the names of a function mean when it returns."""
        if frame.f_code in self._outer.values():
            held = self._returned.setdefault(frame.f_code, deque(maxlen=_CALLS))
            held.append(dict(frame.f_locals))

    def names(self, frame: FrameType) -> Mapping[str, Any]:
        """Return the names that a function does not read, of the call that it was made in."""
        code = frame.f_code
        outer = self._outer.get(code)
        if outer is None:
            return _NOTHING
        own = frame.f_locals
        read = [name for name in code.co_freevars if name in own]
        for one in reversed(self._returned.get(outer, ())) if read else ():
            if all(one.get(name) is own[name] for name in read):
                return {name: value for name, value in one.items() if name not in own}
        return _NOTHING
