"""Walks over the values of a tape."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from gradtui.base.source import Place
from gradtui.diagnosis.recorded.blame.told import Line
from gradtui.recording.tape import Call, Leaf, Moved, Node, Tape


def line_of(tape: Tape, id: int) -> Line | None:
    """Return the line that computes a value, None for what is given."""
    node = tape.nodes[id]
    place = node.place
    return None if place is None or isinstance(node, Leaf) else (place.file, place.line)


def first_shapes(tape: Tape) -> dict[Place, tuple[int, ...]]:
    """Return the shape of each expression's first value: the scope at a line is of that time, too.

    A call may compute several values at its place, each from the one before, after views of what
    it is given.  The next round of a loop that records nothing else begins as the call began, or
    with a view.
    """
    found, last = dict[Place, tuple[int, ...]](), dict[Place, int]()
    began = dict[Place, str]()
    for id, node in enumerate(tape.nodes):
        place, name = node.place, node.name if isinstance(node, Call) else ""
        if place is None:
            continue
        if place in found:
            before = () if isinstance(node, Leaf) else node.inputs
            again = name != "" and began[place] == name
            apart = isinstance(tape.nodes[id - 1], Call) and id - 1 not in before
            if last[place] != id - 1 or apart or again:
                continue
        began.setdefault(place, name)
        found[place], last[place] = tape.shape(id), id
    return found


def overwritten(tape: Tape, tops: Iterable[int | None]) -> set[Place]:
    """Return the places of values that nothing uses: others were stored in their place."""
    nodes = tape.nodes
    used = {i for node in nodes if not isinstance(node, Leaf) for i in node.inputs}
    used.update(id for id in tops if id is not None)
    return {
        node.place for id, node in enumerate(nodes)
        if isinstance(node, Call) and node.place is not None and id not in used
    }  # fmt: skip


def kept(tape: Tape, id: int) -> int:
    """Return where a value was computed that later calls, such as a clip, leave as it is."""
    while isinstance(node := tape.nodes[id], Call) and node.inputs:
        source = node.inputs[0]
        given = isinstance(tape.nodes[source], Leaf)
        if given or not np.array_equal(tape.value(id), tape.value(source)):
            break
        id = source
    return id


def unmoved(tape: Tape, id: int) -> int:
    """Return the value of which another has the elements in another order."""
    while isinstance(node := tape.nodes[id], Moved) and len(node.inputs) == 1:
        id = node.inputs[0]
    return id


def is_masked(tape: Tape, node: Node) -> bool:
    """Return whether a value is another with some elements set to 0."""
    if not isinstance(node, Moved) or len(node.inputs) != 2:
        return False
    before, written = (tape.value(id) for id in node.inputs)
    return before.shape == node.index.shape and written.size == 1 and not written.any()
