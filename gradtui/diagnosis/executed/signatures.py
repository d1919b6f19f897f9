"""What the user's classes and functions take: the names of arguments, also those passed on."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from types import FunctionType, MethodType
from typing import Any

Parameters = Mapping[str, inspect.Parameter]
_READ = 8
"""Most signatures that are kept."""


def arguments_of(given: Callable[..., Any]) -> Parameters:
    """Return the arguments of a callable; raises TypeError and ValueError where none are known.

    They are read once for each function: a search runs thousands of edits of it, which take the
    same.
    """
    if isinstance(given, MethodType) and isinstance(given.__func__, FunctionType):
        return _read(given.__func__, True)
    made = given.__init__ if inspect.isclass(given) else given
    if isinstance(made, FunctionType):
        return _read(given, False)
    return inspect.signature(given).parameters


@lru_cache(_READ)
def _read(given: Callable[..., Any], bound: bool) -> Parameters:
    return inspect.signature(MethodType(given, object()) if bound else given).parameters


def parameters_of(given: Callable[..., Any]) -> Parameters:
    """Return the arguments of a callable, with those that a class passes on to its bases."""
    found = dict(arguments_of(given))
    for init in _beginnings(given):
        if not _is_open(found.values()):
            break
        own = list(arguments_of(init).values())[1:]
        read = [one for one in init.__code__.co_consts if isinstance(one, str)]
        found = {name: one for name, one in found.items() if one.kind is not one.VAR_KEYWORD}
        found |= {one.name: one for one in own if one.name not in found}
        # Of `**options` it may read `options["lr"]`.
        known = {name: _optional(name) for name in read if name.isidentifier()}
        found = {**known, **found} if _is_open(own) else found
    return found


def _is_open(parameters: Iterable[inspect.Parameter]) -> bool:
    return any(one.kind is one.VAR_KEYWORD for one in parameters)


def _beginnings(given: Callable[..., Any]) -> Iterator[Any]:
    """Yield the methods that make an object of a class, its own and those of its bases."""
    for one in given.__mro__ if inspect.isclass(given) else ():
        init = vars(one).get("__init__")
        if inspect.isfunction(init):
            yield init


def _optional(name: str) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None)
