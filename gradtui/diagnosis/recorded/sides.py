"""The sides of the kinks of the user's code on which a run has been.

A loop whose `if margin > 0` always holds tells nothing of what the gradient is where it does not.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from gradtui.base.source import Place
from gradtui.engine.kinks import keeps_range
from gradtui.recording.sweep import gradients
from gradtui.recording.tape import Call, Moved, Tape

Array = NDArray[Any]

_OF_ONE = ("relu", "leaky_relu", "prelu", "abs", "absolute", "fabs")
_OF_TWO = ("maximum", "minimum", "fmax", "fmin", "clip")
"""A clip has two operands if it has one bound alone."""
_SIGNS = {"greater": ">", "greater_equal": ">=", "less": "<", "less_equal": "<="}
KINKS = {
    **{name: (f"the argument of {name}", "0") for name in _OF_ONE},
    **{name: (f"the first argument of {name}", "the second") for name in _OF_TWO},
    **{name: (f"the left side of {sign}", "the right one") for name, sign in _SIGNS.items()},
}
"""Calls and comparisons with a kink: what lies on one of its sides, and of what, in words."""
_ALL = frozenset({*_OF_ONE, *_OF_TWO})
_BOTH = frozenset({-1, 1})
_NOISE = 1e-12
"""The size of rounding errors beside the largest gradient."""
_POSITIVE = frozenset({"square", "abs", "absolute", "exp", "sqrt", "relu", "softmax", "sigmoid"})
_KEEPING = frozenset({"add", "multiply", "divide", "sum", "mean", "max", "min"})
"""Functions whose result is not negative, for any operands or for such ones."""
Signs = frozenset[int]
"""Those of differences that are 0 on a kink."""


class Kink(Struct, frozen=True):
    """A call or comparison with a kink, in all rounds of its loop."""

    name: str
    place: Place | None
    decides: bool = False
    """Whether it compares single numbers, as a condition of a statement does."""


class Seen:
    """The sides on which runs have been, each of them up to its loss.

    To be on a side may not be enough: where all units of a column are off, as before a standard
    deviation, no gradient arrives at them, and a slope there cannot be seen to be wrong.
    """

    def __init__(self) -> None:
        self._signs = defaultdict[Kink, Signs](frozenset)
        self._reached = defaultdict[Kink, Signs](frozenset)
        self._left: list[tuple[Tape, int]] = []
        """Runs of which it is not known where gradients arrive."""
        self.settles = False
        """Whether something is compared with a tolerance, as loops do that may never end."""
        self.gave_up = False
        """Whether the code refused some numbers."""

    def note(self, tape: Tape, root: int) -> None:
        """Add the sides of a run that compares no gradients."""
        for _, kink, signs in _calls(tape, root):
            self._signs[kink] |= _all(signs)
        for one in tape.choices:
            if one.at <= root and one.keeps_range:
                self.settles = True
            elif one.at <= root:
                self._signs[Kink(one.name, one.place, one.of_numbers)] |= one.signs

    def add(self, tape: Tape, root: int) -> bool:
        """Add those of a run, and return whether some are new."""
        on, before = dict(self._signs), self._sides()
        self.note(tape, root)
        self._left.append((tape, root))
        return _are_more(self._signs, on) or _are_more(self._sides(), before)

    def has(self, kink: Kink, sign: int) -> bool:
        """Return whether a run has been on a side of a kink."""
        return sign in self._signs.get(kink, ())

    @property
    def one_sided(self) -> dict[Kink, Signs]:
        """The kinks of which only one side was seen, with the signs there."""
        return {kink: signs for kink, signs in self._signs.items() if not signs >= _BOTH}

    @property
    def is_done(self) -> bool:
        """Whether gradients have arrived on both sides of all kinks, or never do."""
        return all(signs >= _BOTH for signs in self._sides().values())

    def _sides(self) -> dict[Kink, Signs]:
        """Return the sides at which gradients have arrived; those seen where none ever did."""
        both = [kink for kink, signs in self._signs.items() if signs >= _BOTH and kink.name in _ALL]
        if any(not self._reached[kink] >= _BOTH for kink in both):
            for tape, root in self._left:
                for kink, signs in _reached(tape, root):
                    self._reached[kink] |= signs
            self._left.clear()
        return {**self._signs, **{kink: found for kink in both if (found := self._reached[kink])}}


def _are_more(now: Mapping[Kink, Signs], before: Mapping[Kink, Signs]) -> bool:
    return any(one & _BOTH > before.get(kink, frozenset()) & _BOTH for kink, one in now.items())


def _calls(tape: Tape, root: int) -> Iterator[tuple[int, Kink, Array]]:
    """Yield calls with kinks, and the signs of the elements that are 0 there."""
    for id in range(root):
        node = tape.nodes[id]
        if not isinstance(node, Call) or not tape.active[id]:
            continue
        if node.name in _OF_ONE:
            left, right = tape.value(node.inputs[0]), np.asarray(0.0)
        elif node.name in _OF_TWO and len(node.inputs) == 2:
            left, right = (tape.value(one) for one in node.inputs)
            still = [tape.value(one) for one in node.inputs if not tape.active[one]]
            if any(keeps_range(one) for one in still):
                continue
        else:
            continue
        if np.all(right <= 0) and _is_never_negative(tape, node.inputs[0]):
            continue
        yield id, Kink(node.name, node.place), np.sign(np.subtract(left, right, dtype=np.float64))


def _reached(tape: Tape, root: int) -> Iterator[tuple[Kink, Signs]]:
    """Yield the signs of the elements at which a gradient arrives, beyond rounding."""
    calls = list(_calls(tape, root))
    wanted = {*tape.arguments.values(), *(id for id, _, _ in calls)}
    arriving = {id: np.abs(one) for id, one in gradients(tape, root, wanted).items()}
    least = _NOISE * max(float(np.max(one, initial=0.0)) for one in arriving.values())
    for id, kink, signs in calls:
        if arriving[id].shape == signs.shape:  # but for the size of a complex number
            yield kink, _all(signs[arriving[id] > least])


def _all(signs: Array) -> Signs:
    return frozenset(one for one in (-1, 0, 1) if np.any(signs == one))


def _is_never_negative(tape: Tape, id: int) -> bool:
    """Return whether a value is a sum or product of squares, sizes and the like."""
    node = tape.nodes[id]
    if not tape.active[id]:
        return bool(np.all(tape.value(id) >= 0))
    if isinstance(node, Call):
        square = node.name == "multiply" and len(set(node.inputs)) == 1
        even = node.name == "power" and np.all(tape.value(node.inputs[1]) % 2 == 0)
        if square or even or node.name in _POSITIVE:
            return True
        if node.name not in _KEEPING:
            return False
    elif not isinstance(node, Moved):
        return False
    return all(_is_never_negative(tape, one) for one in node.inputs)


def is_uncertain(tape: Tape, root: int) -> bool:
    """Return whether central differences are part of a true gradient, inexact at large numbers."""
    calls = (node for id, node in enumerate(tape.nodes[:root]) if tape.active[id])
    return any(isinstance(one, Call) and one.form is None and one.back is None for one in calls)


def one_sided(runs: Iterable[tuple[Tape, int]]) -> dict[Kink, Signs]:
    """Return the kinks of which some runs, each with its loss, have been on one side alone."""
    seen = Seen()
    for tape, root in runs:
        seen.note(tape, root)
    return seen.one_sided
