"""The user's own modules that a function can reach."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

from gradtui.recording.functions import function_of
from gradtui.recording.places import is_users_file

_LONGEST = 1000
"""Entries of a table of functions, classes or objects that is looked into."""

Names = dict[str, Any]


def modules_of(function: Callable[..., Any]) -> Iterator[Names]:
    """Yield the global names of the user's modules that `function` can reach, of each once.

    A module is reached through the names of another: itself, its functions, its classes and their
    objects.  The function's own is the user's wherever it lies, and so is its package.
    """
    function = function_of(function)
    own = getattr(function, "__globals__", None)
    if own is None:
        own = _names(type(function).__module__) or {}
    package = str(own.get("__name__", "")).partition(".")[0]
    packages = {"__main__", package} - {"", "gradtui"}
    seen, waiting = {id(own)}, [own]
    while waiting:
        names = waiting.pop()
        yield names
        for value in list(names.values()):
            for other in _modules(value):
                if id(other) not in seen:
                    seen.add(id(other))
                    waiting += [other] if _is_users(other, packages) else []


def is_users_module(name: str) -> bool:
    """Return whether the module of a name is the user's own, by where its file lies."""
    return _is_users(_names(name) or {}, {"__main__"})


def _is_users(names: Names, packages: set[str]) -> bool:
    file = names.get("__file__")
    if str(names.get("__name__", "")).partition(".")[0] in packages:
        return True
    return isinstance(file, str) and is_users_file(file)


def _modules(value: Any, inside: bool = False) -> Iterator[Names]:
    """Yield the names of the modules that a value, or what a table of values holds, comes of."""
    if isinstance(value, ModuleType):
        yield vars(value)
    elif isinstance(value, MethodType):
        yield from _modules(value.__func__)
    elif isinstance(value, FunctionType):
        yield value.__globals__
        yield from _imported(value.__code__)
    elif isinstance(value, dict | list | tuple) and not inside:
        if len(value) <= _LONGEST:
            for held in list(value.values() if isinstance(value, dict) else value):
                yield from _modules(held, inside=True)
    else:
        yield from _of_class(value if isinstance(value, type) else type(value))


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
    """Yield the names of the modules that code may import where it runs."""
    for name in code.co_names:
        names = _names(name)
        if names is not None:
            yield names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _imported(constant)


def _names(module: str) -> Names | None:
    found = sys.modules.get(module)
    return vars(found) if type(found) is ModuleType else None
