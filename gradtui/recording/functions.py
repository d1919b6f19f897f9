"""Unwraps the user's callables: a decorated function, a method, a partial application."""

from __future__ import annotations

import functools
import inspect
import linecache
from collections.abc import Callable, Mapping
from types import CodeType, MethodType
from typing import Any

_DEFINING = ("def ", "async def ")


def function_of(called: Callable[..., Any]) -> Any:
    """Return the function that the user wrote, without its wrappers.

    A callable without one, such as an object called in C, is returned as it is.
    """
    own: Any = called
    while True:
        inner = _inner(own)
        if inner is None:
            return own
        own = inner


def _inner(own: Any) -> Any:
    if isinstance(own, functools.partial):
        return own.func
    if inspect.ismethod(own):
        return own.__func__
    held = asked(own, "__dict__")
    if isinstance(held, Mapping) and "__wrapped__" in held:
        return held["__wrapped__"]
    if inspect.isroutine(own) or inspect.isclass(own):
        return None
    call = type(own).__call__
    return call if inspect.isfunction(call) else None


def asked(value: Any, name: str, otherwise: Any = None) -> Any:
    """Return an attribute of any value of the user's, or something else if that has none.

    An object may look its attributes up by itself, and fail in its own way: a dict whose entries
    are attributes raises KeyError.
    """
    try:
        return getattr(value, name, otherwise)
    except Exception:
        return otherwise


def bare(value: Any) -> Any:
    """Return the function of a method, bound, static or of a class; any other value as it is.

    An object of the user's is not asked for it: it may answer to any name, or fail at one.
    """
    return value.__func__ if isinstance(value, MethodType | staticmethod | classmethod) else value


def name_of(called: Callable[..., Any]) -> str:
    """Return a callable's name in messages; that of a class method begins with its own class."""
    while isinstance(called, functools.partial):
        called = called.func
    owner = getattr(called, "__self__", None)
    if isinstance(owner, type):
        return f"{owner.__qualname__}.{getattr(called, '__name__', '')}"
    return str(getattr(called, "__qualname__", type(called).__name__))


def line_of_definition(code: CodeType) -> int:
    """Return the line of a function's `def`, which decorators may stand above."""
    first = code.co_firstlineno
    lines = linecache.getlines(code.co_filename)[first - 1 :]
    if not lines or not lines[0].lstrip().startswith("@"):
        return first
    block = enumerate(inspect.getblock(lines), first)
    return next((at for at, line in block if line.lstrip().startswith(_DEFINING)), first)
