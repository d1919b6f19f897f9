"""Several steps of a loop as the nodes of one: what one step leaves is what the next one reads."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from gradtui.engine.graph import Kind, Node, needed_for


class Round(Struct, frozen=True, eq=False):
    """What a training loop computes each time round."""

    nodes: Sequence[Node]
    state: Sequence[int]
    """The nodes of what it carries over, before."""
    after: Sequence[int]
    """Their nodes after."""
    varying: Sequence[int]
    """The leaves that are new each time, step by step."""
    written: Sequence[int]
    """The nodes whose values are kept, step by step."""

    @property
    def size(self) -> int:
        """How many operations it takes."""
        wanted = needed_for(self.nodes, [*self.after, *self.written], frozenset(self.state))
        return sum(1 for id in wanted if self.nodes[id].kind is Kind.OPERATION)


def unroll(once: Round, times: int) -> Round:
    """Return a round of several steps, each node of a step there as often."""
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
