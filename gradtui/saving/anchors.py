"""The debugger's positions, by names, so that another version of the problem has them too.

Knows graphs and schedules; knows no numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from msgspec import Struct

from gradtui.debugger.steps import Compute, Flow, Moment, Move, Seed, StepOrder, Written
from gradtui.engine.graph import Graph

NodeKey = tuple[str, int]
"""(name, -1) of a named value; (name of the line, number) of an operation inside a line."""


MomentKey = tuple[str | int, ...]
"""The kind of a moment, and the names that it works on."""
_KEPT = 4
"""Most graphs whose keys are kept: a session that is saved has one."""


class Anchor(Struct, frozen=True):
    """A position inside a training step."""

    boundary: int | None
    """The boundary between passes that it lies on, if any."""
    before: tuple[MomentKey, ...]
    """The moments before it, by names, latest first."""


@lru_cache(_KEPT)
def node_keys(graph: Graph) -> Mapping[int, NodeKey]:
    """Return the key of each node of a model, independent of the rest of the model."""
    found: dict[int, NodeKey] = {}
    for statement in graph.statements:
        name = graph.nodes[statement.root].name
        found |= {id: (name, index) for index, id in enumerate(sorted(statement.operations))}
    return MappingProxyType(found | {id: (name, -1) for name, id in graph.names.items()})


def find_node(graph: Graph, key: NodeKey) -> int | None:
    """Return the node of a key; None where the model has none."""
    return next((id for id, own in node_keys(graph).items() if own == key), None)


def anchor_at(graph: Graph, order: StepOrder, position: int, most: int) -> Anchor:
    """Return the anchor of a position, with at most so many of the moments before it."""
    boundaries, keys = _boundaries(order), node_keys(graph)
    boundary = boundaries.index(position) if position in boundaries else None
    done = (order.moments[at] for at in range(position - 1, max(-1, position - 1 - most), -1))
    return Anchor(boundary, tuple(_moment_key(graph, keys, moment) for moment in done))


def find_anchor(graph: Graph, order: StepOrder, anchor: Anchor) -> int:
    """Return the position of an anchor, or of the latest moment before it that still exists."""
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
