"""The computation graph: nodes in evaluation order.

Knows shapes and names, no values except constants, and no derivatives.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from enum import Enum
from functools import cached_property

from msgspec import Struct

from gradtui.base.source import Place
from gradtui.engine.shapes import (
    Shape,
)
from gradtui.language.parser import Option

STRETCH = "broadcast_to"
"""The operation that derivatives do last, because others before it need fewer numbers."""
Edge = tuple[int, int]
"""(consumer, slot): the wire from a node's input number `slot` into the node `consumer`."""


class Kind(Enum):
    """The origin of a node's value."""

    PARAMETER = "parameter"
    DATA = "data"
    CONSTANT = "constant"
    HYPERPARAMETER = "hyperparameter"
    STATE = "state"
    RECORDED = "recorded"
    """A value that a recorded run made itself: neither parameter nor data, and without gradient."""
    OPERATION = "operation"


class Node(Struct, frozen=True, gc=False):
    """One value of the graph."""

    id: int
    """Its index; every input has a smaller one."""
    kind: Kind
    op: str
    """The registry's name of the operation; the kind's name for a leaf."""
    inputs: tuple[int, ...]
    """Ids of the operands, in order: `a*a` has the same one twice."""
    shape: Shape
    options: tuple[tuple[str, Option], ...] = ()
    name: str = ""
    """The name assigned in the program, or empty."""
    place: Place | None = None
    value: float = 0.0
    """The value of a constant."""


class Statement(Struct, frozen=True):
    """One line of the model: `name = expression`."""

    name: str
    root: int
    """The node that holds its value."""
    operations: tuple[int, ...]
    """Ids of the nodes it computes, each before its operands; the root first."""
    place: Place


class Graph(Struct, frozen=True, eq=False, dict=True):
    """A model as an immutable graph."""

    nodes: tuple[Node, ...]
    names: Mapping[str, int]
    """Every name of the model, parameters and data included -> its node."""
    statements: tuple[Statement, ...]
    loss: int
    """The node of the scalar loss."""

    @cached_property
    def parameters(self) -> tuple[Node, ...]:
        """The parameters, in the order of the file."""
        return tuple(node for node in self.nodes if node.kind is Kind.PARAMETER)

    @cached_property
    def data(self) -> tuple[Node, ...]:
        """The data, in the order of the file."""
        return tuple(node for node in self.nodes if node.kind is Kind.DATA)

    @cached_property
    def recorded(self) -> tuple[Node, ...]:
        """Values that a recorded run made itself, and indices of elements that it moved."""
        return tuple(node for node in self.nodes if node.kind is Kind.RECORDED)

    def root_of(self, node: int) -> int:
        """Return the root of the statement that computes a node; the loss if none does."""
        roots = (s.root for s in self.statements if node in s.operations)
        return next(roots, self.loss)

    def sources(self, statement: Statement) -> tuple[int, ...]:
        """Return the named nodes that a statement reads, in the order it reads them."""
        own = set(statement.operations)
        found: dict[int, None] = {}
        pending = [statement.root]
        while pending:
            node = self.nodes[pending.pop()]
            if node.id in own:
                pending.extend(reversed(node.inputs))
            elif node.name in self.names:
                found.setdefault(node.id)
        found.pop(statement.root, None)
        return tuple(found)


def depends_on(nodes: Sequence[Node], kinds: frozenset[Kind]) -> frozenset[int]:
    """Return the ids of all nodes that are of one of `kinds` or computed from one."""
    return computed_from(nodes, [node.id for node in nodes if node.kind in kinds])


def computed_from(nodes: Sequence[Node], leaves: Iterable[int]) -> frozenset[int]:
    """Return the ids of `leaves` and of all nodes computed from one of them."""
    found = set(leaves)
    for node in nodes:
        if any(source in found for source in node.inputs):
            found.add(node.id)
    return frozenset(found)


def needed_for(
    nodes: Sequence[Node], wanted: Iterable[int], given: Container[int] = ()
) -> frozenset[int]:
    """Return the ids of `wanted` and of all their inputs, up to the `given` ones."""
    needed = set(wanted)
    for node in reversed(nodes):
        if node.id in needed and node.id not in given:
            needed.update(node.inputs)
    return frozenset(needed)
