"""The numbers in the lines of an update: those of one element, or the widest of all listed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, cached_property, lru_cache, partial

import numpy as np
from msgspec import Struct

from gradtui.base.text import number
from gradtui.debugger.frame import Frame
from gradtui.engine.program import StepProgram
from gradtui.engine.shapes import ShapeError, broadcast
from gradtui.engine.tape import Tape
from gradtui.explain.folds import ALIKE
from gradtui.explain.values import LISTED, Array, Index, Spread, spread, spreads, summary

_SMALL = 0.1
"""A difference that is less than this part of what it is taken from has few digits."""
_SHAPES = 2000
"""Most pairs of shapes of which is remembered how they broadcast."""
_UPDATES = 1000
"""Most updates of which is remembered what divides their rate."""


class Look(Struct, frozen=True, dict=True):
    """The numbers of an update's lines with every digit 0: as wide as they, and signed alike."""

    shown: tuple[tuple[int, int], ...]
    """The nodes, each with the digits of its number."""
    texts: tuple[str, ...]
    """Their numbers."""
    rate: tuple[str, ...]
    """The texts of the own rate, if there is one."""

    def text(self, node: int, digits: int) -> str:
        """Return the number of a node."""
        return self._texts[node, digits]

    def own_rate(self, digits: int) -> tuple[str, str, str] | None:
        """Return the texts of the own rate, if there is one."""
        return (self.rate[0], self.rate[1], self.rate[2]) if self.rate else None

    @cached_property
    def _texts(self) -> dict[tuple[int, int], str]:
        return dict(zip(self.shown, self.texts, strict=True))


class Widest(Struct, frozen=True):
    """What stands for the widest numbers of all updates."""

    spreads: dict[int, Spread]
    """Those listed of each node, of those looked at."""
    rates: dict[int, tuple[Spread, Spread]]
    """The own rates of each parameter, and the moves that they cause, of those that have them."""


class Operands:
    """The numbers of one element's update; without an index, the widest in place of each."""

    def __init__(
        self, frame: Frame, position: int, index: Index | None, found: Widest | None = None
    ) -> None:
        """Take an element; without an index, what is `found` already may be given."""
        self._tape, self._position, self._index = frame.tape, position, index
        # A cached method would refer back to this, and keep the tape until garbage is collected.
        self._texts: dict[tuple[int, int], str] = {}
        self._found = Widest({}, {}) if found is None else found

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
        found = _divisor(self._tape.program, self._position)
        if found is None:
            return None
        (divisor, eps), (own, step) = found, self._rates()
        rate, squares = number(self._tape.rate, digits), self.text(divisor, digits)
        divided = f"{rate}/(sqrt({squares}) + {number(eps, digits)})"
        return divided, own.text(digits), step.text(digits)

    def look(self, shown: tuple[tuple[int, int], ...], digits: int) -> Look:
        """Return how some numbers look, and the own rate: often as at the last step."""
        texts = [self.text(*one).translate(ALIKE) for one in shown]
        rate = [text.translate(ALIKE) for text in self.own_rate(digits) or ()]
        return Look(shown, tuple(texts), tuple(rate))

    def cancels(self) -> bool:
        """Return whether the element's new value is only a small part of the old one."""
        update = self._tape.program.updates[self._position]
        new, old = (abs(float(self._taken(id))) for id in (update.result, update.parameter))
        return new < _SMALL * old

    def _spread(self, node: int) -> Spread:
        found = self._found.spreads
        if node not in found:
            found[node] = spread(self._taken(node))
        return found[node]

    def _taken(self, node: int) -> Array:
        if self._index is None:
            return self._tape.leading(node, LISTED)
        return np.asarray(self._tape.element(node, self._index))

    def _rates(self) -> tuple[Spread, Spread]:
        """Return the element's own rate, and the move that it causes."""
        found = self._found.rates
        if self._position not in found:
            own, move = spreads(_own(self._tape, self._position, self._taken))
            found[self._position] = own, move
        return found[self._position]


def widest(tape: Tape, nodes: Sequence[int]) -> Widest:
    """Return what stands for the widest numbers listed of each node, and of all own rates."""
    updates = range(len(tape.program.updates))
    adaptive = [at for at in updates if _divisor(tape.program, at) is not None]
    take = cache(partial(tape.leading, count=LISTED))
    own = [one for at in adaptive for one in _own(tape, at, take)]
    found = spreads([*map(take, nodes), *own])
    rates = found[len(nodes) :]
    pairs = zip(rates[::2], rates[1::2], strict=True)
    return Widest(dict(zip(nodes, found, strict=False)), dict(zip(adaptive, pairs, strict=True)))


def _own(tape: Tape, position: int, take: Callable[[int], Array]) -> tuple[Array, Array]:
    """Return the own rates of some elements, and the moves that they cause."""
    found, update = _divisor(tape.program, position), tape.program.updates[position]
    assert found is not None
    divisor, eps = found
    with np.errstate(all="ignore"):
        rates = tape.rate / (np.sqrt(take(divisor)) + eps)
        return rates, take(update.result) - take(update.parameter)


@lru_cache(_UPDATES)
def _divisor(program: StepProgram, position: int) -> tuple[int, float] | None:
    """Return the node of the squares under the root that divides the rate, and what is added.

    None if the optimizer divides by none.
    """
    divisor = dict(program.updates[position].lines).get(program.dynamics.second)
    if program.moved_by_hand or divisor is None:
        return None
    return divisor, next(
        value for node, value in program.constants if program.nodes[node].name == "eps"
    )


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
