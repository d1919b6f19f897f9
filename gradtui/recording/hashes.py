"""Hashes for objects of the user's classes that are the same in every run.

Python hashes an object by its address, so a set of them has another order in each run, and code
that goes through it, as some sort their graph, may compute something else.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from dis import opmap
from functools import partial
from types import CodeType, FunctionType
from typing import Any
from weakref import ref

from gradtui.recording.functions import bare
from gradtui.recording.modules import Names, is_users, modules_of

_SETS = frozenset({"set", "frozenset"})
_MAKING = frozenset({opmap["BUILD_SET"], opmap["SET_ADD"]})
"""The names and the instructions that make sets."""


class Numbered:
    """The user's classes, whose new objects are hashed by the order in which that is asked for.

    Those that exist keep their hashes, by which containers hold them.  Code that makes no sets is
    left as it is.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self._kinds = _kinds(function)
        self._numbers: dict[int, tuple[ref[Any], int]] = {}
        self._older = {id(one): one for one in _objects(self._kinds)}
        self._next = 0

        def hashed(one: Any) -> int:
            return self._number_of(one)

        for kind in self._kinds:
            kind.__hash__ = hashed  # type: ignore[assignment]

    def begin(self) -> None:
        """Let a run begin: its first object gets the same hash as that of the run before."""
        self._next = 0

    def put_back(self) -> None:
        """Let Python hash objects again."""
        for kind in self._kinds:
            del kind.__hash__
        self._kinds = []

    def _number_of(self, one: Any) -> int:
        if id(one) in self._older:
            return object.__hash__(one)
        held = self._numbers.get(id(one))
        if held is None:
            held = ref(one, partial(self._forget, id(one))), self._next
            self._numbers[id(one)] = held
            self._next += 1
        return held[1]

    def _forget(self, address: int, _: ref[Any]) -> None:
        self._numbers.pop(address, None)


def _kinds(function: Callable[..., Any]) -> list[type]:
    """Return the user's classes whose objects Python hashes by their address, if sets are made."""
    modules = [*modules_of(function)]
    found = dict.fromkeys(
        one for names in modules for one in names.values()
        if isinstance(one, type) and one.__weakrefoffset__ and is_users(one)
        and getattr(one, "__hash__", None) is object.__hash__
    )  # fmt: skip
    return [*found] if found and any(map(_makes_sets, modules)) else []


def _makes_sets(names: Names) -> bool:
    """Return whether the code of a module makes sets."""
    values = [*names.values()]
    values += [held for one in values if isinstance(one, type) for held in vars(one).values()]
    functions = map(bare, values)
    return any(_has_sets(one.__code__) for one in functions if isinstance(one, FunctionType))


def _has_sets(code: CodeType) -> bool:
    if not (_SETS.isdisjoint(code.co_names) and _MAKING.isdisjoint(code.co_code[::2])):
        return True
    return any(_has_sets(one) for one in code.co_consts if isinstance(one, CodeType))


def _objects(kinds: Sequence[type]) -> list[Any]:
    """Return all objects of some classes, those that the collector leaves alone included.

    No object is older than its class: where no class was left alone, no object was.
    """
    if not kinds:
        return []
    found = gc.get_referrers(*kinds)
    # A class is referred to by its own order of classes, which is left alone when it is.
    if not {*map(id, found)}.issuperset(id(one.__mro__) for one in kinds):
        frozen = gc.get_freeze_count()
        gc.unfreeze()
        found = gc.get_referrers(*kinds)
        if frozen:
            gc.freeze()
    return [one for one in found if type(one) in kinds]
