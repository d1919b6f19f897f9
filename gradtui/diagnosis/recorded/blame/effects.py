"""The statements that may be executed with other arguments, because they only compute."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Sequence
from functools import lru_cache
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

from gradtui.diagnosis.recorded.blame.candidates import Statement
from gradtui.diagnosis.recorded.blame.meaning import meant
from gradtui.diagnosis.recorded.blame.pure import (
    ADDRESSES,
    BUILTINS,
    FILES,
    METHODS,
    MODULES,
    UNCHECKED,
    is_native,
    reaches_native,
)
from gradtui.diagnosis.recorded.blame.trees import walked
from gradtui.diagnosis.recorded.blame.units import Edit, Unit
from gradtui.recording.functions import asked, bare
from gradtui.recording.places import is_users_file

_UNITS = 32
"""Most functions whose calls are remembered."""


def is_harmless(s: Statement, *, counting: bool = False) -> bool:
    """Return whether an edited statement can only compute.

    It touches no files, and no counters, which are single numbers, unless `counting` is part of the
    computation, or a function counts for itself in rounds that end; an unknown call may do
    anything.  If it only takes part in what is stored, nothing is edited inside it.  What native
    code is given may not be edited at all: wrong sizes or addresses crash the process.
    """
    if isinstance(s.node, ast.AugAssign) and not counting:
        held = s.stored(s.node.target)
        counts = held is not None and held.kind != "f" and not held.shape
        if counts and not _adds_floats(s) and not _counts_for_itself(s, s.node.target):
            return False
    if _precedes_native(s):
        return False
    inside = walked(s.unit.body or s.node)  # including the bodies of loops and choices
    unknown = [node for node in inside
               if isinstance(node, ast.Call) and not _only_computes(s, node.func)]  # fmt: skip
    stored = isinstance(s.node, ast.Assign | ast.AugAssign | ast.Return) and s.unit.body is None
    if unknown and stored and not any(_is_of_files(one.func) for one in unknown):
        s.seal(unknown)
        return True
    return not unknown


def _counts_for_itself(s: Statement, target: ast.expr) -> bool:
    """Return whether a function begins a counter itself, and no test of rounds waits for it."""
    if not isinstance(target, ast.Name) or s.unit.of(ast.While):
        return False
    begun = (name for one in s.unit.of(ast.Assign) for name in walked(one.targets[0]))
    return target.id in {one.id for one in begun if isinstance(one, ast.Name)}


def _precedes_native(s: Statement) -> bool:
    """Return whether a call of native code is in a statement, or runs after it in its function."""
    last = _calls_of(s.unit).last_native(s)
    loops = [one for kind in (ast.For, ast.While) for one in s.unit.of(kind)]
    ends = [one.end_lineno or 0 for one in loops if one.lineno <= last]
    return s.node.lineno <= max([last, *ends])


class _Calls:
    """The calls in a function, of which some may be of native code."""

    def __init__(self, unit: Unit) -> None:
        self._addressed = 0
        """The last line of the calls that are given the address of something."""
        self._names: dict[str, int] = {}
        """The names in calls, each with the last line of any."""
        self._parts: dict[str, tuple[ast.expr, int]] = {}
        """Attributes and entries in calls as texts, each with the last line of any."""
        for call in unit.of(ast.Call):
            self._add(call, call.end_lineno or 0)

    def _add(self, call: ast.Call, end: int) -> None:
        given = [*call.args, *(one.value for one in call.keywords)]
        addresses = (one.attr for part in given for one in walked(part)
                     if isinstance(one, ast.Attribute))  # fmt: skip
        if not ADDRESSES.isdisjoint(addresses):
            self._addressed = max(self._addressed, end)
        for one in walked(call):
            if isinstance(one, ast.Name):
                self._names[one.id] = max(self._names.get(one.id, 0), end)
            elif isinstance(one, ast.Attribute | ast.Subscript):
                _, last = self._parts.get(text := ast.dump(one), (one, 0))
                self._parts[text] = one, max(last, end)

    def last_native(self, s: Statement) -> int:
        """Return the last line of the calls of native code, as names are meant in a statement."""
        scope = {**s.unit.globals, **s.locals}
        named = [
            end for name, end in self._names.items()
            if type(own := scope.get(name)) is not np.ndarray and is_native(own)
        ]  # fmt: skip
        parts = (end for one, end in self._parts.values() if is_native(meant(s, one)))
        return max([self._addressed, *named, *parts])


@lru_cache(maxsize=_UNITS)
def _calls_of(unit: Unit) -> _Calls:
    return _Calls(unit)


def _adds_floats(s: Statement) -> bool:
    """Return whether a sum that may begin as a whole number, such as `grad = 0`, adds floats."""
    value = s.value()
    held = s.held(value) if value is not None else None
    return (
        held.kind == "f" if held is not None else value is not None and s.shape(value) is not None
    )


def is_idle(s: Statement, edits: Sequence[Edit]) -> bool:
    """Return whether a call for its effects alone would only be calculated with its value."""
    call = s.node.value if isinstance(s.node, ast.Expr) else None
    if not isinstance(call, ast.Call):
        return False
    start, end = s.unit.start(call), s.unit.end(call)
    if any(one.start < start or one.end > end for one in edits):
        return False  # it becomes another statement, or gets one beside it
    text = s.unit.source[start:end]
    for one in sorted(edits, key=lambda edit: edit.start, reverse=True):
        text = text[: one.start - start] + one.text + text[one.end - start :]
    try:
        (after,) = ast.parse(text).body
    except (SyntaxError, ValueError):
        return False
    made = after.value if isinstance(after, ast.Expr) else None
    return made is not None and not isinstance(made, ast.Call)


def _is_of_files(called: ast.expr) -> bool:
    return isinstance(called, ast.Attribute) and called.attr in FILES


def _only_computes(s: Statement, called: ast.expr) -> bool:
    """Return whether a function is known to only compute: NumPy's, the user's, a method."""
    if reaches_native(meant(s, called)):
        return False
    held = s.held(called)
    if held is not None and held.kind == ":function":
        return True
    if isinstance(called, ast.Attribute):
        if called.attr in FILES:
            return False
        root: ast.expr = called
        while isinstance(root, ast.Attribute):
            if root.attr in UNCHECKED:
                return False
            root = root.value
            value = meant(s, root)
            if isinstance(value, ModuleType):
                return value.__name__.partition(".")[0] in MODULES or _is_users(s, value)
        if _is_method(s, called.attr) or called.attr in _methods_in_file(s):
            return True
        return is_pure(meant(s, called))
    if isinstance(called, ast.Name):
        if called.id in s.unit.globals:
            value = s.unit.globals[called.id]
            whole = str(asked(value, "__module__", "")).split(".")
            module = whole[0]
            if not UNCHECKED.isdisjoint(whole) or called.id in UNCHECKED:
                return False
            return isinstance(value, FunctionType | type | np.ufunc) or module in MODULES
        return called.id in BUILTINS or not hasattr(builtins, called.id)
    return True


def is_pure(called: object) -> bool:
    """Return whether an object that is called is a library's of arrays, or the user's own."""
    function = bare(called)
    if not isinstance(function, FunctionType | type | np.ufunc) and callable(function):
        function = getattr(type(function), "__call__", None)  # noqa: B004
    if isinstance(function, FunctionType) and is_users_file(function.__code__.co_filename):
        return True
    whole = getattr(function, "__module__", None) or type(function).__module__
    return whole.partition(".")[0] in MODULES and UNCHECKED.isdisjoint(whole.split("."))


def _is_method(s: Statement, name: str) -> bool:
    """Return whether a name is that of a method that only computes."""
    return name in METHODS or name in s.dialect.methods


def _is_users(s: Statement, module: ModuleType) -> bool:
    own = str(s.unit.globals.get("__name__", "")).partition(".")[0]
    same = own not in ("", "__main__") and module.__name__.partition(".")[0] == own
    return same or is_users_file(getattr(module, "__file__", None) or "<frozen")


def _methods_in_file(s: Statement) -> set[str]:
    """Return the methods of the classes that the user's file has names for."""
    found: set[str] = set()
    for value in s.unit.globals.values():
        kind: Any = value if isinstance(value, type) else type(value)
        if kind.__module__ not in ("builtins",) and not isinstance(value, ModuleType):
            found |= set(vars(kind))
    return found
