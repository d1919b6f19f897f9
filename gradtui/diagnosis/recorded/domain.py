"""Whether a point lies in the domain that the user's own arguments show.

Code keeps out of where it is not defined by bounds: the argument of a root is no less than 0. Where
such a bound is reached that the user's own arguments stay within, a gradient need not be right.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

import numpy as np

from gradtui.base.source import Place
from gradtui.recording.sweep import Replay
from gradtui.recording.tape import Array, Call, Tape

_BOUNDING = frozenset({"clip", "maximum", "minimum", "hardtanh", "relu"})
_Bound = tuple[str, Place | None]


def reached(tape: Tape, root: int) -> frozenset[_Bound]:
    """Return the bounds that some element is beyond on the way to a node, by name and place."""
    return frozenset(_key(tape, id) for id, _ in _binding(tape, root))


def is_beyond(tape: Tape, root: int, usual: Collection[_Bound]) -> bool:
    """Return whether a run is finite for bounds alone that are not among the `usual` ones."""
    bounds = {id: source for id, source in _binding(tape, root) if _key(tape, id) not in usual}
    if not bounds:
        return False
    # Each alone too: two factors that are both negative hide each other.
    ways = [bounds, *({id: source} for id, source in bounds.items() if len(bounds) > 1)]
    return not all(np.isfinite(_Unbounded(tape, one).value(root)).all() for one in ways)


def _binding(tape: Tape, root: int) -> Iterator[tuple[int, int]]:
    """Yield the nodes that bound what they are given, each with the node of that."""
    for id in range(root):
        node = tape.nodes[id]
        if not isinstance(node, Call) or node.name not in _BOUNDING or not tape.active[id]:
            continue
        sources = [one for one in node.inputs if tape.active[one]]
        if len(sources) == 1 and tape.shape(sources[0]) == tape.shape(id):
            if not np.array_equal(tape.value(id), tape.value(sources[0]), equal_nan=True):
                yield id, sources[0]


def _key(tape: Tape, id: int) -> _Bound:
    node = tape.nodes[id]
    assert isinstance(node, Call)
    return node.name, node.place


class _Unbounded(Replay):
    """All values of a tape as they are without some of its bounds."""

    def __init__(self, tape: Tape, without: dict[int, int]) -> None:
        self._without = without
        super().__init__(tape)

    def _computed(self, id: int) -> Array:
        return self.value(self._without[id]) if id in self._without else super()._computed(id)
