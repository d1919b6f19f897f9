"""What tells whether the value of a line is right: the results need it, or it is known."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from gradtui.diagnosis.recorded.blame.candidates import Statement
from gradtui.diagnosis.recorded.blame.glances import FAILED, Rounds, is_array, stored_form
from gradtui.diagnosis.recorded.blame.needs import PLAIN, Change, Needs
from gradtui.diagnosis.recorded.blame.stored import Nodes
from gradtui.diagnosis.recorded.blame.told import Told
from gradtui.diagnosis.recorded.blame.trees import walked

Array = NDArray[Any]
_TIMES = (1.0, -1.0, 2.0, 0.5)
"""The factors with which an edit may be needed."""


class _Stored(Struct, frozen=True, eq=False):
    """The values that a statement stores, each time that it runs."""

    rounds: Sequence[int]
    values: Sequence[Sequence[Array]]
    """Those of a tuple are several."""
    nodes: Nodes


class Telling:
    """What the recording and the results tell of the values that lines compute."""

    def __init__(
        self, flow: Told, rounds: Rounds, needs: Needs | None,
        is_whole: Callable[[str, int], bool], *, exact: bool,
    ) -> None:  # fmt: skip
        """If `exact`, a value is right only as it is, not if it is so times a simple number.

        `is_whole` tells whether the values of all rounds of a line are known.
        """
        self._flow, self._rounds, self._exact = flow, rounds, exact
        self._times = (1.0,) if exact else _TIMES
        self._needs, self._is_whole = needs, is_whole
        self._known: dict[tuple[ast.stmt, str], _Stored | None] = {}

    @cached_property
    def together(self) -> Telling | None:
        """What tells of the values that all wrong results need, if only that much is known."""
        needs = None if self._needs is None else self._needs.together
        if needs is None:
            return None
        return Telling(self._flow, self._rounds, needs, self._is_whole, exact=self._exact)

    def is_of_slope(self, s: Statement) -> bool:
        """Return whether a statement computes a slope, of which no value is known."""
        return (s.unit.file, s.node.lineno) in self._flow.local

    def is_unrecorded(self, s: Statement) -> bool:
        """Return whether no value that a statement computes is recorded."""
        last = s.node.end_lineno or s.node.lineno
        lines = {(s.unit.file, line) for line in range(s.node.lineno, last + 1)}
        told = self._flow.feeds.keys(), self._flow.forward, self._flow.local
        return all(map(lines.isdisjoint, told))

    def knows(self, value: Array, *, times: bool = True) -> bool:
        """Return whether a value is known to be right, perhaps times a simple number."""
        return bool(self._flow.knows(value, self._times) if times else self._flow.knows(value))

    def is_stored(self, s: Statement, own: str) -> bool:
        """Return whether the values of an expression that a statement stores are known."""
        return self._stored(s, own) is not None

    def told(self, s: Statement, values: Iterable[tuple[Any, Any]]) -> bool | None:
        """Return whether some values may be right, each given with the unedited one."""
        told = list[bool | None]()
        for found, own in values:
            if found is FAILED and own is not FAILED:
                return False  # what works with these inputs no longer does
            told.append(self.is_better(found, own))
        unsure = None in told or self.is_of_slope(s)
        return True if True in told else None if unsure else False

    def is_exact(self, s: Statement) -> bool:
        """Return whether a glance is certain for the values that a statement stores."""
        own = s.value()
        if own is None or isinstance(own, ast.Tuple | ast.List | ast.Dict):
            return False
        stored = self._stored(s, s.text(own))
        if stored is None or self._needs is None:
            return False
        return self._needs.is_exact(stored.nodes, adding=_is_adding(s))

    def _stored(self, s: Statement, own: str) -> _Stored | None:
        """Return the values of an expression that a statement stores; None if some are unknown."""
        key = s.node, own
        if key not in self._known:
            self._known[key] = self._stored_anew(s, own)
        return self._known[key]

    def _stored_anew(self, s: Statement, own: str) -> _Stored | None:
        at_line = s.unit.file, s.node.lineno
        last = s.node.end_lineno or s.node.lineno
        if self._needs is None or not self._rounds.held(s) or not self._is_whole(*at_line):
            return None
        if not _is_named(s):
            return None
        rounds, values = list[int](), list[Sequence[Array]]()
        for at in range(len(self._rounds.held(s))):
            parts = arrays_of(self._rounds.value(s, stored_form(s).format(own), at))
            if not parts:
                return None
            # Python comes back to the first line of a longer statement.
            again = last > s.node.lineno and values and all(map(_is_equal, parts, values[-1]))
            if not again:
                rounds.append(at)
                values.append(parts)
        nodes = self._needs.nodes(s.unit.file, range(s.node.lineno, last + 1), values)
        return None if nodes is None else _Stored(rounds, values, nodes)

    def is_needed(
        self, s: Statement, own: str, made: Callable[[int], tuple[Any, Any]],
        ways: Sequence[float] = PLAIN,
    ) -> bool | None:  # fmt: skip
        """Return whether the results need other values of a statement; None if that is unknown.

        `made` gives one, and the value without the part whose multiple is open, if it is.
        """
        stored = self._stored(s, own)
        if stored is None or self._needs is None:
            return None
        changes = list[Change]()
        for at, own_parts in zip(stored.rounds, stored.values, strict=True):
            found, none = made(at)
            parts = arrays_of(found)
            rests = [None] * len(parts) if none is None else arrays_of(none)
            if not len(own_parts) == len(parts) == len(rests):
                return None
            for value, part, rest in zip(own_parts, parts, rests, strict=True):
                if part.shape != value.shape or (rest is not None and rest.shape != value.shape):
                    return None
                changes.append(Change(value, part, rest))
        if all(_is_equal(one.found, one.own) for one in changes):
            return None
        needed = self._needs.judge(stored.nodes, changes, ways)
        exact = needed or self._needs.is_exact(stored.nodes, adding=_is_adding(s))
        return needed if exact else None

    def is_better(self, found: Any, own: Any) -> bool | None:
        """Return whether a value may be right, and not as the unedited one; None if unknown."""
        if isinstance(found, tuple) and isinstance(own, tuple):
            right = self._count(found)
            more = right - self._count(own)
            # Swapped values, and all right ones, may have been in the wrong place before.
            moved = _is_exchange(found, own) or right == len(found)
            return None if not more and moved else more > 0
        if not is_array(found) or found is FAILED:
            return None
        if _is_plain(found) or (is_array(own) and _is_equal(found, own)):
            return None
        # Of a single number, only that of a vector is known: most are elements of other arrays.
        return self.is_progress(found, own) or (None if np.size(found) == 1 else False)

    def is_progress(self, found: Array, own: Any) -> bool:
        """Return whether a value is known to be right, or as a larger part of one than before."""
        told = self._flow.knows(np.asarray(found), self._times)
        if not told or told == math.inf:
            return told > 0
        return not is_array(own) or told > self._flow.knows(np.asarray(own), self._times)

    def _count(self, values: Sequence[Any]) -> int:
        """Return the number of values that may be right: known ones, and unknowable ones."""
        return sum(self._may_be_right(one) for one in values)

    def _may_be_right(self, value: Any) -> bool:
        if not is_array(value):
            return True
        array = np.asarray(value)
        return not array.any() or self._flow.knows(array, self._times) > 0


def arrays_of(value: Any) -> Sequence[Array]:
    """Return an array, or those of a tuple, in a sequence; empty if it is of something else."""
    parts = value if isinstance(value, tuple) else (value,)
    return [np.asarray(one) for one in parts] if all(map(is_array, parts)) else []


def _is_plain(value: Array) -> bool:
    """Return whether a value tells nothing, because many others are like it: all equal, or 0."""
    if value.size < 2:
        return not value.any()
    return not np.count_nonzero(value != value.item(0))


def _is_equal(one: Array, other: Array) -> bool:
    return one.shape == other.shape and not np.count_nonzero(one != other)


def _is_exchange(found: Sequence[Any], own: Sequence[Any]) -> bool:
    return len(found) == len(own) and all(
        any(np.array_equal(one, other) for other in own) for one in found if is_array(one)
    )


def _is_adding(s: Statement) -> bool:
    """Return whether a statement only adds to a name what does not depend on it."""
    node = s.node
    if not isinstance(node, ast.AugAssign) or not isinstance(node.op, ast.Add | ast.Sub):
        return False
    target = node.target.value if isinstance(node.target, ast.Subscript) else node.target
    return isinstance(target, ast.Name) and all(
        one.id != target.id for one in walked(node.value) if isinstance(one, ast.Name)
    )


def _is_named(s: Statement) -> bool:
    """Return whether a statement stores its value under a name, or writes into a named array."""
    if not isinstance(s.node, ast.Expr):
        return True
    called = s.node.value.func if isinstance(s.node.value, ast.Call) else None
    if not isinstance(called, ast.Attribute):
        return False
    written = called.value.value if isinstance(called.value, ast.Subscript) else called.value
    return isinstance(written, ast.Name)
