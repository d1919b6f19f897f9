"""Matches the gradients that the user's code returns with the names of the arguments."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import combinations
from numbers import Number
from typing import Any

import numpy as np
from msgspec import Struct

from gradtui.base.source import InputError, did_you_mean
from gradtui.recording.arguments import (
    Part,
    Path,
    entries,
    entry,
    is_bag,
    is_float,
    is_record,
    path_text,
)
from gradtui.recording.array import Composite, plain
from gradtui.recording.functions import asked

_WAYS = 10_000
_GIVE = {"f": "", "i": "whole numbers", "u": "whole numbers", "b": "truths", "c": "complex numbers"}
"""Kind of an array -> the word for its contents, which have no gradient."""


class Withheld(Struct, frozen=True, eq=False):
    """A gradient that a function within the user's code is asked for and returns None for."""

    backward: Callable[..., Any]
    forward: Sequence[Callable[..., Any]]
    """The forward half, and one that only saves."""
    parameters: Sequence[str]
    """The names of the forward half's arguments."""
    at: int
    """The place of the argument that gets no gradient."""
    needed: Sequence[bool]
    """Which arguments' gradients are wanted."""
    names: Sequence[str]
    """The arguments of the user's code that this one comes from."""


class Gradients:
    """The gradients that one run returns, by the names of the parts of the arguments."""

    def __init__(
        self, raw: Any, arguments: Mapping[str, Any], parts: Mapping[str, Part],
        wrt: Sequence[str], now: Mapping[str, Any],
    ) -> None:  # fmt: skip
        """Match the returned values with the arguments; raises InputError if that is impossible.

        `parts` are those of the arguments; `now` are this run's arguments, in the same containers
        unless the code has changed them.
        """
        self._arguments, self._parts, self._now = arguments, parts, now
        self._wrt = wrt
        self.found: dict[str, Any] = {}
        """Gradients of arrays of floats and of numbers, only of those in `wrt` if it names any."""
        self.left_out: dict[str, str] = {}
        """The name of an uncompared returned gradient -> the reason."""
        for path, value in self._paired(raw):
            self._take(path, value)

    def _paired(self, raw: Any) -> Iterator[tuple[Path, Any]]:
        """Yield the returned values with the names that they are the gradients of."""
        if is_record(raw):
            raw = dict(entries(raw))
        raw = list(raw) if is_bag(raw) else raw
        if isinstance(raw, Mapping):
            yield from self._grouped(raw, self._path)
        elif isinstance(raw, tuple | list):
            yield from self._in_order(raw)
        else:
            first = [*self._wrt, *self._arrays(floats=True), *self._parts]
            part = self._parts.get(first[0])
            yield part.path if part else (first[0],), raw

    def _take(self, path: Path, value: Any) -> None:
        """Enter the returned value for a part, or for each part of a container."""
        name = path_text(path)
        if value is None:
            return
        if name in self._parts:
            if not self._wrt or name in self._wrt or path[0] in self._wrt:
                self.found[name] = _of_numbers(name, value)
            return
        held = self._held(path)
        if isinstance(held, dict | list | tuple) or is_record(held) or is_bag(held):
            for part, one in self._within(path, held, value):
                self._take(part, one)
        elif isinstance(value, np.ndarray | float | np.floating | list | tuple):
            self.left_out[name] = f"it is {_kind(held)}"

    def _held(self, path: Path) -> Any:
        return entry(self._arguments, path)

    def _within(self, path: Path, held: Any, value: Any) -> Iterator[tuple[Path, Any]]:
        """Yield the entries of a container with their returned values."""
        name, keys = path_text(path), [key for key, _ in entries(held)]
        if is_record(value):
            value = dict(entries(value))
        if isinstance(value, Mapping):
            yield from self._grouped(value, lambda key: (*path, self._key(key, keys, name)))
        elif isinstance(value, list | tuple | np.ndarray) and len(value) == len(keys):
            yield from (((*path, key), one) for key, one in zip(keys, value, strict=True))
        else:
            told = f"a {type(value).__name__}"
            if isinstance(value, list | tuple | np.ndarray):
                told += f" of {len(value)}"
            raise InputError(f"the gradients of {name} are {told}: expected one of each of its "
                             f"{len(keys)} entries")  # fmt: skip

    def _key(self, key: Any, keys: Sequence[Any], name: str) -> Any:
        own = next((one for meant in _meant(key) for one in keys if one == meant), None)
        if own is None:
            raise InputError(f"a gradient is returned for '{key}', which {name} does not hold"
                             + did_you_mean(str(key), map(str, keys)))  # fmt: skip
        return own

    def _grouped(
        self, raw: Mapping[Any, Any], path_of: Callable[[Any], Path]
    ) -> Iterator[tuple[Path, Any]]:
        """Yield the entries of a mapping with the names that they are the gradients of.

        W and dW both mean W; a W may also be the parameter itself.
        """
        groups = dict[Path, list[Any]]()
        for key in raw:
            groups.setdefault(path_of(key), []).append(key)
        for path, keys in groups.items():
            several = len(keys) > 1
            own = [key for key in keys if several and not self._is_itself(raw[key], path)]
            if len(own) > 1:
                told = " and as ".join(f"'{key}'" for key in own)
                raise InputError(f"gradients of {path_text(path)} are returned as {told}: it is "
                                 "not clear which one is meant")  # fmt: skip
            yield path, raw[(own or keys)[-1]]

    def _is_itself(self, value: Any, path: Path) -> bool:
        """Return whether a returned value is the argument itself."""
        try:
            held = entry(self._now, path)
        except (LookupError, TypeError, AttributeError):
            return False
        value, held = plain(value), plain(held)
        arrays = isinstance(value, np.ndarray) and isinstance(held, np.ndarray)
        return value is held or (arrays and np.array_equal(value, held, equal_nan=is_float(held)))

    def _path(self, key: Any) -> Path:
        """Return the name that a key of a mapping means."""
        if key in self._parts:
            return self._parts[key].path
        paths = [*_paths(self._parts.values())]
        for own in _meant(key):
            if own in self._arguments:
                return (own,)
            found = [path for path in paths if path[-1] == own]
            if len(found) > 1:
                told = " or ".join(map(path_text, found[:2]))
                raise InputError(f"a gradient is returned for '{key}', which may be {told}")
            if found:
                return found[0]
        known = [*self._arguments, *(str(path[-1]) for path in paths)]
        raise InputError(f"a gradient is returned for '{key}', which is not an argument"
                         + (did_you_mean(str(key), known)
                            or f": expected {', '.join(self._arguments)}"))  # fmt: skip

    def _in_order(self, raw: Sequence[Any]) -> Iterator[tuple[Path, Any]]:
        if self._wrt and len(raw) == len(self._wrt):
            yield from ((self._path(one), value) for one, value in zip(self._wrt, raw, strict=True))
            return
        only = self._wrt or [*self._parts]
        own = self._arguments.get(only[0]) if len(only) == 1 else None
        if isinstance(own, np.ndarray) and _is_nested(raw, own.shape):
            yield (only[0],), raw
            return
        held = {path[0] for part in self._parts.values() if len(path := part.path) > 1}
        for name in held if len(held) == 1 else ():
            if self._is_like(self._arguments[name], raw):
                yield (name,), raw
                return
            own = [part for part in self._parts.values() if part.path[0] == name]
            if len(own) == len(raw) and _fit([part.value for part in own], raw):
                yield from ((part.path, value) for part, value in zip(own, raw, strict=True))
                return
        names = self._names(raw, held)
        yield from (((name,), value) for name, value in zip(names, raw, strict=False))

    def _is_like(self, held: Any, raw: Any) -> bool:
        """Return whether a returned value has the entries and the shapes of a container."""
        own = [one for _, one in entries(held)]
        if not own:
            return raw is None or (not isinstance(raw, list | tuple | dict)
                                   and np.shape(raw) == np.shape(held))  # fmt: skip
        theirs = [one for _, one in entries(raw)]
        return len(own) == len(theirs) and all(map(self._is_like, own, theirs))

    def _arrays(self, *, floats: bool = False) -> list[str]:
        return [
            name for name, value in self._arguments.items()
            if isinstance(value, np.ndarray) and (is_float(value) or not floats)
        ]  # fmt: skip

    def _names(self, raw: Sequence[Any], held: set[str]) -> list[str]:
        """Return the arguments of gradients given in order."""
        arrays, floats = (
            [name for name in self._arguments if name in held or name in self._arrays(floats=own)]
            for own in (False, True)
        )
        names = floats if len(raw) <= len(floats) and len(raw) != len(arrays) else arrays
        if len(raw) > len(names):
            names = [name for name in self._arguments if name in self._parts or name in floats]
        if len(raw) > len(names):
            many = "one argument" if len(names) == 1 else f"{len(names)} arguments"
            raise InputError(f"{len(raw)} gradients are returned for {many} of floats")
        if len(raw) < len(names):
            return _fitting(raw, names, self._arguments)
        return names


