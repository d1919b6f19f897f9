"""Previews edited lines: whether a line's new value, from its recorded inputs, is known right.

A glance at one line costs far less than a run; it tells which edits are worth one.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradtui.diagnosis.recorded.blame.candidates import Statement
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
from gradtui.diagnosis.recorded.blame.needs import Needs
from gradtui.diagnosis.recorded.blame.telling import Telling, arrays_of
from gradtui.diagnosis.recorded.blame.told import Told
from gradtui.diagnosis.recorded.blame.trees import walked
from gradtui.diagnosis.recorded.blame.units import Edit
from gradtui.diagnosis.recorded.watchdog import Watchdog
from gradtui.engine.shapes import stretches
from gradtui.recording.library import NUMPY, Library

Array = NDArray[Any]


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
        self._rounds, self._library = Rounds(held, watchdog, library), library
        self._telling = Telling(flow, self._rounds, needs, is_whole, exact=exact)
        self._after: dict[tuple[ast.stmt, int], dict[str, Any]] = {}
        """Statement and round -> the values of all names once it has run."""
        self._around: dict[tuple[ast.stmt, ast.expr], tuple[str | None, str | None]] = {}
        """Statement and expression -> what is stored with a hole in its place, and as it is."""

    def is_blind_to(self, s: Statement) -> bool:
        """Return whether no glance can tell: a slope, or numbers that are stored one by one."""
        return self._telling.is_of_slope(s) or any(s.shape(one) == () for one in s.values)

    def is_exact(self, s: Statement) -> bool:
        """Return whether a glance is certain for the values that a statement stores."""
        return self._telling.is_exact(s)

    def is_hopeful(self, s: Statement, edits: Sequence[Edit]) -> bool | None:
        """Return whether a statement may be right with an edit; None if a glance cannot tell."""
        if s.unpacks and isinstance(s.value(), ast.Subscript | ast.IfExp):
            return None  # such as what the forward pass keeps: it is right in other rounds
        rounds = self._rounds.glanced(s)
        text, own = edited(s, edits), edited(s, edits, applied=False)
        if rounds and text is None and _is_in_target(s, edits):
            return self._may_be_stored(s)
        if text is None and (line := _line_for(s, edits)) is not None:
            return self.is_hopeful_after(s, line.partition(" ")[0], line) or None
        if not rounds or text is None or own is None:
            return None
        needed = self._is_needed(self._telling, s, own, text)
        if needed is not None:
            return needed
        told = self._telling.told(
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
        unsure = s.unpacks or _keeps_a_name(s) or self._is_of_other_shape(s, own, text)
        unsure = unsure or self._telling.is_unrecorded(s) or _sums_up(s.node)
        return None if told is False and unsure else told

    def _is_needed(self, telling: Telling, s: Statement, own: str, text: str) -> bool | None:
        """Return whether the results need what a statement stores with an edit; None if unknown."""
        form = stored_form(s).format(text)
        return telling.is_needed(s, own, lambda at: (self._rounds.value(s, form, at), None))

    def is_needless(self, s: Statement, edits: Sequence[Edit]) -> bool:
        """Return whether the results certainly need something else than what an edit stores."""
        return self._is_needless(self._telling, s, edits)

    def leaves_wrong(self, s: Statement, edits: Sequence[Edit]) -> bool:
        """Return whether an edit certainly does not make all wrong results right.

        Where it is known of each of them, edits are told to be needless.
        """
        together = self._telling.together
        return together is not None and self._is_needless(together, s, edits)

    def _is_needless(self, telling: Telling, s: Statement, edits: Sequence[Edit]) -> bool:
        text, own = edited(s, edits), edited(s, edits, applied=False)
        if text is None or own is None or s.unpacks or not telling.is_exact(s):
            return False
        fails = self._rounds.value(s, text, 0) is FAILED is not self._rounds.value(s, own, 0)
        return fails or self._is_needed(telling, s, own, text) is False

    def _is_of_other_shape(self, s: Statement, own: str, text: str) -> bool:
        """Return whether an edit gives what a statement stores another shape.

        A glance cannot tell what becomes of that.
        """
        if not self._telling.is_stored(s, own):
            return False
        before, after = (
            self._rounds.value(s, stored_form(s).format(one), 0) for one in (own, text)
        )
        shapes = [[one.shape for one in arrays_of(value)] for value in (before, after)]
        return after is not FAILED and bool(shapes[1]) and shapes[0] != shapes[1]

    def _may_be_stored(self, s: Statement) -> bool | None:
        """Return whether a value is right, though perhaps elsewhere; None if it is unknown."""
        text = s.text(value) if (value := s.value()) is not None else ""
        found = [
            own for at in self._rounds.glanced(s)
            if is_array(own := self._rounds.value(s, text, at)) and own.any()
        ]  # fmt: skip
        known = any(self._telling.knows(np.asarray(one)) for one in found)
        return True if known else None

    def is_hopeful_kept(self, s: Statement, text: str) -> bool:
        """Return whether another value may be right once the stored one is added to it."""
        own = s.text(value) if (value := s.value()) is not None else ""
        for at in self._rounds.glanced(s):
            more, before = self._rounds.value(s, own, at), self._rounds.value(s, text, at)
            if is_array(more) and is_array(before) and np.shape(more) == np.shape(before):
                with np.errstate(all="ignore"):
                    if more.any() and self._telling.knows(np.asarray(before + more), times=False):
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
        if (s.node, node) not in self._around:
            hole = [s.replaced(node, HOLE)]
            self._around[s.node, node] = edited(s, hole), edited(s, hole, applied=False)
        text, own = self._around[s.node, node]
        if not rounds or text is None or own is None:
            return None

        known = dict[tuple[str, int], Any]()

        def filled(form: str, at: int) -> Any:
            if (form, at) not in known:
                known[form, at] = self._rounds.filled(s, form.format(text), factors, at)
            return known[form, at]

        def made(at: int) -> tuple[Any, Any]:
            form, several = stored_form(s), len(factors) > 1
            none = self._rounds.emptied(s, form.format(text), factors, at) if several else None
            return filled(form, at), none

        needed = self._telling.is_needed(s, own, made)
        if needed is not None:
            return needed
        return self._telling.told(
            s,
            (
                (filled(form, at), self._rounds.value(s, form.format(own), at))
                for at, form in product(rounds, ("{}", *sums(s)))
                if form == "{}" or not _is_nothing(filled("{}", at))
            ),
        )

    def is_hopeful_after(self, s: Statement, name: str, line: str) -> bool | None:
        """Return whether the value that a statement stores may be right after an added line."""
        rounds = self._rounds.glanced(s)
        if not rounds or not name.isidentifier() or not _stores(s.node):
            return None
        return any(self._is_right_after(s, name, line, at) for at in rounds)

    def _is_right_after(self, s: Statement, name: str, line: str, at: int) -> bool:
        key = s.node, at
        if key not in self._after:
            own = dict(self._rounds.held(s)[at])
            if isinstance(s.node, ast.AugAssign) and name in own:
                own[name] = self._library.copied(own[name])  # it is changed in place
            self._after[key] = own if self._rounds.runs(s.text(s.node), s, own) else {}
        held = dict(self._after[key])
        before: Any = held.get(name)
        if not is_array(before):
            return False
        held[name] = np.array(before)
        return (
            self._rounds.runs(line, s, held) and self._telling.is_better(held[name], before) is True
        )

    def is_hopeful_sum(
        self, s: Statement, value: ast.expr, factors: Sequence[str], times: Sequence[float]
    ) -> bool:
        """Return whether a stored value may be right with a multiple of a product added."""
        text = s.text(value)
        needed = self._telling.is_needed(
            s, text, lambda at: self._with_term(s, text, factors, at), times
        )
        if needed:
            return True
        for at, form in product(self._rounds.glanced(s), ("{}", *sums(s))):
            own, *more = (self._rounds.value(s, one, at) for one in (form.format(text), *factors))
            with np.errstate(all="ignore"):
                term = _product(more) if is_array(own) else None
                fits = term is not None and stretches(np.shape(term), np.shape(own))
                several = (own + one * np.asarray(term) for one in times) if fits else ()
                if any(self._telling.is_progress(one, own) for one in several):
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


def _stores(node: ast.stmt) -> bool:
    """Return whether a statement stores something, or changes all of an array."""
    if isinstance(node, ast.AugAssign):
        return isinstance(node.target, ast.Name)
    return isinstance(node, ast.Assign)


def _is_nothing(value: Any) -> bool:
    """Return whether a term is all zeros, so that a sum is as right as without it."""
    return is_array(value) and not value.any()


def _product(values: Sequence[Any]) -> Array | None:
    """Return the product of arrays; None if there is none, or only zeros."""
    try:
        made = math.prod(values[1:], start=values[0]) if all(map(is_array, values)) else None
    except ValueError:  # of shapes that do not fit
        return None
    return made if made is not None and made.any() else None


def _line_for(s: Statement, edits: Sequence[Edit]) -> str | None:
    """Return the only line that edits add, if it changes what a statement stores under a name."""
    line = edits[0].text.decode()
    target = s.node.targets[0] if isinstance(s.node, ast.Assign) else None
    adds = len(edits) == 1 and edits[0].start == edits[0].end and line.startswith("\n")
    own = isinstance(target, ast.Name) and line.strip().startswith(f"{target.id} = ")
    return line.strip() if adds and own else None


def _is_in_target(s: Statement, edits: Sequence[Edit]) -> bool:
    """Return whether edits change only where a statement stores its value."""
    node = s.node
    targets = node.targets if isinstance(node, ast.Assign) else []
    if isinstance(node, ast.AugAssign):
        targets = [node.target]
    spans = [(s.unit.start(one), s.unit.end(one)) for one in targets]
    return all(any(a <= one.start and one.end <= b for a, b in spans) for one in edits)


def _keeps_a_name(s: Statement) -> bool:
    """Return whether a statement puts the value of a name into an array.

    Nothing is computed there, so that no node tells what the results need in that place alone.
    """
    node = s.node
    into = isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript)
    return into and isinstance(s.value(), ast.Name)


def _sums_up(node: ast.stmt) -> bool:
    """Return whether a statement adds to a part of an array: no node has what is there meanwhile.

    As in `dW[:, j] = dW[:, j] - x`.
    """
    match node:
        case ast.Assign([ast.Subscript(value=array)], ast.BinOp(op=ast.Add() | ast.Sub()) as value):
            own = ast.dump(array)
            parts = (one.value for one in walked(value) if isinstance(one, ast.Subscript))
            return any(ast.dump(one) == own for one in parts)
        case _:
            return False
