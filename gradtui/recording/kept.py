"""Saves the present state of the user's program, and restores it."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Set
from contextlib import suppress
from operator import is_
from threading import Lock
from types import BuiltinFunctionType, CellType, FunctionType, ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradtui.recording.attributes import data_of, fill_class, fill_slots, has_slots, slots_of
from gradtui.recording.functions import asked, function_of
from gradtui.recording.hashes import Numbered
from gradtui.recording.holdings import DICTS, Holdings, fields_of, is_of_objects
from gradtui.recording.modules import is_users, modules_of
from gradtui.recording.sparse import is_sparse

_LARGEST = 1 << 24
"""From this size in bytes on, an array is taken to be data, which nothing writes."""
_LONGEST = 10_000
"""Largest container searched."""
_LOCK = type(Lock())
_EQ: Any = object.__eq__


class Kept:
    """Everything reachable through the user's names: arrays, containers, generators."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._arrays: list[tuple[NDArray[Any], NDArray[Any]]] = []
        self._dicts: list[tuple[dict[Any, Any], dict[Any, Any]]] = []
        self._libraries: list[_Library] = []
        """The names of modules of libraries."""
        self._owned: list[tuple[dict[Any, Any], dict[Any, Any]]] = []
        """The program's own dicts, from which new entries are removed."""
        self._slots: list[tuple[Any, dict[str, Any]]] = []
        """The objects with slots, and what these hold."""
        self._classes: list[tuple[type, dict[str, Any]]] = []
        """The user's classes, and the data that they hold."""
        self._cells = _cells(function)
        self._sequences: list[tuple[list[Any] | deque[Any], list[Any]]] = []
        self._bags: list[tuple[NDArray[Any], NDArray[Any]]] = []
        """The arrays of objects, and what they hold."""
        self._generators: list[tuple[Any, Any]] = []
        self._locks: list[Any] = []
        """The locks that nothing holds."""
        self._function = function
        self._numbered: Numbered | None = None
        self._beginning: Kept | None = None
        """The state in which every run begins, if not as the last one has left it."""
        for names in modules_of(function):
            self._dicts.append((names, dict(names)))
        Holdings(self._note).replace(function)

    def _note(self, value: Any) -> Any:
        if is_of_objects(value):
            self._bags.append((value, value.copy()))
        elif fields := fields_of(value):
            for field in fields:
                self._note(field)
        elif isinstance(value, np.ndarray):
            if value.flags.writeable and value.nbytes <= _LARGEST:
                self._arrays.append((value, value.copy()))
        elif isinstance(value, np.random.Generator):
            self._generators.append((value, value.bit_generator.state))
        elif isinstance(value, np.random.RandomState):
            self._generators.append((value, value.get_state()))
        elif isinstance(value, random.Random):
            self._generators.append((value, value.getstate()))
        elif type(value) is _LOCK:
            if not value.locked():
                self._locks.append(value)
        elif type(value) in DICTS and len(value) <= _LONGEST:
            self._owned.append((value, dict(value)))
        elif type(value) in (list, deque) and len(value) <= _LONGEST:
            self._sequences.append((value, list(value)))
        elif isinstance(value, type):
            if is_users(value):
                self._classes.append((value, data_of(value)))
        else:
            self._note_object(value)
        return value

    def _note_object(self, value: Any) -> None:
        if is_sparse(value) and isinstance(asked(value, "data"), np.ndarray):
            self._note(value.data)
        held, is_function = asked(value, "__dict__"), isinstance(value, FunctionType)
        if is_function:
            self._cells += _cells(value)
        if type(value) is ModuleType:
            self._libraries.append(_Library(vars(value)))
        elif type(held) is dict and is_users(value if is_function else type(value)):
            self._owned.append((held, dict(held)))
        elif type(held) is dict and held:
            self._dicts.append((held, dict(held)))
        if has_slots(value):
            self._slots.append((value, slots_of(value)))

    @property
    def arrays(self) -> list[NDArray[Any]]:
        """The writable arrays, with views after their bases."""
        found = [array for array, _ in self._arrays]
        return sorted(found, key=lambda array: array.base is not None)

    def arrays_besides(self, names: Set[str]) -> list[NDArray[Any]]:
        """Return the writable arrays but those that objects hold under some names."""
        held = (own.get(name) for own, _ in self._owned for name in names)
        besides = {id(one) for one in held if isinstance(one, np.ndarray)}
        return [one for one in self.arrays if id(one) not in besides]

    def number(self) -> None:
        """Hash new objects of the user's alike in every run: a set of them has the same order."""
        if self._numbered is None:
            self._numbered = Numbered(self._function)

    @property
    def repeats(self) -> bool:
        """Whether every run begins in the same state."""
        return self._beginning is not None

    def repeat(self) -> None:
        """Let every run begin in the present state, not as the last one has left it."""
        self._beginning = Kept(self._function)

    def rewind(self) -> None:
        """Let another run begin like the first: with the program's generators in the same state."""
        if self._beginning is not None:
            self._beginning.undo(code=False)
        if self._numbered is not None:
            self._numbered.begin()
        for generator, state in self._generators:
            if isinstance(generator, np.random.Generator):
                generator.bit_generator.state = state
            elif isinstance(generator, random.Random):
                generator.setstate(state)
            else:
                generator.set_state(state)

    def unlock(self) -> None:
        """Release the locks that edited code has left held, for which others would wait."""
        for lock in self._locks:
            with suppress(RuntimeError):  # released meanwhile
                if lock.locked():
                    lock.release()

    def put_back(self) -> bool:
        """Restore everything; return whether anything other than generators had changed."""
        self.rewind()
        if self._numbered is not None:
            self._numbered.put_back()
        return self.undo()

    def undo(self, *, code: bool = True) -> bool:
        """Restore names, containers and arrays; return whether anything had changed.

        Functions and modules stay as they are without `code`, as where they are edited.
        """
        self.unlock()
        changed = self._undo_names(code)
        for entries, own in self._sequences:
            same = len(entries) == len(own) and all(map(is_, entries, own))
            if not same and (code or not any(map(_is_code, own))):
                entries.clear()
                entries.extend(own)
                changed = True
        for bag, held in self._bags:
            if not all(map(is_, bag.flat, held.flat)):
                bag[...], changed = held, True
        for array, copy in self._arrays:
            if array.flags.writeable and not np.array_equal(
                array, copy, equal_nan=copy.dtype.kind in "fc"
            ):
                array[...], changed = copy, True
        return changed

    def _undo_names(self, code: bool) -> bool:
        changed = False
        for names, before in self._dicts:
            changed |= _fill(names, before, code)
        for library in self._libraries:
            changed |= library.undo(code)
        for names, before in self._owned:
            if not _is_same(names, before):
                changed |= _fill(names, before, code)
                for name in names.keys() - before.keys():
                    del names[name]
                    changed = True
        for owner, slots in self._slots:
            for name in slots_of(owner).keys() - slots.keys():
                object.__delattr__(owner, name)
                changed = True
            changed |= fill_slots(owner, slots)
        for kind, data in self._classes:
            changed |= fill_class(kind, data)
        for cell, value in self._cells:
            if cell.cell_contents is not value and (code or not _is_code(value)):
                cell.cell_contents, changed = value, True
        return changed


