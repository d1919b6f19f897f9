"""Whether a point lies in the domain that the user's own arguments show.

Code avoids undefined values by bounds: the argument of a root is at least 0. Beyond such a bound
that the user's own arguments respect, a gradient need not be right.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

import numpy as np

from gradtui.base.source import Place
from gradtui.recording.sweep import Replay
from gradtui.recording.tape import Call, Tape

_BOUNDING = frozenset({"clip", "maximum", "minimum", "hardtanh", "relu"})
_Bound = tuple[str, Place | None]


def reached(tape: Tape, root: int) -> frozenset[_Bound]:
    """Return the bounds that some element exceeds on the way to a node, by name and place."""
    return frozenset(_key(tape, id) for id, _ in _binding(tape, root))


def is_beyond(tape: Tape, root: int, usual: Collection[_Bound]) -> bool:
    """Return whether a run is finite only because of bounds outside the `usual` ones.

    No run is within bounds whose lower one is above the upper one.
    """
    if _is_crossed(tape, root):
        return True
    bounds = {id: source for id, source in _binding(tape, root) if _key(tape, id) not in usual}
    if not bounds:
        return False
    # Each alone, too, because two negative factors hide each other.
    ways = [bounds, *({id: source} for id, source in bounds.items() if len(bounds) > 1)]
    return not all(np.isfinite(Replay(tape, handing=one).value(root)).all() for one in ways)


def _is_crossed(tape: Tape, root: int) -> bool:
    """Return whether some lower bound is above the upper one."""
    return any(
        np.any(tape.value(node.inputs[1]) > tape.value(node.inputs[2]))
        for node in tape.nodes[:root]
        if isinstance(node, Call) and node.name == "clip" and len(node.inputs) == 3
    )


def _binding(tape: Tape, root: int) -> Iterator[tuple[int, int]]:
    """Yield the nodes that bound an operand, each with the operand's node."""
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
