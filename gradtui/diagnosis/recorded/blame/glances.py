"""The values of the user's expressions, computed again from the names of recorded rounds."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import CodeType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradtui.diagnosis.recorded.blame.candidates import Statement
from gradtui.diagnosis.recorded.blame.expressions import OPERATORS
from gradtui.diagnosis.recorded.blame.units import Edit
from gradtui.diagnosis.recorded.watchdog import Endless, Watchdog
from gradtui.recording.attributes import fill_slots, slots_of
from gradtui.recording.functions import asked
from gradtui.recording.library import Library

Array = NDArray[Any]
Held = Mapping[tuple[str, int], Sequence[Mapping[str, Any]]]
"""File and line -> the values of all names in each of its recorded rounds."""
HOLE = "_hole"
"""The placeholder name for an expression."""
FAILED = np.full(1, np.nan)
"""The value of an expression that fails."""
_FAILING = Exception, Endless, SystemExit
"""What an expression raises that fails: the user's code may end the program then."""
_GLANCED = (0, 1, 5)
"""Rounds that are looked at: in a loop's first, the carried values are still 0, and so are most
indices in the second."""
_ARRAYS = np.ndarray, np.floating
_WRITING = re.compile(r"[a-z]\w*[^_]_|at|out")
"""Names of methods that write into an array."""