class _Library:
    """The names of a module of a library, of which there may be thousands."""

    def __init__(self, names: dict[str, Any]) -> None:
        self._names, self._before = names, dict(names)
        self._see()

    def _see(self) -> None:
        """Note the present names: what they meant before, and what was added meanwhile."""
        self._seen = dict(self._names)
        self._alike = {
            name: value for name, value in self._names.items()
            if type(value).__eq__ is not _EQ and type(value) is not BuiltinFunctionType
        }  # fmt: skip
        """The values that others may be equal to."""

    def undo(self, code: bool) -> bool:
        """Let all names mean what they did; return whether some did not."""
        if self._is_as_seen():
            return False
        changed = _fill(self._names, self._before, code)
        if not changed and all(map(is_, map(self._names.get, self._before), self._before.values())):
            self._see()
        return changed

    def _is_as_seen(self) -> bool:
        """Return whether no name means something else, by a comparison that takes little time."""
        try:
            same = self._names == self._seen
        except Exception:  # what is there now refuses to be compared
            return False
        return same and all(map(is_, map(self._names.get, self._alike), self._alike.values()))


def _is_code(value: Any) -> bool:
    return callable(value) or isinstance(value, ModuleType)


def _fill(names: dict[Any, Any], before: dict[Any, Any], code: bool) -> bool:
    """Let a dict hold what it held before; return whether it did not yet."""
    changed = False
    # What a library adds to its names stays, so that those of its module are seldom the same.
    if _is_same(names, before) or all(map(is_, map(names.get, before), before.values())):
        return False
    for name, value in before.items():
        if names.get(name) is not value and (code or not _is_code(value)):
            names[name], changed = value, True
    return changed


def _is_same(names: dict[Any, Any], before: dict[Any, Any]) -> bool:
    """Return whether a dict is as before; that of a library's module is large, and seldom not."""
    return (
        len(names) == len(before)
        and all(map(is_, names, before))
        and all(map(is_, names.values(), before.values()))
    )


def _cells(function: Callable[..., Any]) -> list[tuple[CellType, Any]]:
    """Return the assigned closure variables of the user's function."""
    found = []
    for cell in getattr(function_of(function), "__closure__", None) or ():
        with suppress(ValueError):  # not assigned yet
            found.append((cell, cell.cell_contents))
    return found
