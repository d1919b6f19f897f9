"""Reverse mode: a graph -> the nodes of its local derivatives, contributions and adjoints.

The backward pass is itself a graph, appended to the forward one, so that one compiler serves both
and every number of it can be shown.  Baydin et al., "Automatic differentiation in machine learning:
a survey" (2018), section 3.2.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache, lru_cache
from types import MappingProxyType

from msgspec import Struct

from gradtui.engine.builder import Builder
from gradtui.engine.graph import (
    Edge,
    Graph,
    Kind,
    Node,
    Statement,
    computed_from,
    depends_on,
    needed_for,
)
from gradtui.engine.lowering import lower_tree
from gradtui.engine.ops import OPS
from gradtui.engine.shapes import Shape, axes_of
from gradtui.language.parser import Name, parse_rule

_rule = cache(parse_rule)
_RULES = 256
"""Most statements whose rules are cached: a screen shows the same few at every step."""
_GRAPHS = 4
"""Most graphs whose nodes with a gradient are cached."""


class Reverse(Struct, frozen=True, eq=False):
    """The backward pass of a graph."""

    nodes: tuple[Node, ...]
    """The graph's nodes, then those of the derivatives."""
    order: tuple[Edge, ...]
    """The edges that carry a contribution, in the order of the backward pass."""
    local: Mapping[Edge, int]
    """Edge of an elementwise operation or a reduction -> node of its local derivative."""
    contribution: Mapping[Edge, int]
    """Edge -> node of the contribution along it, in its source's shape.

    Edges that the loss does not use, or that no gradient can pass, are absent.
    """
    adjoint: Mapping[int, int]
    """Node -> node of dLoss/dnode.  Absent where no path leads to the loss."""
    named_local: Mapping[tuple[int, int], int]
    """(source, root of a statement) -> node of ∂root/∂source, for elementwise edges."""


def differentiate(graph: Graph) -> Reverse:
    """Return the backward pass of the graph's loss."""
    builder = Builder(graph.nodes, simplify=True)
    carriers = _carriers(graph.nodes)
    walk = _Walk(builder, carriers, graph.loss, builder.constant(1.0))
    for statement in reversed(graph.statements):
        walk.visit(statement.operations)
    named = {
        (source, statement.root): local
        for statement in graph.statements
        for source, local in _locals_of(builder, carriers, statement).items()
        if local is not None and graph.nodes[source].name and source != statement.root
    }
    return Reverse(
        tuple(builder.nodes),
        tuple(walk.contribution),
        MappingProxyType(walk.local),
        MappingProxyType(walk.contribution),
        MappingProxyType(walk.adjoint),
        MappingProxyType(named),
    )


def adjoints_from(
    builder: Builder, graph: Graph, given: Mapping[int, int], targets: Collection[int] | None = None
) -> Mapping[int, int]:
    """Append a backward pass with some adjoints given, and return node -> adjoint.

    `given` maps operations to the nodes used as their adjoints.  With `targets`, only the nodes
    for their adjoints are appended.
    """
    walk = _Walk(builder, _carriers_of(graph), graph.loss, builder.constant(1.0))
    needed = _between(graph, given, targets)
    for statement in reversed(graph.statements):
        for operation in statement.operations:
            if operation not in needed:
                continue
            if operation in given:
                walk.adjoint[operation] = given[operation]
            walk.visit((operation,))
    return walk.adjoint


def flow_through(
    builder: Builder, graph: Graph, statement: Statement, adjoint: int
) -> Mapping[int, int]:
    """Append the backward pass of one statement alone, and return node -> its contribution."""
    walk = _Walk(builder, _carriers_of(graph), statement.root, adjoint)
    walk.visit(statement.operations)
    return walk.adjoint


def _between(
    graph: Graph, given: Collection[int], targets: Collection[int] | None
) -> Collection[int]:
    """Return the nodes through which the loss or the given nodes depend on targets, or all."""
    if targets is None:
        return range(len(graph.nodes))
    found, passed = set[int](), {*targets}
    for node in graph.nodes[min(targets, default=len(graph.nodes)) :]:
        if not passed.isdisjoint(node.inputs):
            found.add(node.id)
            if node.id not in given:
                passed.add(node.id)
    return found


