"""What is the same at every step of a run: the drawn graph, its paths, the order of events.

Knows the graph and its order; knows no numbers.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import TypeVar

from msgspec import Struct

from gradtui.debugger.steps import (
    Compute,
    Flow,
    Level,
    StepOrder,
    Written,
    build_order,
    computed_by,
    whole_statements,
)
from gradtui.engine.graph import Graph, Kind, Statement, depends_on, needed_for
from gradtui.engine.program import StepProgram
from gradtui.scenario.problem import Call

DrawnEdge = tuple[int, int]
"""(source, target) of an edge that is drawn."""
MAX_PATHS = 64
"""Most paths from one node to the loss that are listed."""
_READERS = 4
"""Most readers of a node that count as its neighbours."""
_KEPT = 16
"""Most nodes whose paths are remembered, for the next frames."""
MANY_PATHS = 10**9
"""Most paths counted; beyond them there are just "more"."""
_Key = TypeVar("_Key")


class Structure(Struct, frozen=True, eq=False):
    """One level of a graph, and the order of its training step."""

    order: StepOrder
    whole: frozenset[int]
    """The roots of the statements that are one node each."""
    nodes: tuple[int, ...]
    """The parameters and whatever is computed from them, in evaluation order."""
    edges: tuple[DrawnEdge, ...]
    """The edges between them, one for each pair."""
    inputs: Mapping[int, tuple[int, ...]]
    """Drawn node -> the drawn nodes that it reads."""
    consumers: Mapping[int, tuple[int, ...]]
    """Drawn node -> the drawn nodes that read it."""
    value_at: Mapping[int, int]
    """Node -> the position from which its value is known; what is not computed is absent."""
    flow_at: Mapping[DrawnEdge, int]
    """Edge -> the position from which its contribution is known."""
    line_at: Mapping[int, int]
    """Line of the hand-written backward pass, or line of a call that computes no value of the
    model -> the position from which it is done."""
    called: Mapping[int, int]
    """Position -> the line of a call that has been done there, for positions with such a line."""
    flows_into: Mapping[int, tuple[int, ...]]
    """Node -> the nodes from which contributions flow back to it, in the order of the pass."""
    statement_of: Mapping[int, Statement]
    """Root of a statement -> the statement."""
    line_of: Mapping[int, int]
    """Node that a statement computes -> the statement's number, from 0."""
    named_edges: Mapping[DrawnEdge, Statement]
    """(source, root) of each edge of the named graph, data included -> its statement."""
    useful: frozenset[int]
    """The nodes that the loss depends on."""
    readers: Mapping[int, tuple[int, ...]]
    """Named node -> the roots that read it and that the loss depends on."""
    path_counts: Mapping[int, int]
    """Named node -> how many paths lead from it to the loss, up to a limit."""

    def paths(self, node: int, loss: int) -> list[tuple[int, ...]]:
        """Return the paths from a named node to the loss, the first 64 of them."""
        return list(_paths(self, node, loss))

    def onward(self, node: int) -> list[DrawnEdge]:
        """Return the drawn edges on the paths from a node to the loss.

        A node that is not drawn itself is followed from the nodes that read it.
        """
        found = list[DrawnEdge]()
        ahead = [node] if node in self.nodes else [*self.readers.get(node, ())]
        seen = set(ahead)
        for source in ahead:
            for target in self.consumers.get(source, ()):
                if target in self.useful:
                    found.append((source, target))
                    if target not in seen:
                        seen.add(target)
                        ahead.append(target)  # its own edges follow
        return found

    def around(self, node: int, most: int) -> tuple[int, ...]:
        """Return the drawn nodes nearest to one, itself among them, in evaluation order.

        Of many that read a node the first are near; what else reads a parameter is not.
        """
        found, pending = {node}, deque([node])
        while pending and len(found) < most:
            at = pending.popleft()
            inputs = self.inputs.get(at, ())
            onward = self.consumers.get(at, ()) if inputs or at == node else ()
            for other in (*inputs, *onward[:_READERS]):
                if other not in found and len(found) < most:
                    found.add(other)
                    pending.append(other)
        return tuple(sorted(found))

    def reader_of(self, graph: Graph, source: int) -> int | None:
        """Return the first drawn node that reads a source itself; None where none does."""
        for node in self.nodes:
            if node in self.whole:
                if (source, node) in self.named_edges:
                    return node
            elif source in graph.nodes[node].inputs:
                return node
        return None


