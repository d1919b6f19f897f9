"""Previews edited lines: whether a line's new value, from its recorded inputs, is known right.

A glance at one line costs far less than a run; it tells which edits are worth one.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Iterable, Sequence
from itertools import product
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from gradtui.diagnosis.recorded.blame.candidates import Statement
from gradtui.diagnosis.recorded.blame.flow import Told
from gradtui.diagnosis.recorded.blame.glances import (
    FAILED,
    HOLE,
    Held,
    Rounds,
    edited,
    is_array,
    stored_form,
    sums,
)
from gradtui.diagnosis.recorded.blame.needs import PLAIN, Change, Needs
from gradtui.diagnosis.recorded.blame.stored import Nodes
from gradtui.diagnosis.recorded.blame.units import Edit
from gradtui.diagnosis.recorded.blame.watchdog import Watchdog
from gradtui.engine.shapes import stretches
from gradtui.recording.library import NUMPY, Library

Array = NDArray[Any]
_TIMES = (1.0, -1.0, 2.0, 0.5)
"""The factors with which an edit may be needed."""


class _Stored(Struct, frozen=True, eq=False):
    """The values that a statement stores, each time that it runs."""

    rounds: Sequence[int]
    values: Sequence[Array]
    nodes: Nodes


class Preview:
    """Examines the values of edited lines at their first executions."""

    def __init__(
        self,
        flow: Told,
        held: Held,
        watchdog: Watchdog,
        library: Library = NUMPY,
        *,
        exact: bool = False,
        needs: Needs | None = None,
        is_whole: Callable[[str, int], bool] = lambda file, line: False,
    ) -> None:
        """If `exact`, a value is right only as it is, not if it is so times a simple number.

        `is_whole` tells whether the values of all rounds of a line are known.
        """
        self._flow, self._rounds = flow, Rounds(held, watchdog, library)
        self._times = (1.0,) if exact else _TIMES
        self._needs, self._is_whole = needs, is_whole
        self._after: dict[tuple[ast.stmt, int], dict[str, Any]] = {}
        """Statement and round -> the values of all names once it has run."""
        self._known: dict[tuple[ast.stmt, str], _Stored | None] = {}

    def is_blind_to(self, s: Statement) -> bool:
        """Return whether no glance can tell: a slope, or numbers that are stored one by one."""
        local = (s.unit.file, s.node.lineno) in self._flow.local
        return local or any(s.shape(one) == () for one in s.values)

    def is_hopeful(self, s: Statement, edits: Sequence[Edit]) -> bool | None:
        """Return whether a statement may be right with an edit; None if a glance cannot tell."""
        if _unpacks(s) and isinstance(s.value(), ast.Subscript | ast.IfExp):
            return None  # such as what the forward pass keeps: it is right in other rounds
        rounds = self._rounds.glanced(s)
        text, own = edited(s, edits), edited(s, edits, applied=False)
        if rounds and text is None and _is_in_target(s, edits):
            return self._may_be_stored(s)
        if not rounds or text is None or own is None:
            return None
        needed = self._is_needed(
            s, own, lambda at: (self._rounds.value(s, stored_form(s).format(text), at), None)
        )
        if needed is not None:
            return needed
        told = self._told(
            s,
            (
                (
                    self._rounds.value(s, form.format(text), at),
                    self._rounds.value(s, form.format(own), at),
                )
                for at, form in product(rounds, ("{}", *sums(s)))
                if form == "{}" or not _is_nothing(self._rounds.value(s, text, at))
            ),
        )
        unsure = _unpacks(s) or _keeps_a_name(s) or self._is_of_other_shape(s, own, text)
        return None if told is False and unsure else told

    def _told(self, s: Statement, values: Iterable[tuple[Any, Any]]) -> bool | None:
        """Return whether some values may be right, each given with the unedited one."""
        told = list[bool | None]()
        for found, own in values:
            if found is FAILED and own is not FAILED:
                return False  # what works with these inputs no longer does
            told.append(self._is_better(found, own))
        unsure = None in told or (s.unit.file, s.node.lineno) in self._flow.local
        return True if True in told else None if unsure else False

    def _is_of_other_shape(self, s: Statement, own: str, text: str) -> bool:
        """Return whether an edit gives what a statement stores another shape.

        A glance cannot tell what becomes of that.
        """
        if self._stored(s, own) is None:
            return False
        before, after = (
            self._rounds.value(s, stored_form(s).format(one), 0) for one in (own, text)
        )
        return is_array(after) and np.shape(before) != np.shape(after) and after is not FAILED

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
        rounds, values = list[int](), list[Array]()
        for at in range(len(self._rounds.held(s))):
            value = self._rounds.value(s, stored_form(s).format(own), at)
            if not is_array(value):
                return None
            # Python comes back to the first line of a longer statement.
            again = last > s.node.lineno and values and _is_equal(np.asarray(value), values[-1])
            if not again:
                rounds.append(at)
                values.append(np.asarray(value))
        nodes = self._needs.nodes(s.unit.file, range(s.node.lineno, last + 1), values)
        return None if nodes is None else _Stored(rounds, values, nodes)

    def _is_needed(
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
        for at, value in zip(stored.rounds, stored.values, strict=True):
            found, none = made(at)
            fits = is_array(found) and np.shape(found) == value.shape
            if not fits or not (none is None or np.shape(none) == value.shape):
                return None
            changes.append(Change(value, np.asarray(found), none))
        if all(_is_equal(one.found, one.own) for one in changes):
            return None
        needed = self._needs.judge(stored.nodes, changes, ways)
        exact = needed or self._needs.is_exact(stored.nodes, adding=_is_adding(s))
        return needed if exact else None

    def _may_be_stored(self, s: Statement) -> bool | None:
        """Return whether a value is right, though perhaps elsewhere; None if it is unknown."""
        text = s.text(value) if (value := s.value()) is not None else ""
        found = [
            own for at in self._rounds.glanced(s)
            if is_array(own := self._rounds.value(s, text, at)) and own.any()
        ]  # fmt: skip
        known = any(self._flow.knows(np.asarray(one), self._times) for one in found)
        return True if known else None

    def is_hopeful_kept(self, s: Statement, text: str) -> bool:
        """Return whether another value may be right once the stored one is added to it."""
        own = s.text(value) if (value := s.value()) is not None else ""
        for at in self._rounds.glanced(s):
            more, before = self._rounds.value(s, own, at), self._rounds.value(s, text, at)
            if is_array(more) and is_array(before) and np.shape(more) == np.shape(before):
                with np.errstate(all="ignore"):
                    if more.any() and self._flow.knows(np.asarray(before + more)):
                        return True
        return False

    def is_hopeful_times(self, s: Statement, node: ast.expr, factor: str) -> bool | None:
        """Return whether a statement may be right with an expression in it times a factor."""
        return self._is_hopeful_with(s, node, (s.text(node), factor))

    def is_hopeful_with(self, s: Statement, node: ast.expr, text: str) -> bool | None:
        """Return whether a statement may be right with an expression replaced."""
        return self._is_hopeful_with(s, node, (text,))

    def _is_hopeful_with(self, s: Statement, node: ast.expr, factors: Sequence[str]) -> bool | None:
        rounds = self._rounds.glanced(s)
        hole = [s.replaced(node, HOLE)]
        text, own = edited(s, hole), edited(s, hole, applied=False)
        if not rounds or text is None or own is None:
            return None
        form = stored_form(s).format(text)

        def made(at: int) -> tuple[Any, Any]:
            found = self._rounds.filled(s, form, factors, at)
            none = self._rounds.filled(s, form, [*factors, "0.0"], at) if len(factors) > 1 else None
            return found, none

        needed = self._is_needed(s, own, made)
        if needed is not None:
            return needed
        return self._told(
            s,
            (
                (
                    self._rounds.filled(s, kind.format(text), factors, at),
                    self._rounds.value(s, kind.format(own), at),
                )
                for at, kind in product(rounds, ("{}", *sums(s)))
                if kind == "{}" or not _is_nothing(self._rounds.filled(s, text, factors, at))
            ),
        )

    def is_hopeful_after(self, s: Statement, name: str, line: str) -> bool | None:
        """Return whether the value that a statement stores may be right after an added line."""
        rounds = self._rounds.glanced(s)
        if not rounds or not name.isidentifier() or not isinstance(s.node, ast.Assign):
            return None
        return any(self._is_right_after(s, name, line, at) for at in rounds)

    def _is_right_after(self, s: Statement, name: str, line: str, at: int) -> bool:
        key = s.node, at
        if key not in self._after:
            own = dict(self._rounds.held(s)[at])
            self._after[key] = own if self._rounds.runs(s.text(s.node), s, own) else {}
        held = dict(self._after[key])
        before: Any = held.get(name)
        if not is_array(before):
            return False
        held[name] = np.array(before)
        return self._rounds.runs(line, s, held) and self._is_better(held[name], before) is True

    def is_hopeful_sum(
        self, s: Statement, value: ast.expr, factors: Sequence[str], times: Sequence[float]
    ) -> bool:
        """Return whether a stored value may be right with a multiple of a product added."""
        text = s.text(value)
        needed = self._is_needed(s, text, lambda at: self._with_term(s, text, factors, at), times)
        if needed:
            return True
        for at, form in product(self._rounds.glanced(s), ("{}", *sums(s))):
            own, *more = (self._rounds.value(s, one, at) for one in (form.format(text), *factors))
            with np.errstate(all="ignore"):
                term = _product(more) if is_array(own) else None
                fits = term is not None and stretches(np.shape(term), np.shape(own))
                several = (own + one * np.asarray(term) for one in times) if fits else ()
                if any(self._is_progress(one, own) for one in several):
                    return True
        return False

    def _with_term(
        self, s: Statement, text: str, factors: Sequence[str], at: int
    ) -> tuple[Any, Any]:
        own = self._rounds.value(s, stored_form(s).format(text), at)
        values = [self._rounds.value(s, one, at) for one in factors]
        with np.errstate(all="ignore"):
            term = _product(values) if is_array(own) else None
            fits = term is not None and stretches(np.shape(term), np.shape(own))
            return (own + np.asarray(term) if fits else FAILED), own

    def _is_better(self, found: Any, own: Any) -> bool | None:
        if isinstance(found, tuple) and isinstance(own, tuple):
            more = self._count(found) - self._count(own)
            # Swapped values are each as right as before, but perhaps in the wrong place.
            return None if not more and _is_exchange(found, own) else more > 0
        if not is_array(found) or found is FAILED:
            return None
        if _is_plain(found) or (is_array(own) and _is_equal(found, own)):
            return None
        # Of a single number, only that of a vector is known: most are elements of other arrays.
        return self._is_progress(found, own) or (None if np.size(found) == 1 else False)

    def _is_progress(self, found: Array, own: Any) -> bool:
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


def _is_nothing(value: Any) -> bool:
    """Return whether a term is all zeros, so that a sum is as right as without it."""
    return is_array(value) and not value.any()


def _is_plain(value: Array) -> bool:
    """Return whether a value tells nothing, because many others are like it: all equal, or 0."""
    if value.size < 2:
        return not value.any()
    return not np.count_nonzero(value != value.item(0))


def _product(values: Sequence[Any]) -> Array | None:
    """Return the product of arrays; None if there is none, or only zeros."""
    try:
        made = math.prod(values[1:], start=values[0]) if all(map(is_array, values)) else None
    except ValueError:  # of shapes that do not fit
        return None
    return made if made is not None and made.any() else None


def _is_equal(one: Array, other: Array) -> bool:
    return one.shape == other.shape and not np.count_nonzero(one != other)


def _is_exchange(found: Sequence[Any], own: Sequence[Any]) -> bool:
    return len(found) == len(own) and all(
        any(np.array_equal(one, other) for other in own) for one in found if is_array(one)
    )


def _is_in_target(s: Statement, edits: Sequence[Edit]) -> bool:
    """Return whether edits change only where a statement stores its value."""
    node = s.node
    targets = node.targets if isinstance(node, ast.Assign) else []
    if isinstance(node, ast.AugAssign):
        targets = [node.target]
    spans = [(s.unit.start(one), s.unit.end(one)) for one in targets]
    return all(any(a <= one.start and one.end <= b for a, b in spans) for one in edits)


def _unpacks(s: Statement) -> bool:
    """Return whether a statement stores several values, of which each may be anything."""
    return isinstance(s.node, ast.Assign) and isinstance(s.node.targets[0], ast.Tuple)


def _keeps_a_name(s: Statement) -> bool:
    """Return whether a statement puts the value of a name into an array.

    Nothing is computed there, so that no node tells what the results need in that place alone.
    """
    node = s.node
    into = isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript)
    return into and isinstance(s.value(), ast.Name)


def _is_adding(s: Statement) -> bool:
    """Return whether a statement only adds to a name what does not depend on it."""
    node = s.node
    if not isinstance(node, ast.AugAssign) or not isinstance(node.op, ast.Add | ast.Sub):
        return False
    target = node.target.value if isinstance(node.target, ast.Subscript) else node.target
    return isinstance(target, ast.Name) and all(
        one.id != target.id for one in ast.walk(node.value) if isinstance(one, ast.Name)
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
