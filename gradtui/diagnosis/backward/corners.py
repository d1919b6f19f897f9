"""Corners of a loss: any gradient between the slopes of both sides is right there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from gradtui.engine.graph import Graph, Node
from gradtui.engine.interpreter import Interpreter

Array = NDArray[np.float64]
Element = tuple[np.intp | int, ...]

_STEPS = (2.0**-16, 2.0**-18)
"""Distances at which both slopes are measured, relative to the size of the moved value."""
_SEEN = 1e-3
"""The least relative difference of the two slopes, and the uncertainty of a slope."""
_STAYS = 0.6
"""The share of that difference left at a quarter of the distance; a curve leaves a quarter."""
_MOST = 64
"""Most elements tried: those that differ most, and some of the others."""


class Corners:
    """One point of a model, at which the loss may have corners."""

    def __init__(self, calm: Interpreter, leaves: Mapping[int, Array], graph: Graph) -> None:
        """Take the `leaves` at the point, (1, *shape); `calm` is of the same nodes."""
        self._world, self._loss = calm.elsewhere(leaves, 1), graph.loss
        self._ends = [_Tied(calm.nodes, leaves, len(graph.nodes), value) for value in (0.0, 1.0)]

    def excuse(
        self, target: int, adjoint: int, claim: Array, true: Array, wrong: NDArray[np.bool_]
    ) -> bool:
        """Return whether a claim differs at corners only, by slopes that are right there.

        All arrays have the shape of the target; `adjoint` is the node of its gradient.
        """
        ends = [np.broadcast_to(one.value(adjoint)[0], true.shape) for one in self._ends]
        return all(
            self._between(target, element, claim, (true, *ends))
            for element in _tried(np.abs(claim - true), wrong)
        )

    def _between(self, target: int, element: Element, claim: Array, known: Sequence[Array]) -> bool:
        """Return whether there is a corner, and a claim lies between the right slopes.

        Several units may be at their corners at once, each with a slope of its own choice.  So,
        besides the slopes of both sides, there are the gradients in which all units take the one
        slope or all the other, and the sum of both sides on top of any of these.
        """
        world = self._world.at(0)
        slopes = _side_slopes(world, self._loss, target, element)
        if slopes is None or not np.isfinite(claim[element]):
            return False
        before, after, doubt = slopes
        ends = [float(one[element]) for one in known]
        right = (before, after, *ends, *(before + after - one for one in ends))
        return bool(min(right) - doubt <= claim[element] <= max(right) + doubt)


class _Tied(Interpreter):
    """A point at which all comparisons of equal sides in a backward pass have the same outcome."""

    def __init__(
        self, nodes: Sequence[Node], leaves: Mapping[int, Array], first: int, outcome: float
    ) -> None:
        super().__init__(nodes, leaves, 1)
        self._first, self._outcome = first, outcome

    def _compute(self, node: Node) -> None:
        super()._compute(node)
        if node.id >= self._first and node.op in ("<", ">", "<=", ">="):
            left, right = (self._values[id] for id in node.inputs)
            held = self._values[node.id]
            self._values[node.id] = np.where(np.equal(left, right), self._outcome, held)


def _tried(apart: Array, wrong: NDArray[np.bool_]) -> Sequence[Element]:
    flat = np.flatnonzero(wrong)
    order = flat[np.argsort(apart.reshape(-1)[flat])[::-1]]
    if len(order) > _MOST:
        rest = order[_MOST // 2 :]
        spread = rest[:: -(-len(rest) // (_MOST // 2))]
        order = np.concatenate([order[: _MOST // 2], spread])
    return [np.unravel_index(at, wrong.shape) for at in order]


def _side_slopes(
    world: Interpreter, loss: int, target: int, element: Element
) -> tuple[float, float, float] | None:
    """Return an element's slopes on both sides and their uncertainty; None without a corner."""
    value = world.value(target)[0]
    size = max(float(np.max(np.abs(value), initial=0.0)), 1e-3)
    distances = [size * step for step in _STEPS]
    moved = np.stack([value] * 5)
    for at, distance in enumerate((0.0, distances[0], -distances[0], distances[1], -distances[1])):
        moved[(at, *element)] += distance
    losses = world.replacing({target: moved}).value(loss)
    if not np.isfinite(losses).all():
        return None
    here, far, near = float(losses[0]), losses[1:3], losses[3:5]
    sides = [
        ((here - float(one[1])) / distance, (float(one[0]) - here) / distance)
        for one, distance in zip((far, near), distances, strict=True)
    ]
    jumps = [abs(after - before) for before, after in sides]
    before, after = sides[1]
    slope = max(abs(before), abs(after))
    rounding = 8 * float(np.finfo(np.float64).eps) * abs(here) / distances[1]
    if jumps[1] <= max(_SEEN * slope, rounding) or jumps[1] <= _STAYS * jumps[0]:
        return None
    return before, after, _SEEN * slope + rounding
