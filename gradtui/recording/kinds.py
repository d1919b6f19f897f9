"""Replaces Python's `float`, `type` and `isinstance` in the user's modules during a run.

To them a recorded value is the one that NumPy would have returned, so that checks of types work as
without a recording; a number converted by `float` stays recorded.
"""

from __future__ import annotations

import builtins
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from gradtui.recording.array import Recorded, plain, recorder_of


class _FloatKind(type):
    """The metaclass of a class that passes for `float`."""

    def __call__(cls, value: Any = 0.0, /) -> Any:
        made = builtins.float(plain(value))
        if recorder_of((value,)) is None or value.dtype.kind != "f":
            return made
        return value.item()

    def __instancecheck__(cls, value: Any) -> bool:
        return builtins.isinstance(value, builtins.float)

    def __subclasscheck__(cls, kind: type) -> bool:
        return issubclass(kind, builtins.float)

    def __eq__(cls, other: object) -> bool:
        return other is cls or other is builtins.float

    def __hash__(cls) -> int:
        return hash(builtins.float)

    def __getattr__(cls, name: str) -> Any:
        return getattr(builtins.float, name)


class _Float(metaclass=_FloatKind):
    """The replacement of `float` in the user's code."""

    dtype = np.dtype(np.float64)
    """The dtype that NumPy takes it for."""


class _TypeKind(type):
    """The metaclass of a class that passes for `type`."""

    def __call__(cls, *args: Any, **options: Any) -> Any:
        if len(args) != 1:
            return builtins.type(*args, **options)
        kind = args[0].__class__ if builtins.isinstance(args[0], Recorded) else _TYPE(args[0])
        return _INSTEAD.get(kind, kind)

    def __instancecheck__(cls, value: Any) -> bool:
        return builtins.isinstance(value, builtins.type)

    def __subclasscheck__(cls, kind: type) -> bool:
        return issubclass(kind, builtins.type)

    def __getitem__(cls, kind: Any) -> Any:
        return builtins.type[kind]


_TYPE = builtins.type


class _Type(type, metaclass=_TypeKind):
    """The replacement of `type` in the user's code."""


_INSTEAD = {builtins.float: _Float, builtins.type: _Type, _FloatKind: _Type, _TypeKind: _Type}
"""A class -> the class it passes for in the user's code."""


def _isinstance(value: Any, kinds: Any, /) -> bool:
    if builtins.isinstance(value, Recorded):
        return issubclass(value.__class__, kinds)
    return builtins.isinstance(value, kinds)


KINDS: Mapping[str, Any] = MappingProxyType(
    {"float": _Float, "type": _Type, "isinstance": _isinstance}
)
"""A name of Python's -> its replacement."""
