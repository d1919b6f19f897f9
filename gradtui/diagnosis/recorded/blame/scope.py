"""What is known of the values of names in scope."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from types import FunctionType
from typing import Any

import numpy as np
from msgspec import Struct

Shape = tuple[int, ...]


class Held(Struct, frozen=True):
    """The value of a name in scope."""

    shape: Shape
    kind: str
    """As NumPy's `dtype.kind`: f for floats, i for integers, b for booleans.

    For other values, the type after a colon, such as `:dict`, or the methods of an object; the
    shape is then the number of entries, or of arguments.
    """
    value: float | None = None
    """The value of a single number."""
    flags: tuple[tuple[str, bool], ...] = ()
    """For a function, the arguments with boolean defaults, with these."""


Scope = Mapping[str, Held]
"""Texts that name a value in scope, such as `h`, `self.h`, `cache["h"]` or `cache[0]`."""


def flags_of(function: FunctionType) -> tuple[tuple[str, bool], ...]:
    """Return the arguments of a function with boolean defaults, with these."""
    parameters = inspect.signature(function).parameters.values()
    return tuple((one.name, one.default) for one in parameters if type(one.default) is bool)


def held_of(value: Any) -> Held | None:
    """Return a description of a number or an array; None for other values."""
    if isinstance(value, np.ndarray):
        single = float(value.item()) if value.size == 1 and value.dtype.kind in "fiub" else None
        return Held(value.shape, value.dtype.kind, single)
    if isinstance(value, bool | np.bool_):
        return Held((), "b", float(value))
    if isinstance(value, int | np.integer):
        return Held((), "i", float(value))
    if isinstance(value, float | np.floating):
        return Held((), "f", float(value))
    return None
