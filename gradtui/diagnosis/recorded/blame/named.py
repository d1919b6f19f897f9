"""The texts that name the values in scope at a line: names, attributes, entries, methods."""

from __future__ import annotations
import __future__

import ast
from collections.abc import Iterator, Mapping
from functools import lru_cache
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradtui.diagnosis.recorded.blame.pure import computes
from gradtui.diagnosis.recorded.blame.scope import Held, Shape, flags_of, held_of
from gradtui.recording.attributes import attributes
from gradtui.recording.library import Library
from gradtui.recording.places import is_users_file

NO_DATA = (
    type, ast.AST, ModuleType, FunctionType, MethodType, BuiltinFunctionType, np.ufunc, type(None),
    type(__future__.annotations),
)  # fmt: skip
"""Types without numbers of the user's."""
_LARGEST = 1 << 20
"""Larger whole numbers, such as seeds, are no sizes: an array of that many would fill memory."""
ENTRIES = 80
"""Most entries of a dict, an object or a sequence that are names of their own."""
_SHAPES = 256
"""Most shapes whose descriptions are shared."""


def named_in(
    values: Mapping[str, Any], code: CodeType, outside: Mapping[str, Any], library: Library
) -> dict[str, Held]:
    """Return the texts that name values in scope, and values of the module `outside`."""
    named = _Named(values, library, code)
    own = {name: value for name, value in outside.items() if name not in values}
    for some, depth in ((values, 2), (own, 1)):
        later = list[tuple[str, Any]]()
        for name, value in some.items():
            # A size `_`, as in `rows, _ = x.shape`, is not meant to be read.
            if not name.isidentifier() or (type(value) is int and not name.strip("_")):
                continue
            if type(value) is np.ndarray and value.size != 1:
                named.add_array(name, value)
            elif (held := held_of(library.seen(value))) is not None:
                named.add(name, value, depth, held)
            else:
                later.append((name, value))
        for name, value in later:
            named.add(name, value, depth, None)
    return named.found


@lru_cache(_SHAPES)
def _of_array(shape: Shape, kind: str) -> Held:
    return Held(shape, kind)


class _Named:
    """The texts that name the values in scope."""

    def __init__(self, values: Mapping[str, Any], library: Library, code: CodeType) -> None:
        self._library, self._written = library, {*code.co_names, *code.co_consts}
        """The attributes, among others, that the function has in its text."""
        of_class = code.co_qualname.rpartition(".")[0].rpartition(".")[2]
        self._private = f"_{of_class.lstrip('_')}__"
        """What Python puts before the private attributes of the function's class."""
        self.found: dict[str, Held] = {}
        self._seen: set[int] = set()
        self._counts = {
            value: name
            for name, value in values.items()
            if type(value) is int and name.isidentifier()
        }

    def add_array(self, name: str, value: NDArray[Any]) -> None:
        """Add the name of an array that is no single number."""
        self.found[name] = _of_array(value.shape, value.dtype.kind)
        self._seen.add(id(value))

    def add(self, name: str, value: Any, depth: int, held: Held | None) -> None:
        """Add a value's names; an entry with a name of its own uses that, unless both are read."""
        if type(value) is not np.ndarray:
            for part, one in self._library.parts(value).items():
                self._add(f"{name}.{part}", one, 0)
        if held is not None:
            if held.kind == "i" and abs(held.value or 0) > _LARGEST:
                return
            read = name.isidentifier() or name.rpartition(".")[2] in self._written
            if read or not held.shape or id(value) not in self._seen:
                self.found[name] = held
            self._seen.add(id(value))
            return
        if isinstance(value, FunctionType) and computes(value, self._library.dialect):
            count = value.__code__.co_argcount
            self.found[name] = Held((count,), ":function", flags=flags_of(value))
        if isinstance(value, NO_DATA):
            return
        if isinstance(value, dict | list | tuple):
            self.found[name] = Held((len(value),), f":{type(value).__name__}")
        elif (kept := attributes(value)) is not None:
            self.found[name] = Held((), f":{_kind(type(value))}")
        if not depth:
            return
        if isinstance(value, dict):
            entries = [
                (f"{name}[{self._key(key)}]", key, one)
                for key, one in value.items()
                if isinstance(key, str | int)
            ]
        elif isinstance(value, tuple) and (fields := getattr(value, "_fields", ())):
            entries = [(f"{name}.{key}", key, getattr(value, key)) for key in fields]
        elif isinstance(value, tuple | list):
            key = self._key if isinstance(value, list) else str
            entries = [(f"{name}[{key(at)}]", at, one) for at, one in enumerate(value)]
        elif (kept := attributes(value)) is not None:
            own = (*kept.items(), *_of_class(value, kept))
            entries = [(f"{name}.{self._spelled(key)}", key, one) for key, one in own]
            self._add_methods(name, type(value))
        else:
            return
        for text, _, one in sorted(entries, key=self._remoteness)[:ENTRIES]:
            self._add(text, one, depth - 1)

    def _add(self, name: str, value: Any, depth: int) -> None:
        self.add(name, value, depth, held_of(self._library.seen(value)))

    def _remoteness(self, entry: tuple[str, object, Any]) -> tuple[bool, ...]:
        """Return the sort key of an entry: what the function's text has is likeliest meant.

        An index by a loop's round is likelier meant than a fixed one.
        """
        text, key, value = entry
        unwritten = not isinstance(key, str) or key not in self._written
        return unwritten, held_of(value) is None, text[-2:-1].isdigit()

    def _spelled(self, attribute: str) -> str:
        """Return an attribute as the function's class writes it."""
        private = attribute.startswith(self._private)
        return f"__{attribute.removeprefix(self._private)}" if private else attribute

    def _add_methods(self, name: str, kind: type) -> None:
        """Add the methods of an object of the user's that only compute."""
        for key, one in _methods(kind):
            if computes(one, self._library.dialect):
                count = one.__code__.co_argcount - 1
                self.found[f"{name}.{self._spelled(key)}"] = Held((count,), ":function")

    def _key(self, key: str | int) -> str:
        """Return a key as code writes it: by the loop's variable, or a neighbour of it."""
        if isinstance(key, str):
            return repr(key)
        if key in self._counts:
            return self._counts[key]
        return next(
            (f"{n} {sign} 1" for at, n in self._counts.items()
             for sign, own in (("-", at - 1), ("+", at + 1)) if own == key), repr(key)
        )  # fmt: skip


def _of_class(value: Any, kept: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the numbers and arrays of an object's class that it does not hide."""
    for name, one in vars(type(value)).items() if is_users(value) else ():
        if name not in kept and isinstance(one, float | int | np.ndarray):
            yield name, one


def is_users(value: Any) -> bool:
    """Return whether a value is an object of a class of the user's with attributes of its own."""
    kind: Any = type(value)
    plain = kind.__new__ is object.__new__ and attributes(value) is not None
    return plain and any(True for _ in _methods(kind))


def _kind(kind: type) -> str:
    """Return the names of what can be called of a class of the user's, else that of the class.

    Layers of different classes are taken for each other if they have the same methods.
    """
    named = {name for one in kind.__mro__ for name, _ in _methods(one) if not name.startswith("_")}
    return ",".join(sorted(named)) or kind.__qualname__


def _methods(kind: type) -> Iterator[tuple[str, FunctionType]]:
    """Yield the methods of a class that the user's files hold, by name."""
    for name, one in vars(kind).items():
        if isinstance(one, FunctionType) and is_users_file(one.__code__.co_filename):
            yield name, one
