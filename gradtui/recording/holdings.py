"""Replaces the values that the user's modules, closures and objects hold, and restores them.

Knows nothing of the replacements.
"""

from __future__ import annotations

from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from types import CellType, FunctionType, MappingProxyType, MethodType, ModuleType
from typing import Any

import numpy as np

from gradtui.recording.attributes import fill_slots, slots_of
from gradtui.recording.functions import asked, bare
from gradtui.recording.modules import is_users, is_users_module, modules_of

_LONGEST = 10_000
"""Largest container searched: a larger one is data, not part of the program."""

DICTS = frozenset({dict, OrderedDict, defaultdict, Counter})
"""The kinds of dicts whose entries are searched: those of which users' code redefines nothing."""

_NOTHING: Mapping[str, Any] = MappingProxyType({})

Replace = Callable[[Any], Any]
Undo = Callable[[], None]
Exchange = Callable[[Any, Any], None]


class Holdings:
    """Everything that a function can reach through the user's names."""

    def __init__(self, replacement: Replace) -> None:
        """Take a function that returns the replacement of a value, or the value itself."""
        self._replacement = replacement
        self._known: dict[int, tuple[Any, Any]] = {}
        """id of a value -> the value, which keeps it alive, and its replacement."""
        self._seen: dict[int, Any] = {}
        self._undo: list[Undo] = []
        self._exchanges: list[tuple[Exchange, Any, Any]] = []
        """How to exchange a value for another in its place, with both."""

    def replace(self, function: Callable[..., Any], added: Mapping[str, Any] = _NOTHING) -> None:
        """Replace values in all places that `function` may read.

        Names that are `added` mean something in all modules that do not have their own.
        """
        for names in [*modules_of(function)]:
            self._entries(names)
            for name, value in added.items():
                if name not in names:
                    self._add(names, name, value)
        self._object(function)

    def _add(self, names: dict[str, Any], name: str, value: Any) -> None:
        def undo() -> None:
            if names.get(name) is value:
                del names[name]

        names[name] = value
        self._undo.append(undo)

    def put_back(self) -> None:
        """Restore the former values, except where the program itself has stored something else."""
        for exchange, held, own in reversed(self._exchanges):
            exchange(own, held)
        for undo in reversed(self._undo):
            undo()
        self._undo.clear()

    def replace_again(self) -> None:
        """Replace what was put back, except where the program has stored something else."""
        for exchange, held, own in self._exchanges:
            exchange(held, own)

    def _found(self, value: Any) -> Any:
        """Return the replacement of a value, after replacing its own holdings."""
        if id(value) not in self._known:
            own = self._replacement(value)
            if own is value and type(value) is tuple and len(value) <= _LONGEST:
                parts = tuple([self._found(one) for one in value])
                same = all(new is old for new, old in zip(parts, value, strict=True))
                own = value if same else parts
            self._known[id(value)] = (value, own)
            if own is value:
                self._object(value)
        return self._known[id(value)][1]

    def _object(self, value: Any) -> None:
        if id(value) in self._seen:
            return
        if isinstance(value, MethodType):
            self._object(value.__self__)
            value = value.__func__
        self._seen[id(value)] = value
        if type(value) in DICTS:
            self._entries(value)
        elif type(value) is list and len(value) <= _LONGEST:
            for at, held in enumerate(value):
                self._put(value, at, held)
        elif is_of_objects(value) and value.size <= _LONGEST:
            for index in np.ndindex(value.shape):
                self._put(value, index, value[index])
        elif fields := fields_of(value):
            for field in fields:
                self._object(field)
        elif isinstance(value, partial):
            self._object(value.func)
        elif isinstance(value, FunctionType):
            for cell in value.__closure__ or ():
                self._cell(cell, is_users(value))
            self._defaults(value)
        elif isinstance(value, type) and is_users_module(value.__module__):
            for name, held in list(vars(value).items()):
                self._attribute(value, name, held)
        elif _is_users(value):
            self._entries(vars(value))
        for name, held in slots_of(value).items():
            own = self._found(held)
            if own is not held:
                self._exchange(partial(_exchanged_slot, value, name), held, own)

    def _defaults(self, function: FunctionType) -> None:
        """Replace the defaults that are functions; of others, only the contents."""
        held = function.__defaults__ or ()
        own = tuple([self._callable(one) for one in held])
        if any(new is not old for new, old in zip(own, held, strict=True)):
            self._exchange(partial(_exchanged_attribute, function, "__defaults__"), held, own)
        named = function.__kwdefaults__ or {}
        for name, one in list(named.items()):
            if self._callable(one) is not one:
                self._put(named, name, one)

    def _attribute(self, kind: type, name: str, held: Any) -> None:
        """Replace an attribute of a class that is a function; of others, only the contents."""
        inner = bare(held)
        own = self._callable(inner)
        if own is not inner:
            binds = hasattr(type(held), "__get__") and not isinstance(held, staticmethod)
            own = own if binds else staticmethod(own)
            self._exchange(partial(_exchanged_attribute, kind, name), held, own)

    def _callable(self, held: Any) -> Any:
        """Return the replacement of a function; another value, whose contents are replaced."""
        own = self._found(held)
        return own if callable(held) and not isinstance(held, type) else held

    def _entries(self, names: dict[Any, Any]) -> None:
        if len(names) <= _LONGEST:
            for name, held in list(names.items()):
                self._put(names, name, held)

    def _put(self, container: Any, key: Any, held: Any) -> None:
        own = self._found(held)
        if own is held:
            return

        self._exchange(partial(_exchanged, container, key), held, own)

    def _cell(self, cell: CellType, users: bool) -> None:
        """Replace what a function closes over; of a library's function, only the contents."""
        try:
            held = cell.cell_contents
        except ValueError:  # not assigned yet
            return
        own = self._found(held)
        if users and own is not held:
            self._exchange(partial(_exchanged_in, cell), held, own)

    def _exchange(self, exchange: Exchange, held: Any, own: Any) -> None:
        exchange(held, own)
        self._exchanges.append((exchange, held, own))


