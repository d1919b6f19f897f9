"""Saves the present state of the user's program, and restores it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from operator import is_
from threading import Lock
from types import CellType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradtui.recording.attributes import fill_slots, slots_of
from gradtui.recording.functions import function_of
from gradtui.recording.hashes import Numbered
from gradtui.recording.holdings import Holdings
from gradtui.recording.modules import modules_of

_LARGEST = 1 << 24
"""From this size in bytes on, an array is taken to be data, which nothing writes."""
_LONGEST = 10_000
"""Largest container searched."""
_LOCK = type(Lock())


class Kept:
    """Everything reachable through the user's names: arrays, containers, generators."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._arrays: list[tuple[NDArray[Any], NDArray[Any]]] = []
        self._dicts: list[tuple[dict[Any, Any], dict[Any, Any]]] = []
        self._owned: list[tuple[dict[Any, Any], dict[Any, Any]]] = []
        """The program's own dicts, from which new entries are removed."""
        self._slots: list[tuple[Any, dict[str, Any]]] = []
        """The objects with slots, and what these hold."""
        self._cells = _cells(function)
        self._lists: list[tuple[list[Any], list[Any]]] = []
        self._generators: list[tuple[Any, Any]] = []
        self._locks: list[Any] = []
        """The locks that nothing holds."""
        self._function = function
        self._numbered: Numbered | None = None
        for names in modules_of(function):
            self._dicts.append((names, dict(names)))
        Holdings(self._note).replace(function)

    def _note(self, value: Any) -> Any:
        if isinstance(value, np.ndarray):
            if value.flags.writeable and value.nbytes <= _LARGEST and value.dtype.kind != "O":
                self._arrays.append((value, value.copy()))
        elif isinstance(value, np.random.Generator):
            self._generators.append((value, value.bit_generator.state))
        elif isinstance(value, np.random.RandomState):
            self._generators.append((value, value.get_state()))
        elif type(value) is _LOCK:
            if not value.locked():
                self._locks.append(value)
        elif type(value) is dict and len(value) <= _LONGEST:
            self._owned.append((value, dict(value)))
        elif type(value) is list and len(value) <= _LONGEST:
            self._lists.append((value, list(value)))
        elif not isinstance(value, type):
            held = getattr(value, "__dict__", None)
            if type(held) is dict and held:  # unlike those of most functions
                self._dicts.append((held, dict(held)))
            if slots := slots_of(value):
                self._slots.append((value, slots))
        return value

    @property
    def arrays(self) -> list[NDArray[Any]]:
        """The writable arrays, with views after their bases."""
        found = [array for array, _ in self._arrays]
        return sorted(found, key=lambda array: array.base is not None)

    def number(self) -> None:
        """Hash new objects of the user's alike in every run: a set of them has the same order."""
        if self._numbered is None:
            self._numbered = Numbered(self._function)

    def rewind(self) -> None:
        """Let another run begin like the first: with the program's generators in the same state."""
        if self._numbered is not None:
            self._numbered.begin()
        for generator, state in self._generators:
            if isinstance(generator, np.random.Generator):
                generator.bit_generator.state = state
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

    def undo(self) -> bool:
        """Restore names, containers and arrays; return whether anything had changed."""
        changed = False
        self.unlock()
        for names, before in (*self._dicts, *self._owned):
            if _is_same(names, before):
                continue
            for name, value in before.items():
                if names.get(name) is not value:
                    names[name], changed = value, True
        for names, before in self._owned:
            for name in names.keys() - before.keys():
                del names[name]
                changed = True
        for owner, slots in self._slots:
            changed |= fill_slots(owner, slots)
        for cell, value in self._cells:
            if cell.cell_contents is not value:
                cell.cell_contents, changed = value, True
        for entries, own in self._lists:
            if len(entries) != len(own) or any(
                a is not b for a, b in zip(entries, own, strict=True)
            ):
                entries[:], changed = own, True
        for array, copy in self._arrays:
            if array.flags.writeable and not np.array_equal(
                array, copy, equal_nan=copy.dtype.kind in "fc"
            ):
                array[...], changed = copy, True
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
