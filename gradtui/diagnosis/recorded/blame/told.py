"""What a recording tells of the lines of a run; nothing if there is none."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from numpy.typing import NDArray

from gradtui.base.source import Place

Array = NDArray[Any]
Line = tuple[str, int]
"""A file and the number of a line."""


class Told:
    """Knowledge of the lines of a run: empty if nothing was recorded."""

    def __init__(self) -> None:
        self.forward: set[Line] = set()
        """Lines that compute something on the way to the loss."""
        self.places: set[Place] = set()
        """The places of the expressions that do."""
        self.feeds: dict[Line, set[str]] = defaultdict(set)
        """Line -> the returned gradients that it takes part in."""
        self.shared: dict[Line, set[str]] = defaultdict(set)
        """Line of the forward pass -> the returned gradients that use its values."""
        self.sparing: set[Line] = set()
        """Those of them that take part in right elements alone, if a gradient has any."""
        self.lost: set[str] = set()
        """Gradients returned without a recording."""
        self.shapes: Mapping[Place, tuple[int, ...]] = {}
        """Place of an expression -> the shape of its value."""
        self.moving: set[Line] = set()
        """Lines that put elements in another order."""
        self.known: set[Line] = set()
        """Lines that only pass on right values."""
        self.whole: set[Line] = set()
        """Lines whose results are the whole adjoints of values of the forward pass."""
        self.repeating: set[Line] = set()
        """Those of them that recompute values of the forward pass."""
        self.first: set[Line] = set()
        """Lines that turn right values into others."""
        self.lacking: set[Line] = set()
        """Lines that store sums which are used before all of their terms are added."""
        self.handing: set[Line] = set()
        """Lines whose values such a line uses: right in themselves, but perhaps not needed."""
        self.opposite: set[Line] = set()
        """Lines whose values are right ones with the other sign, first of all."""
        self.right = 0
        """The number of values beside the forward pass that are right and not 0."""
        self.turned: set[Line] = set()
        """Lines whose values are the transposes of right ones."""
        self.local: set[Line] = set()
        """Lines that compute from the forward pass alone, such as slopes: only some are known."""
        self.idle: set[Line] = set()
        """Lines that compute nothing that takes part in the loss or in a gradient."""

    def knows(self, value: Array, times: Sequence[float] = (1.0,)) -> float:
        """Return how much of a right value one is, times a number: 0 if it is none.

        It is the number of contributions that a partial sum has, and infinite for a whole one.
        """
        return 0
