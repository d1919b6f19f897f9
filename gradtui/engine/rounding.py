"""Monte Carlo arithmetic: how far rounding alone moves the values of a list of nodes.

Source: Parker 1997, "Monte Carlo Arithmetic: exploiting randomness in floating-point arithmetic".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradtui.engine.graph import Kind, Node
from gradtui.engine.interpreter import Interpreter
from gradtui.engine.ops import OPS

Array = NDArray[np.float64]

FLOAT64 = float(np.finfo(np.float64).eps)


class Shaken(Interpreter):
    """The nodes of another interpreter, every rounded result moved by one unit in the last place.

    Comparisons, choices and look-ups stay those of the other.  The rows of all `passes` follow one
    another; `leaves` may have them already.  `eps` is twice the relative rounding error of the
    type: that of float64 unless the numbers have a smaller one.
    """

    def __init__(
        self,
        calm: Interpreter,
        leaves: Mapping[int, Array],
        rng: np.random.Generator,
        eps: float = FLOAT64,
        passes: int = 1,
    ) -> None:
        (points,) = calm.lead
        repeated = {
            id: value if len(value) == passes * points else _repeated(value, passes)
            for id, value in leaves.items()
        }
        super().__init__(calm.nodes, repeated, passes * points)
        self._calm, self._rng, self._eps, self._passes = calm, rng, eps, passes
        self._functions = calm._functions

    def _compute(self, node: Node) -> None:
        entry = OPS.get(node.op) if node.kind is Kind.OPERATION else None
        if entry is None:
            super()._compute(node)
            return
        if entry.compares:
            self._values[node.id] = _repeated(self._calm.value(node.id), self._passes)
            self._batched.add(node.id)
            return
        own = {id: self._values[id] for id in node.inputs}
        constant = own.keys() - self._batched
        for formal, id in zip(entry.operands, node.inputs, strict=True):
            if formal == entry.index:
                self._values[id] = self._unmoved(id)
            elif entry.rounds and not entry.elementwise:
                # A sum or a matrix product rounds once for each term, not only at the end.
                self._values[id] = self._moved(id, own[id])
        super()._compute(node)
        self._values |= own
        self._batched -= constant
        if entry.rounds:
            self._values[node.id] = self._moved(node.id, self._values[node.id])

    def _unmoved(self, id: int) -> Any:
        value = self._calm.value(id)
        return _repeated(value, self._passes) if id in self._batched else value[0]

    def _moved(self, id: int, value: Any) -> Any:
        """Return a node's value moved, independently at every point."""
        value = np.asarray(value, dtype=np.float64)
        if id not in self._batched:
            value = np.broadcast_to(value, (*self.lead, *value.shape))
            self._batched.add(id)
        ways = self._rng.integers(0, 2, value.shape, dtype=np.int8)
        ways *= 2
        ways -= 1
        # An exact 0 may represent a choice, and inf and nan have no neighbours.
        ways *= np.isfinite(value) & (value != 0)
        if self._eps != FLOAT64:
            return value * (1.0 + self._eps * ways)
        # A number's neighbours are those of its bits, read as an integer.
        return (np.ascontiguousarray(value).view(np.int64) + ways).view(np.float64)


def spread_of(moved: Array, calm: Array) -> Array:
    """Return the distance of all passes' rows, (passes*points, *shape), from the unmoved ones."""
    apart = np.abs(moved.reshape(len(moved) // len(calm), *calm.shape) - calm)
    return np.asarray(np.fmax.reduce(apart, axis=0, initial=0.0))


def _repeated(value: Array, passes: int) -> Array:
    return value if passes == 1 else np.concatenate([value] * passes)
