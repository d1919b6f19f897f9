"""Replaces `float`, `type` and the like, and NumPy's scalars, in the user's modules during a run.

To them a recorded value is the one that NumPy would have returned, so that checks of types work as
without a recording; a number converted by `float` or `np.float64` stays recorded.
"""

from __future__ import annotations

import builtins
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from gradtui.recording.array import Composite, Number, Recorded, plain, recorder_of


class Kind(type):
    """The metaclass of a class that passes for one of numbers, which are recorded."""

    real: type
    """The class that it passes for."""

    def __call__(cls, value: Any = 0.0, /) -> Any:
        """Return a number made of another, which is recorded if that is."""
        made = cls.real(plain(value))
        if not isinstance(value, Recorded) or recorder_of((value,)) is None:
            return made
        return cls.of(value) if value.dtype.kind == "f" else made

    def of(cls, value: Recorded) -> Any:
        """Return a recorded value as one of this class."""
        if cls.real is not builtins.float:
            return value.astype(cls.real)[()]
        return value if isinstance(value, Number) else value.item()

    def __instancecheck__(cls, value: Any) -> bool:
        return builtins.isinstance(value, cls.real)

    def __subclasscheck__(cls, kind: type) -> bool:
        return issubclass(kind, cls.real)

    def __eq__(cls, other: object) -> bool:
        return other is cls or other is cls.real

    def __hash__(cls) -> int:
        return hash(cls.real)

    def __getattr__(cls, name: str) -> Any:
        return getattr(cls.real, name)


def _passing_for(real: type) -> Any:
    """Return the replacement of a class of numbers; `dtype` is what NumPy takes it for."""
    return Kind(real.__name__, (), {"real": real, "dtype": np.dtype(real)})


class _TypeKind(type):
    """The metaclass of a class that passes for `type`."""

    def __call__(cls, *args: Any, **options: Any) -> Any:
        if len(args) != 1:
            return builtins.type(*args, **options)
        own = builtins.isinstance(args[0], Recorded | Composite)
        kind = args[0].__class__ if own else _TYPE(args[0])
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


_FLOAT = _passing_for(builtins.float)
SCALARS: Mapping[type, Any] = MappingProxyType({
    one: _passing_for(one) for one in (np.float64, np.float32, np.float16, np.longdouble)
})  # fmt: skip
"""A class of NumPy's numbers -> its replacement."""
_INSTEAD: Mapping[type, Any] = {
    builtins.float: _FLOAT,
    **SCALARS,
    **dict.fromkeys((builtins.type, Kind, _TypeKind), _Type),
}
"""A class -> the class it passes for in the user's code."""


def _isinstance(value: Any, kinds: Any, /) -> bool:
    if builtins.isinstance(value, Recorded):
        return issubclass(value.__class__, kinds)
    return builtins.isinstance(value, kinds)


def _issubclass(kind: Any, kinds: Any, /) -> bool:
    own = kind.real if builtins.isinstance(kind, Kind) else kind
    return builtins.issubclass(own, kinds)


KINDS: Mapping[str, Any] = MappingProxyType(
    {"float": _FLOAT, "type": _Type, "isinstance": _isinstance, "issubclass": _issubclass}
)
"""A name of Python's -> its replacement."""
