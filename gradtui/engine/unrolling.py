"""Unrolls several steps of a loop into one: the results of each step feed the next."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from gradtui.engine.graph import Kind, Node, needed_for


class Round(Struct, frozen=True, eq=False):
    """The computation of one round of a training loop."""

    nodes: Sequence[Node]
    state: Sequence[int]
    """The nodes of the carried state, before."""
    after: Sequence[int]
    """The nodes of the carried state, after."""
    varying: Sequence[int]
    """The leaves that change each time, step by step."""
    written: Sequence[int]
    """The nodes whose values are kept, step by step."""

    @property
    def size(self) -> int:
        """The number of operations."""
        wanted = needed_for(self.nodes, [*self.after, *self.written], frozenset(self.state))
        return sum(1 for id in wanted if self.nodes[id].kind is Kind.OPERATION)


def unroll(once: Round, times: int) -> Round:
    """Return a round of several steps, with each node repeated for each step."""
    nodes, after = list(once.nodes), list(once.after)
    varying, written = list(once.varying), list(once.written)
    given = frozenset([*once.state, *once.varying])
    needed = needed_for(once.nodes, [*once.after, *once.written], given)
    moving = set(given)
    for node in once.nodes:
        if node.id in needed and not moving.isdisjoint(node.inputs):
            moving.add(node.id)
    own = sorted(moving - given)
    for _ in range(times - 1):
        place = dict(zip(once.state, after, strict=True))
        for id in [*once.varying, *own]:
            node = once.nodes[id]
            inputs = tuple(place.get(source, source) for source in node.inputs)
            place[id] = len(nodes)
            nodes.append(replace(node, id=len(nodes), inputs=inputs))
        after = [place.get(id, id) for id in once.after]
        varying += [place[id] for id in once.varying]
        written += [place.get(id, id) for id in once.written]
    return Round(nodes, once.state, after, varying, written)