def _paths(parts: Iterable[Part]) -> Iterator[Path]:
    """Yield the entries of containers among the arguments that hold parts, and these."""
    seen = dict[Path, None]()
    for part in parts:
        seen |= dict.fromkeys(part.path[:end] for end in range(2, len(part.path) + 1))
    yield from seen


def _meant(key: Any) -> tuple[Any, ...]:
    """Return the names that a key of a mapping may mean: W for W, and for dW."""
    if not isinstance(key, str) or not key.startswith("d") or key == "d":
        return (key,)
    return key, key.removeprefix("d").removeprefix("_")


def _of_numbers(name: str, value: Any) -> Any:
    """Return a returned gradient, of floats if it is an array of objects; raises InputError."""
    if type(value) is np.ndarray and value.dtype.kind in _GIVE:
        return value
    kind = "array" if isinstance(value, np.ndarray) else type(value).__name__
    what = f"{'an' if kind[0].lower() in 'aeiou' else 'a'} {kind}"
    if isinstance(value, np.ndarray | list | tuple):
        what += " without numbers"
        with suppress(TypeError, ValueError):  # such as of arrays of several shapes
            made = np.asarray(plain(value))
            if made.dtype.kind in _GIVE:
                return value
            if made.dtype == object:
                return made.astype(np.float64)
    elif isinstance(value, Number | Composite) or asked(value, "__array__") is not None:
        return value
    raise InputError(f"the gradient of {name} is {what}: expected an array of floats")


