"""Arrays of the user's own subclasses of ndarray that record: to the code, their class stays as is.

What keeps its class is asked of NumPy, which does the same on arrays that do not record.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from gradtui.recording.array import Recorded, plain, recorder_of
from gradtui.recording.functions import asked
from gradtui.recording.modules import is_users

_CLASSES = 1 << 8
_OWN = ("_recorder", "_memory", "_read", "_at")
"""Attributes of a recording array, which are no concern of the user's class."""


class Subclassed(Recorded):
    """An array of a subclass of the user's in a recorded run."""

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        found = super().__array_ufunc__(ufunc, method, *_bare(inputs), **_bare(options))
        out = options.get("out", ())
        if out:
            return out[0] if len(out) == 1 else out
        if method == "at":
            return found
        return _dressed(found, getattr(ufunc, method), inputs, options)

    def __array_function__(self, function: Any, types: Any, args: Any, options: Any) -> Any:
        found = super().__array_function__(function, types, _bare(args), _bare(options))
        if options.get("out") is not None:
            return options["out"]
        return _dressed(found, function._implementation, args, options)

    def __getitem__(self, key: Any) -> Any:
        return self._alike(super().__getitem__(key))

    def _alike(self, found: Any) -> Any:
        """Return what was made of it alone as an array of its class."""
        return as_kind(found, type(self)._kind, self) if type(found) is Recorded else found


def recorded_class(kind: Any) -> type[Recorded] | None:
    """Return the class of recording arrays for a class of arrays; None if it is not the user's."""
    if issubclass(kind, Recorded):
        own: type[Recorded] = kind
        return own
    if kind is np.ndarray:
        return Recorded
    return _twin(kind)


@lru_cache(_CLASSES)
def _twin(kind: Any) -> type[Recorded] | None:
    own = [one for one in kind.__mro__ if issubclass(one, np.ndarray) and one is not np.ndarray]
    if not own or not all(map(is_users, own)):
        return None

    def finalize(self: Any, source: Any) -> None:
        Recorded.__array_finalize__(self, source)
        _finalized(self, source)

    try:
        names = {"_kind": kind, "__array_finalize__": finalize}
        twin: type[Recorded] = type(kind)(kind.__name__, (kind, Subclassed), names)
    except TypeError:  # it has slots of its own
        return None
    return twin


def as_kind(array: Any, kind: type, source: Any) -> Any:
    """Return a recording array as one of another class on its memory, made of a `source`."""
    own = recorded_class(kind)
    if own is None:
        return np.ndarray.view(array, kind)
    made = np.ndarray.view(array, own)
    if issubclass(own, Subclassed):
        _finalized(made, source)
    return made


def in_place_of(array: Any, value: Any) -> Any:
    """Return an array as one that stands for the user's `value`, with its class and attributes."""
    kind = type(value)
    if recorded_class(kind) in (None, Recorded):
        return array
    recorded = isinstance(array, Recorded)
    return _with_attributes(as_kind(array, kind, value) if recorded else array.view(kind), value)


def _with_attributes(array: Any, value: Any) -> Any:
    held = asked(value, "__dict__", {})
    vars(array).update({name: one for name, one in held.items() if name not in _OWN})
    return array


def _finalized(array: Any, source: Any) -> None:
    """Have the user's class give an array its attributes, as NumPy does for one made of another."""
    before = {name: getattr(array, name) for name in _OWN}
    array._kind.__array_finalize__(array, source)
    if vars(array) is getattr(source, "__dict__", None):
        array.__dict__ = dict(vars(array))
    vars(array).update(before)


def _bare(value: Any) -> Any:
    """Return nested values with arrays of the user's classes as recording arrays without one."""
    if isinstance(value, Subclassed):
        return np.ndarray.view(value, Recorded)
    if type(value) in (list, tuple):
        return type(value)([_bare(one) for one in value])
    return {name: _bare(one) for name, one in value.items()} if type(value) is dict else value


def _copied(value: Any) -> Any:
    """Return nested values with copies in place of recording arrays, in the user's classes."""
    if isinstance(value, Subclassed):
        return _with_attributes(plain(value).copy().view(type(value)._kind), value)
    if isinstance(value, Recorded):
        return plain(value).copy()
    if type(value) in (list, tuple):
        return type(value)([_copied(one) for one in value])
    return {name: _copied(one) for name, one in value.items()} if type(value) is dict else value


def _dressed(found: Any, function: Callable[..., Any], args: Any, options: Any) -> Any:
    """Return a recorded result in the classes of what a function of NumPy returns plainly."""
    if recorder_of((found,)) is None:
        return found
    with np.errstate(all="ignore"):
        return _like(found, function(*_copied(args), **_copied(options)))


def _like(found: Any, model: Any) -> Any:
    if isinstance(found, tuple | list):
        parts = [_like(*pair) for pair in zip(found, model, strict=True)]
        return type(found)(*parts) if hasattr(found, "_fields") else type(found)(parts)
    keeps = isinstance(model, np.ndarray) and type(model) is not np.ndarray
    return as_kind(found, type(model), model) if keeps and isinstance(found, Recorded) else found


def _method(name: str) -> Callable[..., Any]:
    method = getattr(Recorded, name)
    return lambda self, *args, **options: self._alike(method(self, *args, **options))


for _name in ("reshape", "ravel", "flatten", "copy", "take", "repeat", "compress", "astype"):
    setattr(Subclassed, _name, _method(_name))