def _exchanged(container: Any, key: Any, before: Any, after: Any) -> None:
    """Put a value into a container in the place of another, unless that is there no more."""
    try:
        now = container[key]
    except LookupError:
        return
    if now is before:
        container[key] = after


def _exchanged_attribute(holder: Any, name: str, before: Any, after: Any) -> None:
    if vars(holder).get(name, getattr(holder, name)) is before:
        setattr(holder, name, after)


def _exchanged_slot(holder: Any, name: str, before: Any, after: Any) -> None:
    if getattr(holder, name, None) is before:
        fill_slots(holder, {name: after})


def _exchanged_in(cell: CellType, before: Any, after: Any) -> None:
    if cell.cell_contents is before:
        cell.cell_contents = after


@contextmanager
def replaced(
    function: Callable[..., Any], replacement: Replace, added: Mapping[str, Any] = _NOTHING
) -> Iterator[None]:
    """Replace the values that `function` may read, and restore them afterwards."""
    holdings = Holdings(replacement)
    try:
        holdings.replace(function, added)
        yield
    finally:
        holdings.put_back()


def is_of_objects(value: Any) -> bool:
    """Return whether a value is an array that holds objects, as a list does."""
    return type(value) is np.ndarray and value.dtype == object


def fields_of(value: Any) -> list[Any]:
    """Return the fields of an array of records that hold objects; empty for any other value."""
    records = type(value) is np.ndarray and value.dtype.hasobject
    return [value[name] for name in value.dtype.names or ()] if records else []


def _is_users(value: Any) -> bool:
    """Return whether an object is of a class of the user's code."""
    if isinstance(value, type | ModuleType) or not isinstance(asked(value, "__dict__"), dict):
        return False
    return is_users_module(type(value).__module__)
