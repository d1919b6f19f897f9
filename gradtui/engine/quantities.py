"""The numbers of each step that an expression over a run compares, so that they can be kept.

For example, `max(abs(grad)) > 100` compares the largest element of the gradient with a constant.
Once that element is kept for every step, no other expression about it reads the gradient again.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from functools import cached_property

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from gradtui.engine.compiler import Mode
from gradtui.engine.graph import Kind, needed_for
from gradtui.engine.observables import Observable, read_expression
from gradtui.engine.program import StepProgram
from gradtui.engine.vectorized import Vectorized

Array = NDArray[np.float64]
_FEW = 500
"""Longest gradient whose norm takes a few hundredths of the time of a step."""
_TOGETHER = 9_000
"""Numbers that are evaluated together: they stay in the processor's cache."""


class Quantities(Struct, frozen=True, eq=False, dict=True):
    """Numbers computed at each step from what an expression needs, and enough to evaluate it."""

    whole: Observable
    parts: tuple[int, ...]
    """Their nodes in the expression."""

    @property
    def compared(self) -> Observable:
        """The expression as a function of the quantities alone."""
        return replace(self.whole, reads=tuple((part, part) for part in self.parts))

    @cached_property
    def keys(self) -> tuple[Hashable, ...]:
        """A key for each, equal if the same is computed from the same values of a step."""
        return tuple(map(self._key, self.parts))

    def of(self, rows: Array) -> Array:
        """Return them, (steps, quantities), from flat rows of what the expression needs."""
        found = np.empty((len(rows), len(self.parts)))
        window = max(1, _TOGETHER // max(1, rows.shape[1]))
        for at in range(0, len(rows), window):
            values = self._program.at(self.parts, rows[at : at + window])
            for place, column in enumerate(values):
                found[at : at + window, place] = column
        return found

    @cached_property
    def _program(self) -> Vectorized:
        return Vectorized(self.whole.nodes, [leaf for leaf, _ in self.whole.reads])

    def _key(self, part: int) -> Hashable:
        nodes, of = self.whole.nodes, dict(self.whole.reads)
        needed = sorted(needed_for(nodes, [part]))
        place = {id: at for at, id in enumerate(needed)}
        return tuple(
            (node.op, node.options, node.value, of.get(node.id), *(place[i] for i in node.inputs))
            for node in (nodes[id] for id in needed)
        )


def quantities_of(whole: Observable) -> Quantities | None:
    """Return the quantities of an expression; None if it compares whole arrays of two steps."""
    nodes, leaves = whole.nodes, {leaf for leaf, _ in whole.reads}
    around = {past.leaf for past in whole.past} | {whole.step}
    bound = _depending(whole, around)
    found, seen = set[int](), set[int]()
    pending = [whole.root, *(past.node for past in whole.past)]
    while pending:
        id = pending.pop()
        if id in seen or id in around or nodes[id].kind is Kind.CONSTANT:
            continue
        seen.add(id)
        inputs = nodes[id].inputs
        if nodes[id].shape != ():
            return None
        if id not in leaves and all(nodes[one].shape == () for one in inputs):
            pending.extend(inputs)
        elif id in bound:
            return None
        else:
            found.add(id)
    return Quantities(whole, tuple(sorted(found)))


def _depending(whole: Observable, leaves: set[int | None]) -> set[int]:
    """Return the nodes that depend on some leaves."""
    found = set[int]()
    for node in whole.nodes:
        if node.id in leaves or not found.isdisjoint(node.inputs):
            found.add(node.id)
    return found


class Norms:
    """The quantities of the norm of all gradients, recorded while a run is computed.

    Computed for many steps at once, they take a fraction of the time of a step.
    """

    def __init__(self, program: StepProgram) -> None:
        self.nodes = program.gradients
        """The nodes of a step that they are computed from."""
        asked = quantities_of(read_expression("norm", program))
        assert asked is not None and len(asked.parts) == 2
        self.keys = asked.keys

    def of(self, gradients: Array) -> tuple[Array, Array]:
        """Return the largest absolute element, and the sum of squares with that as the unit.

        `gradients` are flat, one row for each step.  The result equals that of the expression bit
        for bit, but the expression takes twice as long, as it makes an array of each value.
        """
        count, window = len(gradients), max(1, _TOGETHER // gradients.shape[1])
        largest, squares = np.empty(count), np.empty(count)
        with np.errstate(all="ignore"):
            for part in (slice(at, at + window) for at in range(0, count, window)):
                values = np.abs(gradients[part])
                values.max(axis=1, out=largest[part])
                np.divide(gradients[part], largest[part, None], out=values)
                np.multiply(values, values, out=values)
                values.sum(axis=1, out=squares[part])
        return largest, squares


def cheap_norms(program: StepProgram, mode: Mode, trained: Sequence[int]) -> Norms | None:
    """Return a recorder of the norm, if training computes the gradients and they are few.

    Bare numbers need none: they are evaluated at many states at once, on demand.
    """
    if mode is Mode.FLOAT or not 0 < _size(program) <= _FEW:
        return None
    computed = needed_for(program.nodes, trained)
    return Norms(program) if computed.issuperset(program.gradients) else None


def _size(program: StepProgram) -> int:
    return sum(math.prod(program.nodes[id].shape) for id in program.gradients)
