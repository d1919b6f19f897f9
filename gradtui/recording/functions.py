"""Unwraps the user's callables: a decorated function, a method, a partial application."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any


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
    if hasattr(own, "__wrapped__"):
        return own.__wrapped__
    if inspect.isroutine(own) or inspect.isclass(own):
        return None
    call = type(own).__call__
    return call if inspect.isfunction(call) else None


def name_of(called: Callable[..., Any]) -> str:
    """Return a callable's name in messages; that of a class method begins with its own class."""
    while isinstance(called, functools.partial):
        called = called.func
    owner = getattr(called, "__self__", None)
    if isinstance(owner, type):
        return f"{owner.__qualname__}.{getattr(called, '__name__', '')}"
    return str(getattr(called, "__qualname__", type(called).__name__))
