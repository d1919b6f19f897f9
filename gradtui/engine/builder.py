"""Builds graphs node by node: checks shapes, and simplifies derivatives."""

from __future__ import annotations

import math
from collections.abc import Sequence
from types import MappingProxyType

from gradtui.base.source import InputError, Place
from gradtui.base.text import clip, shape_text
from gradtui.engine.formula import formula
from gradtui.engine.graph import STRETCH, Kind, Node
from gradtui.engine.ops import OPS
from gradtui.engine.shapes import (
    MAX_ELEMENTS,
    Options,
    Shape,
    ShapeError,
    axes_of,
    count,
    summed_axes,
)
from gradtui.language.parser import Option

_DESCRIBED = 40
"""Longest expression in a message, in characters."""


class MisfitError(InputError):
    """The shapes of an operation's operands do not fit."""


class Builder:
    """Appends nodes one by one, checking shapes; graphs grow in no other way.

    With `simplify`, as for derivatives, `1*x`, `x + 0`, `x**1` and arithmetic of constants are
    reduced and equal nodes are shared; a user's own program is kept as it was written.
    """

    def __init__(self, nodes: Sequence[Node] = (), *, simplify: bool = False) -> None:
        self.nodes = list(nodes)
        self.simplify = simplify
        self._interned: dict[tuple[object, ...], int] = {}

    def leaf(self, kind: Kind, name: str, shape: Shape, place: Place | None = None) -> int:
        """Append a value from outside and return its id."""
        return self._append(Node(len(self.nodes), kind, kind.value, (), shape, (), name, place))

    def constant(self, value: float, place: Place | None = None) -> int:
        """Append (or share) a constant and return its id."""
        key = ("constant", repr(value))
        if self.simplify and key in self._interned:
            return self._interned[key]
        kind = Kind.CONSTANT
        id = self._append(Node(len(self.nodes), kind, kind.value, (), (), (), "", place, value))
        self._interned[key] = id
        return id

    def apply(
        self,
        op: str,
        inputs: tuple[int, ...],
        options: Options = MappingProxyType({}),
        place: Place | None = None,
    ) -> int:
        """Append an operation and return its id; raises MisfitError if the shapes do not fit."""
        operands = [self.nodes[id] for id in inputs]
        try:
            own = normalise(op, [node.shape for node in operands], options)
            shape = OPS[op].shape([node.shape for node in operands], own)
            if not self.simplify and math.prod(shape) > MAX_ELEMENTS:
                raise ShapeError(f"give {shape_text(shape)}, more than {MAX_ELEMENTS:,} numbers")
        except ShapeError as error:
            # Nobody reads the messages about thousands of derived expressions.
            message = str(error) if self.simplify else self._shape_message(operands, str(error))
            raise MisfitError(message, place) from None
        if not self.simplify:
            return self._append(self._operation(op, inputs, shape, own, place))
        reduced = _before_stretch(self, op, inputs, own, shape)
        if reduced is None:
            reduced = _simplify(self, op, inputs, shape)
        if reduced is not None:
            return reduced
        key = (op, inputs, tuple(own.items()))
        if key not in self._interned:
            self._interned[key] = self._append(self._operation(op, inputs, shape, own, place))
        return self._interned[key]

    def fit(self, id: int, shape: Shape) -> int:
        """Return `id` summed over the axes that broadcasting added to `shape`, or stretched."""
        own = self.nodes[id].shape
        if own == shape:
            return id
        drop, keep = summed_axes(own, shape)
        if _stretches(self.nodes[id]):
            summed = self.fit(self.nodes[id].inputs[0], shape)
            times = self.constant(_repeats(self.nodes, id, drop + keep))
            return self.fit(self.apply("*", (summed, times)), shape)
        if drop or keep:
            kept = range(-min(len(own), len(shape)), 0)
            left = tuple(1 if axis in keep else own[axis] for axis in kept)
            id = self.apply("collect", (id,), {"shape": left, "drop": drop, "keep": keep})
            own = left
        return id if own == shape else self.apply(STRETCH, (id,), {"shape": shape})

    def rename(self, id: int, name: str, place: Place | None) -> None:
        """Give a node its name."""
        node = self.nodes[id]
        self.nodes[id] = Node(
            node.id, node.kind, node.op, node.inputs, node.shape, node.options, name,
            node.place or place, node.value,
        )  # fmt: skip

    def _shape_message(self, operands: Sequence[Node], reason: str) -> str:
        described = [f"shape {shape_text(n.shape)} of {self._describe(n)}" for n in operands]
        return " and ".join(described) + f" {reason}"

    def _describe(self, node: Node) -> str:
        """Return a node's name, or the beginning of its expression."""
        if node.name or node.kind is Kind.CONSTANT:
            return node.name or "a number"
        return clip(formula(self.nodes, node.id, lambda other: other.name or None), _DESCRIBED)

    def _append(self, node: Node) -> int:
        self.nodes.append(node)
        return node.id

    def _operation(
        self, op: str, inputs: tuple[int, ...], shape: Shape, options: Options, place: Place | None
    ) -> Node:
        kind = Kind.OPERATION
        return Node(len(self.nodes), kind, op, inputs, shape, tuple(options.items()), "", place)


