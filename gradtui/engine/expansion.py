"""Programs of small tensors expanded into scalars: one node for each element of each value.

The registry states what an element consists of.  Python computes a handful of bare numbers in less
time than one call of NumPy takes.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from gradtui.engine.builder import Builder
from gradtui.engine.graph import Kind, Node, needed_for
from gradtui.engine.indices import Index, aligned
from gradtui.engine.lowering import lower_tree
from gradtui.engine.ops import OPS, is_exact
from gradtui.language.parser import Name, parse_rule

MAX_NUMBERS = 1_500
"""Largest expanded program, in numbers: each is a line compiled at opening."""
_BARE, _CALLED = 0.03, 0.7
"""Microseconds, by estimate, of arithmetic on bare numbers, and of a function called on one."""
_ARRAYS = 0.8
"""Microseconds of an operation on small arrays."""


class Expansion(Struct, frozen=True, eq=False):
    """An expanded program."""

    nodes: tuple[Node, ...]
    """Its nodes, all of shape ()."""
    elements: tuple[tuple[int, ...], ...]
    """Node of the program -> the nodes of its elements, in row order."""

    def of(self, ids: Iterable[int]) -> list[int]:
        """Return the nodes of all elements of some values, one after the other."""
        return [element for id in ids for element in self.elements[id]]

    def fixed(self, values: Mapping[int, Any]) -> dict[int, float]:
        """Return node -> number, for values that never change."""
        return {
            element: float(number)
            for id, value in values.items()
            for element, number in zip(self.elements[id], np.ravel(value), strict=True)
        }


def expand(nodes: Sequence[Node], trained: Iterable[int]) -> Expansion | None:
    """Return a program expanded; None if it is too large, or if that would be slower.

    `trained` are the nodes that a training step computes, which decide.
    """
    if sum(math.prod(node.shape) for node in nodes) > MAX_NUMBERS:
        return None
    if not all(map(_can_be_written, nodes)):
        return None
    writer = _Writer(nodes)
    for node in nodes:
        writer.write(node.id)
    if len(writer.nodes) > MAX_NUMBERS:
        return None
    elements = tuple(writer.elements[node.id] for node in nodes)
    arrays = [id for id in trained if nodes[id].inputs]
    own = {element for id in arrays for element in elements[id]}
    bare = sum(_cost(writer.nodes, id) for id in needed_for(writer.nodes, own))
    return Expansion(tuple(writer.nodes), elements) if bare < _ARRAYS * len(arrays) else None


def _can_be_written(node: Node) -> bool:
    if node.kind is not Kind.OPERATION:
        return True
    entry = OPS[node.op]
    stated = entry.elementwise or entry.elements is not None or bool(entry.meaning)
    return stated and not entry.index and not entry.shifts


def _cost(nodes: Sequence[Node], id: int) -> float:
    """Return the microseconds, by estimate, that one number takes."""
    node = nodes[id]
    if not node.inputs:
        return 0.0
    return _BARE if is_exact(nodes, node) else _CALLED


class _Writer:
    """Appends the elements of values, sharing equal ones."""

    def __init__(self, nodes: Sequence[Node]) -> None:
        self.tensors = Builder(nodes)
        self.nodes: list[Node] = []
        self.elements: dict[int, tuple[int, ...]] = {}
        self._known: dict[tuple[object, ...], int] = {}

    def write(self, id: int) -> tuple[int, ...]:
        """Append the elements of a value whose operands are expanded, and return them."""
        if id not in self.elements:
            self.elements[id] = self._written(self.tensors.nodes[id])
        return self.elements[id]

    def _written(self, node: Node) -> tuple[int, ...]:
        if node.kind is Kind.CONSTANT:
            return (self._constant(node.value),)
        if node.kind is not Kind.OPERATION:
            return tuple(self._append(node.kind, node.op, (), node.name)
                         for _ in range(math.prod(node.shape)))  # fmt: skip
        entry = OPS[node.op]
        if entry.meaning:
            return self._meant(node)
        find = self._elementwise if entry.elementwise else self._folded
        return tuple(find(node, index) for index in product(*map(range, node.shape)))

    def _elementwise(self, node: Node, index: Index) -> int:
        return self._apply(node.op, tuple(self._element(id, index) for id in node.inputs))

    def _element(self, id: int, index: Index) -> int:
        """Return the element of a value that broadcasting puts at an index."""
        shape = self.tensors.nodes[id].shape
        place = 0
        for at, size in zip(aligned(index, shape), shape, strict=True):
            place = place * size + at
        return self.elements[id][place]

    def _folded(self, node: Node, index: Index) -> int:
        """Return an element's sum, or maximum, from the first term to the last."""
        entry = OPS[node.op]
        assert entry.elements is not None
        shapes = [self.tensors.nodes[id].shape for id in node.inputs]
        found: int | None = None
        for term in entry.elements(shapes, dict(node.options), index, _read_nothing):
            factors = [self._element(node.inputs[slot], at) for slot, at in term]
            one = factors[0] if factors else self._constant(0.0)
            for factor in factors[1:]:
                one = self._apply("*", (one, factor))
            found = one if found is None else self._apply(entry.fold, (found, one))
        nothing = 0.0 if entry.fold == "+" else -math.inf
        return self._constant(nothing) if found is None else found

    def _meant(self, node: Node) -> tuple[int, ...]:
        """Return the elements of an operation expressed in simpler ones."""
        entry, options = OPS[node.op], dict(node.options)
        shapes = [self.tensors.nodes[id].shape for id in node.inputs]
        text = entry.meaning if isinstance(entry.meaning, str) else entry.meaning(shapes)
        names = dict(zip(entry.operands, node.inputs, strict=True))
        count, first = options.get("n"), len(self.tensors.nodes)
        if isinstance(count, int):
            names["n"] = self.tensors.constant(float(count))

        def resolve(name: Name) -> int:
            return names[name.name]

        root = lower_tree(parse_rule(text), self.tensors, resolve, options)
        for id in range(first, len(self.tensors.nodes)):
            self.write(id)
        return self.elements[root]

    def _constant(self, value: float) -> int:
        return self._append(Kind.CONSTANT, Kind.CONSTANT.value, (), "", value, repr(value))

    def _apply(self, op: str, inputs: tuple[int, ...]) -> int:
        return self._append(Kind.OPERATION, op, inputs)

    def _append(
        self, kind: Kind, op: str, inputs: tuple[int, ...], name: str = "", value: float = 0.0,
        shown: str = "",
    ) -> int:  # fmt: skip
        key = (op, inputs, shown)
        shared = kind in (Kind.CONSTANT, Kind.OPERATION)
        if shared and key in self._known:
            return self._known[key]
        id = len(self.nodes)
        self.nodes.append(Node(id, kind, op, inputs, (), (), name, None, value))
        if shared:
            self._known[key] = id
        return id


def _read_nothing(slot: int) -> NDArray[Any]:
    raise AssertionError("what depends on whole numbers is not written out")
