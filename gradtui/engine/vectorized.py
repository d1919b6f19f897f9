"""Evaluates nodes for many rows of numbers at once, in parts that fit into memory."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradtui.engine.compiler import Compiler, Mode, Values, row_slices
from gradtui.engine.graph import Node, needed_for

Array = NDArray[Any]
_TOGETHER = 4_000_000
"""Most numbers in the values of rows evaluated together."""


class Vectorized:
    """Nodes as functions of leaves, with values of their own in each row.

    `shared` leaves have one value for all rows, `fixed` ones never change.  Functions are compiled
    on demand, and compute in `dtype`.
    """

    def __init__(
        self,
        nodes: Sequence[Node],
        leaves: Sequence[int],
        shared: Sequence[int] = (),
        fixed: Values = MappingProxyType({}),
        dtype: str = "float64",
    ) -> None:
        self._nodes = nodes
        self.slices = row_slices(nodes[id].shape for id in leaves)
        """The places of the leaves' values in a row of numbers."""
        compiler = Compiler(nodes, fixed, Mode.BATCH, dtype)
        self._function = cache(lambda ids: compiler.evaluate([*leaves, *shared], ids, leaves))
        self._together = cache(self._fitting)

    def at(self, ids: Sequence[int], rows: Array, shared: Sequence[Any] = ()) -> list[Array]:
        """Return the values of nodes at each row of the numbers of all leaves, (rows, *shape)."""
        return self.evaluate(ids, len(rows), [part.of(rows) for part in self.slices], shared)

    def evaluate(
        self, ids: Sequence[int], count: int, given: Sequence[Array], shared: Sequence[Any] = ()
    ) -> list[Array]:
        """Return the same, given the `count` values of each leaf, (count, *shape)."""
        ids = tuple(ids)
        together, evaluate = self._together(ids), self._function(ids)
        if count <= together:
            return self._spread(ids, count, evaluate(*given, *shared))
        parts = []
        for at in range(0, count, together):
            some = [each[at : at + together] for each in given]
            found = evaluate(*some, *shared)
            parts.append(self._spread(ids, min(together, count - at), found))
        return [np.concatenate(column) for column in zip(*parts, strict=True)]

    def together(self, ids: Sequence[int]) -> int:
        """Return the number of rows at which these nodes are evaluated together."""
        return self._together(tuple(ids))

    def _fitting(self, ids: tuple[int, ...]) -> int:
        size = sum(math.prod(self._nodes[id].shape) for id in needed_for(self._nodes, ids))
        return max(1, _TOGETHER // max(1, size))

    def _spread(self, ids: Sequence[int], count: int, values: Sequence[Any]) -> list[Array]:
        """Return values of `count` rows, repeating those that are the same for all."""
        shapes = [(count, *self._nodes[id].shape) for id in ids]
        return [
            value if np.shape(value) == shape else np.broadcast_to(value, shape)
            for value, shape in zip(values, shapes, strict=True)
        ]
