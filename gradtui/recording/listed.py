"""NumPy's functions called with lists that hold recorded values, which they would read as plain.

NumPy asks arrays, but no elements of lists, whether they compute themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from types import MappingProxyType, ModuleType
from typing import Any, cast

import numpy as np

from gradtui.recording import standins
from gradtui.recording.array import recorder_of
from gradtui.recording.recorder import Recorder

_DISPATCHED = type(np.sum)
"""The class of functions that ask arrays whether they compute themselves."""
_UNPACKING = frozenset({
    "concatenate", "concat", "stack", "hstack", "vstack", "dstack", "column_stack", "block",
    "select", "choose", "lexsort", "multi_dot", "histogramdd",
})  # fmt: skip
"""Functions of a list of arrays, which ask each of them."""


class Listing:
    """A universal function that also takes lists of recorded values."""

    def __init__(self, ufunc: np.ufunc) -> None:
        self._ufunc = ufunc
        self.__name__ = self.__qualname__ = ufunc.__name__

    def __call__(self, *args: Any, **options: Any) -> Any:
        """Record a call."""
        return self._ufunc(*_arrays(args), **options)

    def __getattr__(self, name: str) -> Any:
        own = getattr(self._ufunc, name)
        return listing(own) if callable(own) and name != "at" else own

    def __repr__(self) -> str:
        return repr(self._ufunc)


class Joining:
    """NumPy's `r_` or `c_`, which also takes lists of recorded values."""

    def __init__(self, own: Any) -> None:
        self._own = own

    def __getitem__(self, key: Any) -> Any:
        return self._own[tuple(_arrays(key)) if isinstance(key, tuple) else listed(key)]

    def __len__(self) -> int:
        return 0


def listing(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that first makes arrays of lists that hold recorded values."""

    def call(*args: Any, **options: Any) -> Any:
        named = dict(zip(options, _arrays(options.values()), strict=True))
        return function(*_arrays(args), **named)

    call.__name__ = call.__qualname__ = function.__name__
    return call


@lru_cache
def functions_of(module: ModuleType) -> Mapping[str, Any]:
    """Return the functions of a module of NumPy's that compute with arrays, for lists as well."""
    found = dict[str, Any]()
    for name, own in vars(module).items():  # without what is only imported when asked for
        if isinstance(own, np.ufunc):
            found[name] = Listing(own)
        elif isinstance(own, _DISPATCHED) and name not in _UNPACKING:
            found[name] = listing(own)
    return MappingProxyType(found)


def listed(value: Any) -> Any:
    """Return an argument, as an array if it is a list of recorded numbers or of their arrays."""
    if not isinstance(value, list | tuple) or recorder_of(value) is None:
        return value
    try:
        return _array(value)
    except ValueError:  # of parts of different shapes, such as a factor and a flag
        return value


def _arrays(values: Iterable[Any]) -> list[Any]:
    return [_array(one) if isinstance(one, list | tuple) else one for one in values]


def _array(values: Any) -> Any:
    recorder = recorder_of(values)
    return values if recorder is None else standins.array(cast(Recorder, recorder), values)
