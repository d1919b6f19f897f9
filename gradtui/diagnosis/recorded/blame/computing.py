"""The user's own functions and methods that only compute, which may stand for one another."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from functools import lru_cache
from types import FunctionType

from gradtui.diagnosis.recorded.blame.candidates import Statement
from gradtui.diagnosis.recorded.blame.pure import Owner, computes, writes_parts
from gradtui.recording.attributes import attributes
from gradtui.recording.library import Dialect
from gradtui.recording.places import is_users_file

_MOST = 16
"""Most functions that are tried."""
_CLASSES = 32
"""Most classes whose methods are remembered."""


def own_functions(s: Statement) -> list[tuple[str, int]]:
    """Return the user's functions that only compute, each with its count of needed arguments."""
    found = [
        (name, needed(one))
        for name, one in s.unit.globals.items()
        if isinstance(one, FunctionType) and is_users_file(one.__code__.co_filename)
        if computes(one, s.dialect)
    ]
    found += [
        (text, held.shape[0])
        for text, held in s.scope.items()
        if held.kind == ":function" and not text.isidentifier()
    ]
    return found[:_MOST]


def needed(function: FunctionType) -> int:
    """Return how many arguments a function needs, without those that have a default."""
    given = inspect.signature(function).parameters.values()
    return sum(one.default is one.empty for one in given)


def own_methods(s: Statement) -> list[tuple[str, FunctionType]]:
    """Return the other methods of the function's own object that only compute and keep numbers.

    Each comes as the text that calls it.
    """
    first = s.unit.given
    return [
        (first if name == "__call__" else f"{first}.{name}", one)
        for name, one in methods_of(s, s.locals.get(first))
        if one.__code__ is not s.unit.code
    ]


def methods_of(s: Statement, owner: object) -> Sequence[tuple[str, FunctionType]]:
    """Return the methods of an object that only compute and keep numbers, by name."""
    kept = attributes(owner)
    if kept is None:
        return []
    numbers = frozenset(name for name, one in kept.items() if type(one) in (int, float))
    return _methods_of(Owner(type(owner), frozenset(kept), numbers), s.dialect)


@lru_cache(_CLASSES)
def _methods_of(owner: Owner, dialect: Dialect) -> Sequence[tuple[str, FunctionType]]:
    """Return the user's methods that only compute, and keep what they do, by name."""
    known = {name: one for kind in reversed(owner.kind.__mro__) for name, one in vars(kind).items()}
    return [
        (name, one) for name, one in known.items()
        if isinstance(one, FunctionType) and is_users_file(one.__code__.co_filename)
        and (name == "__call__" or not name.startswith("__"))
        and computes(one, dialect, owner=owner) and not writes_parts(one, owner)
    ]  # fmt: skip
