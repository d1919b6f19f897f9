"""Monte Carlo arithmetic: how far rounding alone moves what a list of nodes comes to.

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
    """The nodes of another interpreter, every rounded result moved by a unit in the last place.

    What is compared, chosen or looked up by a number stays as the other has it.  `eps` is twice the
    relative rounding error of the type: that of float64 unless the numbers are of a smaller one.
    """

    def __init__(
        self,
        calm: Interpreter,
        leaves: Mapping[int, Array],
        rng: np.random.Generator,
        eps: float = FLOAT64,
    ) -> None:
        super().__init__(calm.nodes, leaves, calm.points)
        self._calm, self._rng, self._eps = calm, rng, eps
        self._functions = calm._functions

    def _compute(self, node: Node) -> None:
        entry = OPS.get(node.op) if node.kind is Kind.OPERATION else None
        if entry is None:
            super()._compute(node)
            return
        if entry.compares:
            self._values[node.id] = self._calm.value(node.id)
            self._batched.add(node.id)
            return
        own = {id: self._values[id] for id in node.inputs}
        for formal, id in zip(entry.operands, node.inputs, strict=True):
            if formal == entry.index:
                self._values[id] = self._unmoved(id)
            elif entry.rounds and not entry.elementwise:
                # A sum or a product of matrices rounds once for each term, not only at the end.
                self._values[id] = self._moved(own[id])
        super()._compute(node)
        self._values |= own
        if entry.rounds:
            self._values[node.id] = self._moved(self._values[node.id])

    def _unmoved(self, id: int) -> Any:
        value = self._calm.value(id)
        return value if id in self._batched else value[0]

    def _moved(self, value: Any) -> Any:
        value = np.asarray(value, dtype=np.float64)
        up = self._rng.integers(0, 2, value.shape, dtype=np.int8) * 2.0 - 1.0
        if self._eps == FLOAT64:
            moved = np.nextafter(value, up * np.inf)
        else:
            moved = value * (1.0 + self._eps * up)
        # An exact 0 may stand for a choice, and what is not finite has no neighbour.
        return np.where(np.isfinite(value) & (value != 0), moved, value)