@lru_cache(_KEPT)
def _paths(structure: Structure, node: int, loss: int) -> tuple[tuple[int, ...], ...]:
    """Return the paths of a node; of a long program they have many thousand nodes."""
    found: list[tuple[int, ...]] = []
    via, choices = [node], [iter(structure.readers.get(node, ()))]
    if node == loss:
        return ((node,),)
    while choices and len(found) < MAX_PATHS:
        step = next(choices[-1], None)
        if step is None:
            via.pop()
            choices.pop()
        elif step == loss:
            found.append((*via, step))
        else:
            via.append(step)
            choices.append(iter(structure.readers.get(step, ())))
    return tuple(found)


def build_structure(
    program: StepProgram,
    level: Level,
    folded: frozenset[int] = frozenset(),
    call: Call | None = None,
) -> Structure:
    """Return one level of a program's graph with all that can be known before the numbers.

    `folded` are the roots of statements that are one node on the graph of operations.  `call` has
    the lines that were executed, where the program is one call of somebody's code.
    """
    graph, order = program.graph, build_order(program, level, folded, call)
    whole = whole_statements(graph, level, folded)
    nodes, edges = _drawn(graph, order, whole)
    named = {(source, s.root): s for s in graph.statements for source in graph.sources(s)}
    useful = needed_for(graph.nodes, [graph.loss])
    values, flows, lines = _positions(order)
    return Structure(
        order=order,
        whole=whole,
        nodes=nodes,
        edges=edges,
        inputs=_group((target, source) for source, target in edges),
        consumers=_group(edges),
        value_at=values,
        flow_at=flows,
        line_at=lines,
        called=MappingProxyType({} if call is None else _called(order, call)),
        flows_into=_group(flows),
        statement_of=MappingProxyType({s.root: s for s in graph.statements}),
        line_of=MappingProxyType(
            {
                id: index
                for index, s in enumerate(graph.statements)
                for id in (s.root, *s.operations)
            }
        ),
        named_edges=MappingProxyType(named),
        useful=useful,
        readers=_group(edge for edge in named if edge[1] in useful),
        path_counts=_count_paths(graph),
    )


def edges_of(structure: Structure, node: int) -> list[DrawnEdge]:
    """Return the edges into a drawn node; those out of it where it is computed from nothing."""
    inputs = structure.inputs.get(node, ())
    if inputs:
        return [(source, node) for source in inputs]
    return [(node, target) for target in structure.consumers.get(node, ())]


def _drawn(
    graph: Graph, order: StepOrder, whole: frozenset[int]
) -> tuple[tuple[int, ...], tuple[DrawnEdge, ...]]:
    trained = depends_on(graph.nodes, frozenset({Kind.PARAMETER}))
    computed = [m.node for m in order.moments if isinstance(m, Compute)]
    edges: list[DrawnEdge] = []
    for s in graph.statements:
        if s.root in whole:
            edges += [(source, s.root) for source in graph.sources(s)]
        else:
            edges += [
                (i, id) for id in computed_by(s) for i in dict.fromkeys(graph.nodes[id].inputs)
            ]
    parameters = {node.id for node in graph.parameters}
    shown = trained & (parameters | set(computed))
    return tuple(sorted(shown)), tuple(e for e in edges if e[0] in shown and e[1] in shown)


def _called(order: StepOrder, call: Call) -> dict[int, int]:
    """Return which line of a call each position is the end of."""
    found: dict[int, int] = {}
    for position, moment in enumerate(order.moments, 1):
        if isinstance(moment, Written):
            found[position] = moment.index
        elif isinstance(moment, Compute) and moment.node in call.computing:
            found[position] = call.computing[moment.node]
    return found


def _positions(
    order: StepOrder,
) -> tuple[Mapping[int, int], Mapping[DrawnEdge, int], Mapping[int, int]]:
    values: dict[int, int] = {}
    flows: dict[DrawnEdge, int] = {}
    lines: dict[int, int] = {}
    for position, moment in enumerate(order.moments, 1):
        if isinstance(moment, Compute):
            values[moment.node] = position
        elif isinstance(moment, Flow):
            flows[moment.source, moment.target] = position
        elif isinstance(moment, Written):
            lines[moment.index] = position
    return MappingProxyType(values), MappingProxyType(flows), MappingProxyType(lines)


def _group(pairs: Iterable[tuple[_Key, int]]) -> Mapping[_Key, tuple[int, ...]]:
    found: dict[_Key, list[int]] = {}
    for key, value in pairs:
        found.setdefault(key, []).append(value)
    return MappingProxyType({key: tuple(values) for key, values in found.items()})


def _count_paths(graph: Graph) -> Mapping[int, int]:
    counts = {graph.loss: 1}
    for statement in reversed(graph.statements):
        onward = counts.get(statement.root, 0)
        if onward:
            for source in graph.sources(statement):
                counts[source] = min(counts.get(source, 0) + onward, MANY_PATHS + 1)
    return MappingProxyType(counts)
