"""Whether a point lies in the domain that the user's own arguments show.

Code keeps out of where it is not defined by bounds: the argument of a root is no less than 0. Where
such a bound is reached that the user's own arguments stay within, a gradient need not be right.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

import numpy as np

from gradtui.base.source import Place
from gradtui.recording.sweep import Without
from gradtui.recording.tape import Call, Tape

_BOUNDING = frozenset({"clip", "maximum", "minimum", "hardtanh", "relu"})
_Bound = tuple[str, Place | None]


def reached(tape: Tape, root: int) -> frozenset[_Bound]:
    """Return the bounds that some element is beyond on the way to a node, by name and place."""
    return frozenset(_key(tape, id) for id, _ in _binding(tape, root))


def is_beyond(tape: Tape, root: int, usual: Collection[_Bound]) -> bool:
    """Return whether a run is finite for bounds alone that are not among the `usual` ones.

    No run is within bounds the lower of which is above the upper one.
    """
    if _is_crossed(tape, root):
        return True
    bounds = {id: source for id, source in _binding(tape, root) if _key(tape, id) not in usual}
    if not bounds:
        return False
    # Each alone too: two factors that are both negative hide each other.
    ways = [bounds, *({id: source} for id, source in bounds.items() if len(bounds) > 1)]
    return not all(np.isfinite(Without(tape, one).value(root)).all() for one in ways)


def _is_crossed(tape: Tape, root: int) -> bool:
    """Return whether some lower bound is above the upper one."""
    return any(
        np.any(tape.value(node.inputs[1]) > tape.value(node.inputs[2]))
        for node in tape.nodes[:root]
        if isinstance(node, Call) and node.name == "clip" and len(node.inputs) == 3
    )


def _binding(tape: Tape, root: int) -> Iterator[tuple[int, int]]:
    """Yield the nodes that bound what they are given, each with the node of that."""
    for id in range(root):
        node = tape.nodes[id]
        if not isinstance(node, Call) or node.name not in _BOUNDING or not tape.active[id]:
            continue
        sources = [one for one in node.inputs if tape.active[one]]
        if len(sources) != 1 or tape.shape(sources[0]) != tape.shape(id):
            continue
        if not np.array_equal(tape.value(id), tape.value(sources[0]), equal_nan=True):
            yield id, sources[0]


def _key(tape: Tape, id: int) -> _Bound:
    node = tape.nodes[id]
    assert isinstance(node, Call)
    return node.name, node.place
