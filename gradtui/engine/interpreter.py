"""Evaluates nodes one by one at many points, by the registry's code.

For thousands of short-lived expressions that would take longer to compile than to run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradtui.engine.compiler import Mode, namespace, operation_code
from gradtui.engine.graph import Kind, Node
from gradtui.engine.shapes import Shape

Array = NDArray[np.float64]


class Interpreter:
    """The values of a list of nodes, which may grow, at the points of leading axes in float64.

    `lead` are the sizes of these axes: usually one of points, perhaps after one of variants.
    `leaves` are values with these axes, or with the last of them.  Values independent of them have
    none.
    """

    def __init__(self, nodes: Sequence[Node], leaves: Mapping[int, Array], *lead: int) -> None:
        self.nodes = nodes
        self.lead = lead
        self._values: dict[int, Any] = dict(leaves)
        self._batched = set(leaves)
        self._functions: dict[tuple[int, tuple[bool, ...]], Callable[..., Any]] = {}
        self._reached: dict[tuple[frozenset[int], frozenset[int], int], frozenset[int]] = {}
        self._held = frozenset[int]()
        """Nodes whose values were replaced."""

    def value(self, id: int) -> Array:
        """Return a node's value at every point, (*lead, *shape), read-only."""
        self._evaluate(id)
        shape = (*self.lead, *self.nodes[id].shape)
        return np.broadcast_to(np.asarray(self._values[id], dtype=np.float64), shape)

    def stacked(self, ids: Sequence[int]) -> Array:
        """Return the values of nodes of one shape, (ids, *lead, *shape)."""
        return np.array([self.value(id) for id in ids])

    def adopt(self, other: Interpreter, count: int) -> None:
        """Take the values of the first `count` nodes from another interpreter at the same points.

        It has the same leaves and the same nodes up to there, none replaced.
        """
        self._values |= {id: one for id, one in other._values.items() if id < count}
        self._batched |= {id for id in other._batched if id < count}

    def elsewhere(self, leaves: Mapping[int, Array], *lead: int) -> Interpreter:
        """Return an interpreter of the same nodes at other points."""
        fresh = Interpreter(self.nodes, leaves, *lead)
        fresh._functions, fresh._reached = self._functions, self._reached
        return fresh

    def replacing(self, values: Mapping[int, Array]) -> Interpreter:
        """Return an interpreter with some nodes' values replaced, and all their dependents.

        The values may have one more leading axis, of variants.  Earlier replacements keep their
        values.
        """
        fresh = Interpreter(self.nodes, values, *self._lead_with(values))
        fresh._functions, fresh._reached = self._functions, self._reached
        fresh._held = self._held.union(values)
        changed = self._computed_from(frozenset(values))
        fresh._values |= {id: one for id, one in self._values.items() if id not in changed}
        fresh._batched |= self._batched - changed
        return fresh

    def _computed_from(self, ids: frozenset[int]) -> frozenset[int]:
        """Return the nodes and all their dependents, except the held ones."""
        key = (ids, self._held, len(self.nodes))
        if key not in self._reached:
            reached = set(ids)
            for node in self.nodes:
                if node.id not in self._held and not reached.isdisjoint(node.inputs):
                    reached.add(node.id)
            self._reached[key] = frozenset(reached)
        return self._reached[key]

    def extended(
        self, nodes: Sequence[Node], leaves: Mapping[int, Array] = MappingProxyType({})
    ) -> Interpreter:
        """Return an interpreter of a longer list that begins with these nodes.

        `leaves` are the values of new leaves, at every point.
        """
        fresh = Interpreter(nodes, {}, *self.lead)
        fresh.lead = fresh._lead_with(leaves)
        fresh._values = {**self._values, **leaves}
        fresh._functions = self._functions if nodes is self.nodes else dict(self._functions)
        fresh._batched = self._batched.union(leaves)
        fresh._held = self._held
        return fresh

    def _axes(self, id: int) -> int:
        """Return the number of leading axes of a value that has any."""
        return np.ndim(self._values[id]) - len(self.nodes[id].shape)

    def _lead_with(self, values: Mapping[int, Array]) -> tuple[int, ...]:
        """Return the leading axes, given nodes whose values may have more of them."""
        own = {one.shape[: one.ndim - len(self.nodes[id].shape)] for id, one in values.items()}
        own.discard(self.lead)
        return np.broadcast_shapes(self.lead, *own) if own else self.lead

    def at(self, point: int | slice) -> Interpreter:
        """Return an interpreter of one point, or of some, along the first of the leading axes.

        Replacement values may have any number of rows, which becomes the number of points.
        """
        rest = self.lead[1:]
        lead = rest or (1,) if isinstance(point, int) else (len(range(self.lead[0])[point]), *rest)
        fresh = Interpreter(self.nodes, {}, *lead)
        whole = {id for id in self._batched if self._axes(id) == len(self.lead)}
        fresh._values = {
            id: value[point] if id in whole else value for id, value in self._values.items()
        }
        fresh._batched = set(self._batched) if rest or isinstance(point, slice) else set()
        fresh._functions, fresh._reached = self._functions, self._reached
        fresh._held = self._held
        return fresh

    def _evaluate(self, id: int) -> None:
        if id in self._values:
            return
        pending = [id]
        with np.errstate(all="ignore"):
            while pending:
                at = pending[-1]
                node = self.nodes[at]
                missing = [source for source in node.inputs if source not in self._values]
                if missing:
                    pending.extend(missing)
                    continue
                pending.pop()
                if at not in self._values:
                    self._compute(node)

    def _compute(self, node: Node) -> None:
        if node.kind is Kind.CONSTANT:
            self._values[node.id] = np.float64(node.value)
            return
        assert node.kind is Kind.OPERATION, f"no value for {node.name}"
        batched = tuple([id in self._batched for id in node.inputs])
        if True in batched:
            self._batched.add(node.id)
        function = self._functions.get((node.id, batched))
        if function is None:
            operands = tuple([_alike(self.nodes[id]) for id in node.inputs])
            function = _function(_alike(node), operands, batched)
            self._functions[node.id, batched] = function
        self._values[node.id] = function(*[self._values[id] for id in node.inputs])


def _alike(node: Node) -> Node:
    """Return a node reduced to the parts that decide its code."""
    return Node(0, node.kind, node.op, (), node.shape, node.options, value=node.value)


@lru_cache(1 << 12)
def _function(
    node: Node, operands: tuple[Node, ...], batched: tuple[bool, ...]
) -> Callable[..., Any]:
    texts = [f"v{at}" for at in range(len(operands))]
    code = operation_code(node, operands, texts, batched, Mode.BATCH)
    return _compiled(f"lambda {', '.join(texts)}: {code}")


@lru_cache(1 << 12)
def _compiled(source: str) -> Callable[..., Any]:
    function: Callable[..., Any] = eval(
        compile(source, "<gradtui>", "eval"), namespace(Mode.BATCH, "float64")
    )
    return function


def fitted(value: Array, shape: Shape, axes: int = 1) -> Array:
    """Return a value with a number of leading axes, broadcast to (*lead, *shape)."""
    lead, own = value.shape[:axes], value.shape[axes:]
    if own == shape:
        return value
    value = value.reshape(*lead, *(1,) * (len(shape) - len(own)), *own)
    return np.broadcast_to(value, (*lead, *shape))