def normalise(op: str, shapes: Sequence[Shape], given: Options) -> dict[str, Option]:
    """Return an operation's options with defaults filled in and axes counted from the end."""
    entry = OPS[op]
    options = {**dict(entry.options), **given}
    return options if entry.settle is None else entry.settle(shapes, options)


def _before_stretch(
    builder: Builder, op: str, inputs: tuple[int, ...], options: Options, shape: Shape
) -> int | None:
    """Return the operation done before broadcasting its inputs instead of after, or None."""
    nodes = builder.nodes
    plain = tuple(nodes[id].inputs[0] if _stretches(nodes[id]) else id for id in inputs)
    if plain == inputs:
        return None
    if OPS[op].elementwise:
        return builder.fit(builder.apply(op, plain, options), shape)
    if op == "@":
        return _before_product(builder, inputs, plain, shape)
    base, rank = plain[0], len(nodes[plain[0]].shape)
    if op == "sum":
        axes = axes_of(options["axis"])
        times = builder.constant(_repeats(nodes, inputs[0], axes))
        if rank:
            left = tuple(axis for axis in axes if axis >= -rank)
            base = builder.apply("sum", (base,), {"axis": left, "keepdims": options["keepdims"]})
        return builder.fit(builder.apply("*", (base, times)), shape)
    chosen = OPS[op].rearranges or op == "slice"
    return builder.fit(base, shape) if rank == 0 and chosen else None


def _before_product(
    builder: Builder, inputs: tuple[int, ...], plain: tuple[int, ...], shape: Shape
) -> int | None:
    """Return a matrix product that computes equal rows or columns once, or None."""
    (left, right), (one, other) = inputs, plain
    shapes = [builder.nodes[id].shape for id in (left, right, one, other)]
    if any(len(own) != 2 for own in shapes):
        return None
    if shapes[2] == (1, shapes[0][1]) and one != left:
        return builder.fit(builder.apply("@", (one, right)), shape)
    if shapes[3] == (shapes[1][0], 1) and other != right:
        return builder.fit(builder.apply("@", (left, other)), shape)
    return None


def _swaps_last_two(node: Node) -> bool:
    rank = len(node.shape)
    order = (*range(-rank, -2), -1, -2)
    return (node.op == "transpose" and dict(node.options)["axes"] == order) or (
        node.op in ("T", "mT") and (node.op == "mT" or rank == 2)
    )


def _stretches(node: Node) -> bool:
    return node.op == STRETCH and not node.name


def _repeats(nodes: Sequence[Node], stretch: int, axes: Sequence[int]) -> float:
    """Return how often a sum over axes of a broadcast node counts each element."""
    full, base = nodes[stretch].shape, nodes[nodes[stretch].inputs[0]].shape
    return float(count(full, [a for a in axes if a < -len(base) or base[a] != full[a]]))


def _simplify(builder: Builder, op: str, inputs: tuple[int, ...], shape: Shape) -> int | None:
    """Return an existing node with the result, or None; only exact rewritings.

    Named nodes are not rewritten, because their values may be replaced.
    """
    nodes = [builder.nodes[id] for id in inputs]
    bare = ["" if node.name else node.op for node in nodes]
    values = [
        node.value if node.kind is Kind.CONSTANT and not node.name else None for node in nodes
    ]
    same = [node.shape == shape for node in nodes]
    match op, values:
        case "neg", [float(x)]:
            return builder.constant(-x)
        case "neg", _ if bare[0] == "neg":
            return nodes[0].inputs[0]
        case "T", _ if bare[0] == "T":
            return nodes[0].inputs[0]
        case "identity", _:
            return inputs[0]
        case ("+" | "-" | "*", [float(x), float(y)]):
            return builder.constant(x + y if op == "+" else x - y if op == "-" else x * y)
        case ("*", [1.0, _]) | ("+", [0.0, _]) if same[1]:
            return inputs[1]
        case ("*" | "/" | "**", [_, 1.0]) | ("+" | "-", [_, 0.0]) if same[0]:
            return inputs[0]
        case ("*", [-1.0, _]) if same[1]:
            return builder.apply("neg", inputs[1:])
        case ("*", [_, -1.0]) if same[0]:
            return builder.apply("neg", inputs[:1])
        case ("*", [0.0, _]) | ("*", [_, 0.0]):
            return builder.fit(builder.constant(0.0), shape)
        case ("*", _) if bare[0] == "neg":
            return builder.apply("neg", (builder.apply("*", (nodes[0].inputs[0], inputs[1])),))
        case ("*", _) if bare[1] == "neg":
            return builder.apply("neg", (builder.apply("*", (inputs[0], nodes[1].inputs[0])),))
        case ("mT", _) if bare[0] and _swaps_last_two(nodes[0]):
            return nodes[0].inputs[0]
        case ("concat", _) if not all(same) and (0 in nodes[0].shape) != (0 in nodes[1].shape):
            return inputs[0] if 0 in nodes[1].shape else inputs[1]
        case ("+", _) if bare[1] == "neg":
            return builder.apply("-", (inputs[0], nodes[1].inputs[0]))
        case _:
            return None