def _is_plain(value: Any) -> bool:
    return isinstance(value, np.ndarray | float | np.floating)


def _is_nested(value: Any, shape: tuple[int, ...]) -> bool:
    """Return whether a value is numbers in lists of a shape, as `tolist` gives them."""
    if not shape:
        return value is not None and np.ndim(value) == 0
    lists = isinstance(value, list | tuple) and len(value) == shape[0]
    return lists and all(_is_nested(one, shape[1:]) for one in value)


def _kind(value: Any) -> str:
    if isinstance(value, np.ndarray):
        if value.dtype == object:
            return "an array of objects: give it as one of floats"
        return f"an array of {_GIVE.get(value.dtype.kind) or 'no numbers'}"
    if isinstance(value, int | np.integer):
        return f"the whole number {value}: give {float(value)} to have it compared"
    return f"a {type(value).__name__}"


def _fit(held: Sequence[Any], raw: Sequence[Any]) -> bool:
    return all(
        value is None or np.shape(own) == np.shape(value)
        for own, value in zip(held, raw, strict=True)
    )


def _fitting(raw: Sequence[Any], names: list[str], arguments: Mapping[str, Any]) -> list[str]:
    """Return the first arguments, or the only others whose shapes fit better."""

    def fit(chosen: Sequence[str]) -> bool:
        return _fit([arguments[name] for name in chosen], raw)

    first = names[: len(raw)]
    if not all(_is_plain(arguments[name]) for name in names) or fit(first):
        return first
    ways = [way for _, way in zip(range(_WAYS), combinations(names, len(raw)), strict=False)
            if fit(way)]  # fmt: skip
    return list(ways[0]) if len(ways) == 1 else first