def statement_rule(
    graph: Graph, statement: Statement, source: int, *, seed: float | None = None
) -> tuple[tuple[Node, ...], int]:
    """Return nodes and the root of a statement's contribution to `source`.

    This is the symbolic vector-Jacobian product of the whole statement; its adjoint is the leaf
    `G`, or the number `seed`.
    """
    nodes, flows, none = _statement_rules(graph, statement, seed)
    return nodes, flows.get(source, none)


@lru_cache(_RULES)
def _statement_rules(
    graph: Graph, statement: Statement, seed: float | None
) -> tuple[tuple[Node, ...], Mapping[int, int], int]:
    """Return nodes, node -> the root of a statement's contribution to it, and a node of 0.

    All are made at once, because a statement may read thousands of names.
    """
    builder = Builder(graph.nodes, simplify=True)
    shape = graph.nodes[statement.root].shape
    arriving = (
        builder.leaf(Kind.HYPERPARAMETER, "G", shape) if seed is None else builder.constant(seed)
    )
    flows = flow_through(builder, graph, statement, arriving)
    none = builder.constant(0.0)
    return tuple(builder.nodes), flows, none


class HessianProduct(Struct, frozen=True, eq=False):
    """The product of the loss's Hessian with a direction, as nodes."""

    nodes: tuple[Node, ...]
    """The graph's nodes, those of its derivatives, then those of the product."""
    direction: tuple[int, ...]
    """The leaves of the direction v, one for each parameter, in the order of the file."""
    gradient: tuple[int, ...]
    """The nodes of dLoss/dparameter."""
    product: tuple[int, ...]
    """The nodes of Hv, in the shapes of the parameters."""


def differentiate_twice(graph: Graph, reverse: Reverse) -> HessianProduct:
    """Return Hv as the gradient of g·v, the backward pass of the backward pass.

    Pearlmutter, Fast exact multiplication by the Hessian (1994); the slope of a slope that jumps
    is taken to be 0.
    """
    builder = Builder(reverse.nodes, simplify=True)
    none = builder.constant(0.0)
    direction, gradient, total = [], [], none
    for parameter in graph.parameters:
        leaf = builder.leaf(Kind.HYPERPARAMETER, f"v of {parameter.name}", parameter.shape)
        slope = reverse.adjoint.get(parameter.id)
        slope = builder.fit(none, parameter.shape) if slope is None else slope
        along = builder.apply("sum", (builder.apply("*", (slope, leaf)),))
        total = builder.apply("+", (total, along))
        direction.append(leaf)
        gradient.append(slope)
    carriers = depends_on(builder.nodes, frozenset({Kind.PARAMETER}))
    walk = _Walk(builder, carriers, total, builder.constant(1.0))
    operations = [n.id for n in builder.nodes if n.inputs and n.id in carriers]
    needed = needed_for(builder.nodes, [total])
    walk.visit(id for id in reversed(operations) if id in needed)
    product = tuple(
        walk.adjoint[parameter.id]
        if parameter.id in walk.adjoint
        else builder.fit(none, parameter.shape)
        for parameter in graph.parameters
    )
    return HessianProduct(tuple(builder.nodes), tuple(direction), tuple(gradient), product)


def transposed_rule(
    nodes: Sequence[Node], flow: int, given: int, shape: Shape
) -> tuple[tuple[Node, ...], int, int]:
    """Return nodes, the leaf of a tangent and the root of the Jacobian-vector product.

    `flow`, of the shape `shape`, is a vector-Jacobian product that is linear in the leaf `given`.
    """
    builder = Builder(nodes, simplify=True)
    seed = builder.leaf(Kind.HYPERPARAMETER, "tangent", shape)
    dependent = computed_from(nodes, [given])
    walk = _Walk(builder, dependent, flow, seed)
    walk.visit(id for id in range(len(nodes) - 1, given, -1) if id in dependent)
    found = walk.adjoint.get(given)
    root = builder.constant(0.0) if found is None else found
    return tuple(builder.nodes), seed, root


@lru_cache(_GRAPHS)
def _carriers_of(graph: Graph) -> frozenset[int]:
    return _carriers(graph.nodes)


