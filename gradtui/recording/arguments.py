"""The arrays and numbers among a function's arguments, by name, also those in containers.

Containers are dicts, lists, tuples, named tuples, dataclasses, and NumPy's arrays of arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from copy import copy
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
from msgspec import Struct

from gradtui.recording.array import Number, Recorded, Scalar
from gradtui.recording.matrices import as_matrix
from gradtui.recording.subclasses import in_place_of

_MOST = 1_000
"""Largest container searched for parameters: a larger one is data."""

Path = tuple[Any, ...]


class Attribute(str):
    """The name of an entry that is written with a dot."""

    __slots__ = ()


class Part(Struct, frozen=True, eq=False):
    """An array or a number among the arguments of a function."""

    path: Path
    """The argument's name, then the keys of the containers that it is in."""
    value: Any

    @property
    def name(self) -> str:
        """Its spelling in Python: w, params["W1"], layers[0].W."""
        return path_text(self.path)

    @property
    def is_array(self) -> bool:
        """Whether it is an array of floats."""
        return isinstance(self.value, np.ndarray)


def path_text(path: Path) -> str:
    """Return the spelling in Python of an argument's entry."""
    return str(path[0]) + "".join(map(_key_text, path[1:]))


def _key_text(key: Any) -> str:
    if isinstance(key, Attribute):
        return f".{key}"
    return f'["{key}"]' if isinstance(key, str) else f"[{key!r}]"


def is_numeric(value: Any) -> bool:
    """Return whether a value is an array of floats, or a float."""
    return is_float(value) or isinstance(value, float | np.floating)


def parts_of(
    arguments: Mapping[str, Any], is_part: Callable[[Any], bool] = is_numeric
) -> dict[str, Part]:
    """Return the arrays of floats and the floats, or other values of one kind, by name."""
    found = dict[str, Part]()
    for name, value in arguments.items():
        parts = _parts((name,), value, is_part)
        own = [one for _, one in zip(range(_MOST + 1), parts, strict=False)]
        if len(own) <= _MOST:
            found |= {part.name: part for part in own}
    return found


def entries(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield the keys and the values of a container; nothing for other values."""
    if type(value) is dict:
        yield from value.items()
    elif is_record(value):
        names = getattr(value, "_fields", None) or [field.name for field in fields(value)]
        yield from ((Attribute(name), getattr(value, name)) for name in names)
    elif isinstance(value, list | tuple) or is_bag(value):
        yield from enumerate(value)


def is_bag(value: Any) -> bool:
    """Return whether a value is an array of objects, some of which are arrays themselves."""
    objects = isinstance(value, np.ndarray) and value.dtype == object and value.ndim == 1
    return objects and any(isinstance(one, np.ndarray) and one.ndim for one in value)


def is_record(value: Any) -> bool:
    """Return whether a value is a dataclass object or a named tuple."""
    named = isinstance(value, tuple) and hasattr(value, "_fields")
    return named or (is_dataclass(value) and not isinstance(value, type))


def entry(held: Any, path: Path) -> Any:
    """Return a container's value at some keys; raises LookupError, TypeError, AttributeError."""
    for key in path:
        held = getattr(held, key) if isinstance(key, Attribute) else held[key]
    return held


def _parts(path: Path, value: Any, is_part: Callable[[Any], bool]) -> Iterator[Part]:
    if is_part(value):
        yield Part(path, value)
    for key, one in entries(value):
        yield from _parts((*path, key), one, is_part)


def is_float(value: Any) -> bool:
    """Return whether a value is an array of floats."""
    return isinstance(value, np.ndarray) and value.dtype.kind == "f"


def replaced(held: Any, values: Mapping[Path, Any], path: Path = ()) -> Any:
    """Return a value with what is at some paths in it replaced, in containers of its own.

    `path` is its own one.
    """
    if path in values:
        return values[path]
    before = dict(entries(held))
    inner = {key: replaced(one, values, (*path, key)) for key, one in before.items()}
    if all(inner[key] is one for key, one in before.items()):
        return held
    if type(held) is dict:
        return inner
    if isinstance(held, np.ndarray):
        bag = held.copy()
        for key, one in inner.items():
            bag[key] = one
        return bag
    if not is_record(held):
        return type(held)(inner.values())
    if isinstance(held, tuple):
        return held._replace(**inner)  # type: ignore[attr-defined]
    own = copy(held)
    for key, one in inner.items():
        object.__setattr__(own, key, one)  # it may be frozen
    return own


def with_values(
    arguments: Mapping[str, Any], parts: Mapping[str, Part], values: Mapping[str, Any]
) -> dict[str, Any]:
    """Return arguments with arrays and numbers replaced; their containers are written to."""
    found = dict(arguments)
    for name, value in values.items():
        part = parts[name]
        first, *keys = part.path
        found[first] = _placed(found[first], keys, _like(part, value))
    return found


def _placed(held: Any, keys: list[Any], value: Any) -> Any:
    """Return a container with the value at some nested keys replaced."""
    if not keys:
        return value
    key = keys[0]
    own = _placed(entry(held, (key,)), keys[1:], value)
    if isinstance(key, Attribute):
        if isinstance(held, tuple):
            return held._replace(**{key: own})  # type: ignore[attr-defined]
        object.__setattr__(held, key, own)  # a frozen one is our own copy
    elif isinstance(held, tuple):
        return (*held[:key], own, *held[key + 1 :])
    else:
        held[key] = own
    return held


def _like(part: Part, value: Any) -> Any:
    """Return a value as what the program was given: a matrix, an array, a kind of number."""
    value = laid_out(part, value)
    if type(part.value) is np.matrix:
        return as_matrix(value) if isinstance(value, Recorded) else np.asmatrix(value)
    return in_place_of(value, part.value) if part.is_array else _number(part, value)


def laid_out(part: Part, value: Any) -> Any:
    """Return an array with the layout in memory of the given one, by which code may go."""
    own = part.value
    if not part.is_array or own.ndim < 2 or own.flags.c_contiguous or type(value) is not np.ndarray:
        return value
    made = np.empty_like(own, dtype=value.dtype, subok=False)
    if made.shape != value.shape:
        return value
    made[...] = value
    return made


def _number(part: Part, value: Any) -> Any:
    """Return a value as the given kind of number."""
    kind = type(part.value)
    if type(value) is Recorded:
        return np.ndarray.view(value, Number if kind is float else Scalar)
    return kind(value)


def without_floats(arguments: Mapping[str, Any]) -> str:
    """Return the advice to end a sentence with where no argument is an array of floats."""
    for name, value in arguments.items():
        if isinstance(value, int) and not isinstance(value, bool):
            return f"; {name} is a whole number: give {float(value)!r}"
        if isinstance(value, np.ndarray) and value.dtype.kind in "iu":
            return f"; {name} holds whole numbers: give {name}.astype(float)"
        if isinstance(value, np.ndarray) and value.dtype == object:
            return f"; {name} is an array of objects: give {name}.astype(float)"
        if not isinstance(value, np.ndarray):
            return f"; {name} is a {type(value).__name__} without floats"
    return "; give it those that its gradients are taken by, as `W=W0` in its first line"
