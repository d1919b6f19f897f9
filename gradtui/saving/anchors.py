"""Places of a debugger by names, so that they are found again in another version of the problem.

Knows graphs and schedules; knows no numbers.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from gradtui.debugger.steps import Compute, Flow, Moment, Move, Seed, StepOrder, Written
from gradtui.engine.graph import Graph

NodeKey = tuple[str, int]
"""(name, -1) of what has a name; for an operation inside a line the line's name and a number."""


MomentKey = tuple[str | int, ...]
"""What a moment does, and the names of what it does it to."""


class Anchor(Struct, frozen=True):
    """A position inside a training step."""

    boundary: int | None
    """Which boundary between passes it is, if it is one."""
    before: tuple[MomentKey, ...]
    """The moments up to it, by names, the last first."""


def node_keys(graph: Graph) -> Mapping[int, NodeKey]:
    """Return what each node of a model is called, whatever else the model holds."""
    found: dict[int, NodeKey] = {}
    for statement in graph.statements:
        name = graph.nodes[statement.root].name
        found |= {id: (name, index) for index, id in enumerate(sorted(statement.operations))}
    return found | {id: (name, -1) for name, id in graph.names.items()}


def find_node(graph: Graph, key: NodeKey) -> int | None:
    """Return the node of a key; None where the model has none."""
    return next((id for id, own in node_keys(graph).items() if own == key), None)


def anchor_at(graph: Graph, order: StepOrder, position: int) -> Anchor:
    """Return the anchor of a position."""
    boundaries, keys = _boundaries(order), node_keys(graph)
    boundary = boundaries.index(position) if position in boundaries else None
    done = reversed(order.moments[:position])
    return Anchor(boundary, tuple(_moment_key(graph, keys, moment) for moment in done))


def find_anchor(graph: Graph, order: StepOrder, anchor: Anchor) -> int:
    """Return the position of an anchor, or of the last moment before it that is there."""
    if anchor.boundary is not None:
        return _boundaries(order)[anchor.boundary]
    keys = node_keys(graph)
    positions = {_moment_key(graph, keys, m): at for at, m in enumerate(order.moments, 1)}
    return next((positions[key] for key in anchor.before if key in positions), 0)


def _boundaries(order: StepOrder) -> tuple[int, ...]:
    return 0, order.forward, order.backward, order.end


def _moment_key(graph: Graph, keys: Mapping[int, NodeKey], moment: Moment) -> MomentKey:
    match moment:
        case Compute(node):
            return "value", *keys[node]
        case Seed():
            return ("seed",)
        case Flow(source, target):
            return "flow", *keys[source], *keys[target]
        case Written(_, name):
            return "line", name
        case Move(position):
            return "move", graph.parameters[position].name