def _carriers(nodes: Sequence[Node]) -> frozenset[int]:
    """Return the ids of the nodes that have a gradient.

    Unnamed numbers and their arithmetic have none, nor have values that a recorded run made itself.
    The derivative by the exponent of `x**-2` is useless, and nan for x < 0.
    """
    found: set[int] = set()
    for node in nodes:
        if node.kind is Kind.RECORDED:
            continue
        outside = node.kind not in (Kind.CONSTANT, Kind.OPERATION)
        if outside or node.name or any(source in found for source in node.inputs):
            found.add(node.id)
    return frozenset(found)


class _Walk:
    """One sweep from a seed back to the leaves."""

    def __init__(self, builder: Builder, carriers: frozenset[int], root: int, seed: int) -> None:
        self.builder = builder
        self.carriers = carriers
        self.adjoint = {root: seed}
        self.local: dict[Edge, int] = {}
        self.contribution: dict[Edge, int] = {}

    def visit(self, operations: Iterable[int]) -> None:
        """Add the contributions of operations, consumers first, to their operands' adjoints."""
        nodes = self.builder.nodes
        for op in operations:
            for slot, source in enumerate(nodes[op].inputs):
                if source in self.carriers:
                    self._pass((op, slot), nodes[op], nodes[source])

    def _pass(self, edge: Edge, node: Node, source: Node) -> None:
        builder, entry = self.builder, OPS[node.op]
        arriving = self.adjoint.get(node.id)
        if entry.partials:
            local = self.local[edge] = _partial(builder, node, edge[1])
            if arriving is None or _is_zero(builder.nodes[local]):
                return
            flow = builder.apply("*", (unreduced(builder, node, arriving), local))
        else:
            if arriving is None:
                return
            assert entry.vjps is not None
            rule = entry.vjps([builder.nodes[id].shape for id in node.inputs])[edge[1]]
            if rule == "0":
                return
            flow = apply_rule(builder, rule, node, {"G": arriving})
        flow = self.contribution[edge] = builder.fit(flow, source.shape)
        before = self.adjoint.get(source.id)
        self.adjoint[source.id] = flow if before is None else builder.apply("+", (before, flow))


def _partial(builder: Builder, node: Node, slot: int) -> int:
    """Append the local derivative of an elementwise operation or a reduction."""
    entry, extra = OPS[node.op], dict[str, int]()
    if entry.reduction:
        extra["out"] = unreduced(builder, node, node.id)
        extra["n"] = builder.constant(float(dict(node.options)["n"] or 0))  # type: ignore[arg-type]
    return apply_rule(builder, entry.partials[slot], node, extra)


def apply_rule(builder: Builder, rule: str, node: Node, extra: Mapping[str, int]) -> int:
    """Append the nodes of a rule of the registry about one node, and return the root's id."""
    names = {"out": node.id, **dict(zip(OPS[node.op].operands, node.inputs, strict=True)), **extra}

    def resolve(name: Name) -> int:
        return names[name.name]

    return lower_tree(_rule(rule), builder, resolve, dict(node.options))


def unreduced(builder: Builder, node: Node, id: int) -> int:
    """Return `id`, of the shape of `node`, with the axes that a reduction removed restored."""
    if not OPS[node.op].reduction or dict(node.options)["keepdims"]:
        return id
    axes = axes_of(dict(node.options)["axis"])
    rank = len(node.shape) + len(axes)
    if axes == tuple(range(-rank, -rank + len(axes))):
        return id
    return builder.apply("expand", (id,), {"axis": axes})


def _locals_of(
    builder: Builder, carriers: frozenset[int], statement: Statement
) -> dict[int, int | None]:
    """Append ∂root/∂operand for each node that one statement reads or computes.

    All uses inside the statement are summed and other names held.  None if an operation on the
    path is not elementwise.
    """
    reached: dict[int, int | None] = {statement.root: builder.constant(1.0)}
    for op in statement.operations:
        node, above = builder.nodes[op], reached.get(op)
        for slot, operand in enumerate(node.inputs):
            if operand not in carriers:
                continue
            if above is None or not OPS[node.op].elementwise or reached.get(operand, 0) is None:
                reached[operand] = None
                continue
            step = builder.apply("*", (above, _partial(builder, node, slot)))
            before = reached.get(operand)
            reached[operand] = step if before is None else builder.apply("+", (before, step))
    return reached


def _is_zero(node: Node) -> bool:
    return node.kind is Kind.CONSTANT and node.value == 0.0