class Rounds:
    """Computes expressions of statements in the rounds that were recorded of them."""

    def __init__(self, held: Held, watchdog: Watchdog, library: Library) -> None:
        self._held, self._watchdog, self._library = held, watchdog, library
        self._codes: dict[str, tuple[CodeType, bool]] = {}
        """The code of each expression, and whether it may write into an array."""
        self._values: dict[tuple[ast.stmt, str, int], Any] = {}
        """Statement, expression and round -> the value, as the user's library has it."""
        self._emptied: dict[tuple[ast.stmt, str, int, tuple[int, ...], str], Any] = {}
        """Statement, expression, round, shape and type -> the value with zeros in the hole."""

    def held(self, s: Statement) -> Sequence[Mapping[str, Any]]:
        """Return the names of a statement in each of its rounds; empty if it did not run."""
        return self._held.get((s.unit.file, s.node.lineno), ())

    def glanced(self, s: Statement) -> Sequence[int]:
        """Return the rounds at whose values a glance is taken."""
        count = len(self.held(s))
        return [at for at in _GLANCED if at < count]

    def value(self, s: Statement, text: str, at: int) -> Any:
        """Return the value of a user's expression in a round; a failure counts as wrong.

        None if what a statement stores fails by now, too: what it reads is gone with the run.
        """
        return self._seen(self._own(s, text, at))

    def _own(self, s: Statement, text: str, at: int) -> Any:
        """Return the same as the user's library has it."""
        key = s.node, text, at
        if key not in self._values:
            self._values[key] = self._run(s, f"({text})", dict(self.held(s)[at]))
        return self._values[key]

    def _run(self, s: Statement, text: str, held: dict[str, Any]) -> Any:
        found = self._tried(s, text, held)
        stored = s.value() if found is FAILED else None
        own = text if stored is None else f"({s.text(stored)})"
        if own == text:
            return found
        return None if self._tried(s, own, held) is FAILED else FAILED

    def _tried(self, s: Statement, text: str, held: dict[str, Any]) -> Any:
        code, writes = self._compiled(s.unit.outside(text))
        if writes:
            held = {name: self._library.copied(one) if name in code.co_names else one
                    for name, one in held.items()}  # fmt: skip
        own = held.get(s.unit.given) if s.unit.given in code.co_names else None
        if not self._watchdog.counts_line():
            return FAILED
        try:
            with self._watchdog.watching(), self._library.finely():
                if own is None:
                    return eval(code, s.unit.globals, held)
                with _as_it_was(own):
                    return eval(code, s.unit.globals, held)
        except _FAILING:
            return FAILED

    def _compiled(self, text: str) -> tuple[CodeType, bool]:
        """Return the code of an expression; for invalid text, code that fails."""
        if text not in self._codes:
            try:
                code = compile(text, "<gradtui>", "eval")
            except (SyntaxError, ValueError):
                code = compile("1 / 0", "<gradtui>", "eval")
            self._codes[text] = code, any(map(_WRITING.fullmatch, code.co_names))
        return self._codes[text]

    def _seen(self, value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple([self._library.seen(one) for one in value])
        return self._library.seen(value)

    def filled(self, s: Statement, text: str, factors: Sequence[str], at: int) -> Any:
        """Return the value of an expression with a product in its hole."""
        product = self._product(s, factors, at)
        return product if _is_lost(product) else self._with(s, text, product, at)

    def emptied(self, s: Statement, text: str, factors: Sequence[str], at: int) -> Any:
        """Return the value of an expression with a product times 0 in its hole."""
        product = self._product(s, (*factors, "0.0"), at)
        if type(product) is not np.ndarray or product.any():
            return product if _is_lost(product) else self._with(s, text, product, at)
        # That of another product is the same, if it has the shape.
        key = s.node, text, at, product.shape, product.dtype.str
        if key not in self._emptied:
            self._emptied[key] = self._with(s, text, product, at)
        return self._emptied[key]

    def _product(self, s: Statement, factors: Sequence[str], at: int) -> Any:
        """Return a product in a round, by the library, whose functions may take it."""
        own, *more = values = [self._own(s, one, at) for one in factors]
        lost = next((one for one in values if _is_lost(one)), own)
        if _is_lost(lost):
            return lost
        try:
            return math.prod(more, start=own)
        except Exception:  # the values are of any class, whose operators may refuse each other
            return FAILED

    def _with(self, s: Statement, text: str, hole: Any, at: int) -> Any:
        return self._seen(self._run(s, f"({text})", {**self.held(s)[at], HOLE: hole}))

    def runs(self, text: str, s: Statement, held: dict[str, Any]) -> bool:
        """Run the user's statements on recorded values; return whether that worked."""
        try:
            with self._watchdog.watching(), self._library.finely():
                exec(s.unit.outside(text), s.unit.globals, held)
        except _FAILING:
            return False
        return True


@contextmanager
def _as_it_was(owner: Any) -> Iterator[None]:
    """Keep an object's attributes, which its methods may set."""
    kept, slots = asked(owner, "__dict__"), slots_of(owner)
    before = dict(kept) if type(kept) is dict else None
    try:
        yield
    finally:
        if kept is not None and before is not None:
            kept.clear()
            kept.update(before)
        fill_slots(owner, slots)


def _is_lost(value: Any) -> bool:
    """Return whether a value is that of an expression that fails."""
    return value is FAILED or value is None


def is_array(value: Any) -> bool:
    """Return whether a value is an array of floats, or a NumPy float."""
    return isinstance(value, _ARRAYS) and value.dtype.kind == "f"


def edited(s: Statement, edits: Sequence[Edit], *, applied: bool = True) -> str | None:
    """Return the text of the stored expression with an edit; None if the edit is elsewhere."""
    whole = s.value()
    if any(one.start == one.end and b"\n" in one.text for one in edits):
        return None  # it adds a line
    for value in [*s.values, *([] if whole is None else [whole])]:
        start, end = s.unit.start(value), s.unit.end(value)
        if all(start - 1 <= one.start and one.end <= end + 1 for one in edits):
            break
    else:
        return None
    first, last = min(start, *(e.start for e in edits)), max(end, *(e.end for e in edits))
    text = s.unit.source[first:last]
    for one in sorted(edits if applied else (), key=lambda edit: edit.start, reverse=True):
        text = text[: one.start - first] + one.text + text[one.end - first :]
    return text.decode()


def sums(s: Statement) -> Sequence[str]:
    """Return how an in-place operation computes the stored value from its operand."""
    if not isinstance(s.node, ast.AugAssign):
        return ()
    target = s.text(s.node.target).replace("{", "{{").replace("}", "}}")
    return (f"({target}) {OPERATORS[type(s.node.op)]} ({{}})",)


def stored_form(s: Statement) -> str:
    """Return how the stored value is computed from the expression of a statement."""
    return ["{}", *sums(s)][-1]
