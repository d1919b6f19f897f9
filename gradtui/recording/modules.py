"""The user's own modules that a function can reach."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dis import opmap
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

from gradtui.recording.functions import function_of
from gradtui.recording.places import is_users_file

_LONGEST = 1000
"""Largest table of functions, classes or objects that is searched."""

_LIBRARIES = frozenset({"gradtui", "numpy", "torch"})
"""Packages that are never the user's, even where a function of theirs is checked."""

_IMPORTING = opmap["IMPORT_NAME"]
"""The instruction of a module's import, whose name attributes and variables may have, too."""

Names = dict[str, Any]


def modules_of(function: Callable[..., Any]) -> Iterator[Names]:
    """Yield the global names of each of the user's modules that `function` can reach.

    A module is reached through the names of another, and through the values of functions: itself,
    its functions, its classes and their objects.  The function's own module and its package are the
    user's wherever they are.
    """
    function = function_of(function)
    own = getattr(function, "__globals__", None)
    if own is None:
        own = _names(type(function).__module__) or {}
    package = str(own.get("__name__", "")).partition(".")[0]
    packages = {"__main__", package} - {"", *_LIBRARIES}
    seen, waiting = {id(own)}, [own]
    known = set[int]()
    values: list[Any] = [function]
    while waiting:
        names = waiting.pop()
        yield names
        for value in (*values, *names.values()):
            for other in _modules(value, known):
                if id(other) not in seen:
                    seen.add(id(other))
                    waiting += [other] if _is_users(other, packages) else []
        values = []


def is_users_module(name: str) -> bool:
    """Return whether the module of a name is the user's own, by the place of its file."""
    return _is_users(_names(name) or {}, {"__main__"})


def is_users(kind: type | FunctionType) -> bool:
    """Return whether a class or function is the user's own; an executed one may be of no module."""
    return _names(kind.__module__) is None or is_users_module(kind.__module__)


def _is_users(names: Names, packages: set[str]) -> bool:
    file = names.get("__file__")
    if str(names.get("__name__", "")).partition(".")[0] in packages:
        return True
    return isinstance(file, str) and is_users_file(file)


def _modules(value: Any, seen: set[int], inside: bool = False) -> Iterator[Names]:
    """Yield the names of the modules that a value, or the values of a table, come from.

    `seen` are the ids of functions and classes that were looked into.
    """
    if isinstance(value, ModuleType):
        yield vars(value)
    elif isinstance(value, MethodType):
        yield from _modules(value.__func__, seen)
        yield from _modules(value.__self__, seen, inside=True)
    elif isinstance(value, FunctionType):
        if id(value) not in seen:
            seen.add(id(value))
            yield value.__globals__
            yield from _imported(value.__code__)
            for held in _held_by(value):
                yield from _modules(held, seen)
    elif isinstance(value, dict | list | tuple) and not inside:
        if len(value) <= _LONGEST:
            for held in list(value.values() if isinstance(value, dict) else value):
                yield from _modules(held, seen, inside=True)
    else:
        kind = value if isinstance(value, type) else type(value)
        if id(kind) not in seen:
            seen.add(id(kind))
            yield from _of_class(kind)


def _held_by(function: FunctionType) -> Iterator[Any]:
    """Yield the values that a function holds: its closure variables, and its defaults."""
    for cell in function.__closure__ or ():
        with suppress(ValueError):  # a name that is not assigned yet
            yield cell.cell_contents
    yield from function.__defaults__ or ()
    yield from (function.__kwdefaults__ or {}).values()


def _of_class(kind: type) -> Iterator[Names]:
    for base in kind.__mro__:
        names = _names(base.__module__)
        if names is not None:
            yield names
        if names is not None and is_users_module(base.__module__):
            for method in list(vars(base).values()):
                if isinstance(method, FunctionType):
                    yield from _imported(method.__code__)


def _imported(code: CodeType) -> Iterator[Names]:
    """Yield the names of the modules that code may import while it runs."""
    imports = _IMPORTING in code.co_code[::2]
    for name in code.co_names if imports else ():
        names = _names(name)
        if names is not None:
            yield names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _imported(constant)


def _names(module: str) -> Names | None:
    found = sys.modules.get(module)
    return vars(found) if type(found) is ModuleType else None
