"""Watches the user's code run: the functions, the order of lines, and the names in scope."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Container, Mapping
from contextlib import suppress
from types import CodeType, FrameType
from typing import Any

import numpy as np

from gradtui.diagnosis.recorded.blame.enclosing import Enclosing
from gradtui.diagnosis.recorded.blame.named import ENTRIES, NO_DATA, is_users, named_in
from gradtui.diagnosis.recorded.blame.scope import Held, Scope, Shape, held_of
from gradtui.diagnosis.recorded.blame.trees import walked
from gradtui.diagnosis.recorded.blame.units import Unit, codes_within, units_of
from gradtui.recording.attributes import fill_slots, slots_of
from gradtui.recording.functions import asked
from gradtui.recording.library import NUMPY, Library
from gradtui.recording.places import is_users_file

_PLAIN = frozenset({int, float, bool, str, type(None)})
"""Types whose values nothing can write."""
_KEPT, _FEW = 200, 6
"""Most rounds of a line whose values are kept, and those of large values and of more rounds."""
_BYTES = 100_000_000
"""Memory of all kept values before they are large."""
_LOOKED = 3
"""Most times that the names in scope are noted; more tell nothing new."""
_BETWEEN = 3
"""Most frames of a library between a function and the code that calls it, as for `apply`."""
_DEPTH = 3
"""The depth to which objects and containers are copied."""
VIEWS = frozenset({
    "view", "reshape", "transpose", "permute", "swapaxes", "unsqueeze", "squeeze", "expand",
    "expand_as", "view_as", "t", "narrow", "select", "flip", "ravel", "flatten", "contiguous",
})  # fmt: skip
"""Methods that only rearrange the elements of an array."""
_CUSTOM = ("forward", "setup_context", "backward", "vjp")
"""Methods of a custom function."""


class Watched:
    """The functions that ran, and the scope at each line."""

    def __init__(self, files: Container[str], library: Library = NUMPY) -> None:
        self._files, self.library = files, library
        self.held: dict[tuple[str, int], list[dict[str, Any]]] = {}
        """File and line -> the values of all names at its first executions."""
        self._codes: dict[tuple[str, CodeType], None] = {}
        """File and code of each function, for codes of the same function in two files are equal."""
        self.order: dict[tuple[str, int], int] = {}
        """File and line -> the number of lines run before its first execution."""
        self.calls: dict[tuple[str, int], set[tuple[str, int]]] = {}
        """File and line -> the lines of the functions that it calls."""
        self.locals: dict[tuple[str, int], Mapping[str, Any]] = {}
        """File and line -> the objects that names meant at its first execution, not copied."""
        self.custom: set[tuple[str, int]] = set()
        """File and line of those that run inside a custom function of the library."""
        self._scopes: dict[tuple[str, int], dict[str, Held]] = {}
        self._visits: dict[tuple[str, int], int] = {}
        self._globals: dict[CodeType, dict[str, Any]] = {}
        self._enclosing = Enclosing()
        self._bytes = 0
        """The memory of the values that are kept."""

    def scope(self, file: str, line: int) -> Scope:
        """Return the names in scope at a line."""
        return self._scopes.get((file, line), {})

    def ever(self, file: str, first: int, last: int) -> Scope:
        """Return the values of names at any of some lines."""
        found: dict[str, Held] = {}
        for (own, line), scope in self._scopes.items():
            if own == file and first <= line <= last:
                found |= scope
        return found

    def is_whole(self, file: str, line: int) -> bool:
        """Return whether the values of all rounds of a line are kept."""
        return len(self.held.get((file, line), ())) == self._visits.get((file, line), 0)

    def times(self, line: tuple[str, int]) -> int:
        """Return how often a line ran, if not very often."""
        return self._visits.get(line, 0)

    @property
    def shares(self) -> bool:
        """Whether several lines call the same function."""
        called = [line for lines in self.calls.values() for line in lines]
        return len(set(called)) < len(called)

    def part(self, unit: Unit, node: ast.expr) -> Shape | None:
        """Return the shape of a view of an array at its line's first execution."""
        held = self.held.get((unit.file, node.lineno))
        if not held or not _is_view(node):
            return None
        try:
            value = eval(unit.outside(unit.text(node)), unit.globals, dict(held[0]))
        except Exception:  # a name of a comprehension, or one not assigned yet
            return None
        found = held_of(self.library.seen(value))
        return found.shape if found is not None and found.kind in "fc" else None

    def units(self) -> list[Unit]:
        """Return the functions that ran and whose text is known, in the order of their calls.

        One made inside another that ran is part of that.
        """
        inner = {(file, one) for file, code in self._codes for one in codes_within(code)}
        outer = [code for file, code in self._codes if (file, code) not in inner]
        return units_of(outer, [code for file, code in self._codes if (file, code) in inner])

    def run(self, function: Callable[[], Any]) -> Any:
        """Call a function and watch what it runs."""
        before = sys.gettrace()
        sys.settrace(self._called)
        try:
            return function()
        finally:
            sys.settrace(before)

    def _called(self, frame: FrameType, event: str, arg: Any) -> Any:
        code = frame.f_code
        if not is_users_file(code.co_filename):
            return None
        if (code.co_filename, code) not in self._codes:
            self._codes[code.co_filename, code] = None
            self._enclosing.called(code)
        return self._line_of_custom if _is_custom(frame) else self._line

    def _line_of_custom(self, frame: FrameType, event: str, arg: Any) -> Any:
        if event == "line":
            self.custom.add((frame.f_code.co_filename, frame.f_lineno))
        self._line(frame, event, arg)
        return self._line_of_custom

    def _line(self, frame: FrameType, event: str, arg: Any) -> Any:
        if event == "line":
            key = frame.f_code.co_filename, frame.f_lineno
            self.order.setdefault(key, len(self.order))
            if (caller := _caller(frame)) is not None:
                called = self.calls.setdefault((caller.f_code.co_filename, caller.f_lineno), set())
                called.add(key)
            seen = self._visits.get(key, 0)
            own = {**self._enclosing.names(frame), **frame.f_locals} if seen < _KEPT else {}
            if not seen:
                self.locals[key] = own
            most = _KEPT if self._bytes < _BYTES else _FEW
            if seen == _KEPT:
                del self.held.get(key, [])[_FEW:]  # some of the rounds tell no more than a few
            if seen < most and key[0] in self._files:
                values = {
                    name: one if type(one) in _PLAIN else self._copied(one)
                    for name, one in own.items()
                }  # fmt: skip
                self.held.setdefault(key, []).append(values)
            if seen <= _KEPT:
                self._visits[key] = seen + 1
            if seen < _LOOKED:
                self._note(key, named_in(own, frame.f_code, self._of_module(frame), self.library))
        elif event == "return":
            self._enclosing.returned(frame)
        return self._line

    def _note(self, key: tuple[str, int], named: dict[str, Held]) -> None:
        """Note the names in scope at a line.

        A layer's method runs for several layers: the shapes are all those of the first.
        """
        found = self._scopes.setdefault(key, named)
        for name, held in named.items() if found is not named else ():
            if name not in found or found[name].shape == held.shape:
                found[name] = held

    def _of_module(self, frame: FrameType) -> Mapping[str, Any]:
        """Return the names of a function's module that can be used in computations."""
        code = frame.f_code
        if code not in self._globals:
            self._globals[code] = {
                name: value for name, value in frame.f_globals.items()
                if not name.startswith("_") and not isinstance(value, NO_DATA)
            }  # fmt: skip
        return self._globals[code]

    def _copied(self, value: Any, depth: int = _DEPTH) -> Any:
        """Return a copy of values that a run may write, including arrays in objects and lists."""
        kind = type(value)
        if kind is np.ndarray and value.dtype.kind != "O":
            self._bytes += value.nbytes
            return self.library.copied(value)
        if not depth or (isinstance(value, dict | list | tuple) and len(value) > ENTRIES):
            return self._copy(value)
        if kind is dict:
            return {name: self._copied(one, depth - 1) for name, one in value.items()}
        if kind is list or kind is tuple:
            return kind([self._copied(one, depth - 1) for one in value])
        if kind is np.ndarray and value.size <= ENTRIES:
            made = np.empty_like(value)
            for at in np.ndindex(made.shape):
                made[at] = self._copied(value[at], depth - 1)
            return made
        if is_users(value):
            made = object.__new__(kind)
            if hasattr(made, "__dict__"):
                vars(made).update(self._copied(vars(value), depth))
            fill_slots(made, self._copied(slots_of(value), depth))
            return made
        return self._copy(value)

    def _copy(self, value: Any) -> Any:
        with suppress(RuntimeError):  # a sparse tensor has no size in bytes
            # The class of a number, such as np.float32, has one of its numbers' alone.
            self._bytes += 0 if isinstance(value, type) else asked(value, "nbytes", 0)
        return self.library.copied(value)


def _caller(frame: FrameType) -> FrameType | None:
    """Return the frame of the user's code that calls another, perhaps by way of a library."""
    found = frame.f_back
    for _ in range(_BETWEEN):
        if found is None or is_users_file(found.f_code.co_filename):
            break
        found = found.f_back
    return found


def _is_custom(frame: FrameType | None) -> bool:
    """Return whether code runs inside a custom function, of whose context it or a caller knows."""
    while frame is not None:
        code = frame.f_code
        if code.co_argcount and code.co_name in _CUSTOM:
            first = frame.f_locals.get(code.co_varnames[0])
            if hasattr(first, "needs_input_grad"):
                return True
        frame = frame.f_back
    return False


def _is_view(node: ast.expr) -> bool:
    """Return whether an expression only picks or rearranges elements of an array."""
    if isinstance(node, ast.Subscript):
        picked = isinstance(node.ctx, ast.Load)
    else:
        called = node.func if isinstance(node, ast.Call) else None
        picked = isinstance(called, ast.Attribute) and called.attr in VIEWS
    inner = (one for one in walked(node) if isinstance(one, ast.Call) and one is not node)
    return picked and all(map(_is_view, inner))
