"""The numbers in the lines of an update: those of one element, or the widest of all listed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, lru_cache

import numpy as np

from gradtui.base.text import number
from gradtui.debugger.frame import Frame
from gradtui.engine.program import StepProgram
from gradtui.engine.shapes import ShapeError, broadcast
from gradtui.engine.tape import Tape
from gradtui.explain.values import LISTED, Array, Index, Spread, spread, spreads, summary

_SMALL = 0.1
"""A difference that is less than this part of what it is taken from has few digits."""
_SHAPES = 2000
"""Most pairs of shapes of which is remembered how they broadcast."""


class Operands:
    """The numbers of one element's update; without an index, the widest in place of each."""

    def __init__(
        self,
        frame: Frame,
        position: int,
        index: Index | None,
        spreads: dict[int, Spread] | None = None,
    ) -> None:
        """Take an element; `spreads` may have some of the nodes' already."""
        self._tape, self._position, self._index = frame.tape, position, index
        # A cached method would refer back to this, and keep the tape until garbage is collected.
        self._texts: dict[tuple[int, int], str] = {}
        self._spreads: dict[int, Spread] = {} if spreads is None else spreads

    def text(self, node: int, digits: int) -> str:
        """Return the number of a node that acts on the element, or else all of them in brief."""
        if (node, digits) not in self._texts:
            self._texts[node, digits] = self._text(node, digits)
        return self._texts[node, digits]

    def _text(self, node: int, digits: int) -> str:
        if not acts(self._tape.program, self._position, node):
            return summary(self._tape.value(node), digits)
        if self._index is not None:
            return number(self._tape.element(node, self._index), digits)
        return self._spread(node).text(digits)

    def own_rate(self, digits: int) -> tuple[str, str, str] | None:
        """Return the arithmetic of the element's own rate, its result, and the move it causes.

        None if the optimizer does not divide the rate.
        """
        if self._own_rate is None:
            return None
        divisor, eps, own, step = self._own_rate
        rate, squares = number(self._tape.rate, digits), self.text(divisor, digits)
        divided = f"{rate}/(sqrt({squares}) + {number(eps, digits)})"
        return divided, own.text(digits), step.text(digits)

    def cancels(self) -> bool:
        """Return whether the element's new value is only a small part of the old one."""
        update = self._tape.program.updates[self._position]
        new, old = (abs(float(self._taken(id))) for id in (update.result, update.parameter))
        return new < _SMALL * old

    def _spread(self, node: int) -> Spread:
        if node not in self._spreads:
            self._spreads[node] = spread(self._taken(node))
        return self._spreads[node]

    def _taken(self, node: int) -> Array:
        if self._index is None:
            return self._tape.leading(node, LISTED)
        return np.asarray(self._tape.element(node, self._index))

    @cached_property
    def _own_rate(self) -> tuple[int, float, Spread, Spread] | None:
        """The node of the squares under the root, what is added to that, the own rate, the move."""
        program = self._tape.program
        update = program.updates[self._position]
        divisor = dict(update.lines).get(program.dynamics.second)
        if program.moved_by_hand or divisor is None:
            return None
        eps = next(value for node, value in program.constants if program.nodes[node].name == "eps")
        with np.errstate(all="ignore"):
            rate = self._tape.rate / (np.sqrt(self._taken(divisor)) + eps)
            move = self._taken(update.result) - self._taken(update.parameter)
        own, step = spreads([rate, move])
        return divisor, eps, own, step


def widest(tape: Tape, nodes: Sequence[int]) -> dict[int, Spread]:
    """Return what stands for the widest numbers listed of each node."""
    return dict(zip(nodes, spreads([tape.leading(id, LISTED) for id in nodes]), strict=True))


def acts(program: StepProgram, position: int, node: int) -> bool:
    """Return whether broadcasting puts one element of a node at each element of a parameter."""
    shape = program.nodes[program.updates[position].parameter].shape
    return _spans(program.nodes[node].shape, shape)


@lru_cache(_SHAPES)
def _spans(own: tuple[int, ...], shape: tuple[int, ...]) -> bool:
    try:
        return broadcast([own, shape], {}) == shape
    except ShapeError:
        return False
