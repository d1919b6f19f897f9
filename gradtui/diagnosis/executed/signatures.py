"""What the user's classes and functions take: the names of arguments, also those passed on."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

Parameters = Mapping[str, inspect.Parameter]


def parameters_of(given: Callable[..., Any]) -> Parameters:
    """Return the arguments of a callable, with those that a class passes on to its bases."""
    found = dict(inspect.signature(given).parameters)
    for init in _beginnings(given):
        if not _is_open(found.values()):
            break
        own = list(inspect.signature(init).parameters.values())[1:]
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
