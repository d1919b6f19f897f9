"""Symmetric matrices that stand inside arguments, as a precision does in natural parameters.

Code that makes such a matrix, or what becomes of it, symmetric takes it to be: its gradient need
not be right for others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

import numpy as np

from gradtui.diagnosis.finding import Finding
from gradtui.diagnosis.recorded.around import Inner, is_symmetric
from gradtui.diagnosis.recorded.point import Point
from gradtui.diagnosis.recorded.points import points_around
from gradtui.diagnosis.recorded.runs import Runs
from gradtui.diagnosis.recorded.uniform import right_only
from gradtui.recording.sweep import Replay
from gradtui.recording.tape import Call, Index, Moved, Tape

_SEED = 20_240_229
_MOVED = 0.1
"""The change of a matrix that is symmetric no longer, relative to it."""


def held_within(start: Point) -> Inner:
    """Return the matrices inside arguments that the code takes to be symmetric."""
    tape, found = start.result.tape, dict[str, Sequence[Index]]()
    for name, value in start.values.items():
        leaf = tape.arguments[name]
        if is_symmetric(value):
            continue
        matrices = [*_matrices(tape, leaf, start.root)]
        own = [one for one in matrices if _is_made_symmetric(start, leaf, one)]
        if own:
            found[name] = own
    return found


def symmetric_only(
    runs: Runs, start: Point, within: Inner, names: Sequence[str], tolerance: float
) -> Iterator[Finding]:
    """Yield a note on each gradient that is right only where matrices are symmetric.

    They are those `within` arguments, and arguments whose triangles the code both reads.
    """
    if within:
        points = [start, *points_around(runs, start, (*start.true,))]
        those = f"the matrices inside {', '.join(within)} are symmetric, as those given"
        yield from right_only(runs, points, those, names, tolerance)
    free = [name for name in names if _is_read_whole(start, name)]
    if free:
        beyond = points_around(runs, start, (*start.true,), within=within, free=free)
        those = f"{', '.join(free)} {'is' if len(free) == 1 else 'are'} symmetric, as given"
        yield from right_only(runs, [start, *islice(beyond, 1)], those, names, tolerance)


def _is_read_whole(start: Point, name: str) -> bool:
    """Return whether an argument is symmetric, and the loss that of any matrix in its place."""
    true, value = start.true[name], start.values[name]
    if not is_symmetric(value) or name in start.symmetric:
        return False
    return bool(np.any(np.triu(true, 1)) and np.any(np.tril(true, -1)))


def _matrices(tape: Tape, leaf: int, root: int) -> Iterator[Index]:
    """Yield the positions of elements that are made into symmetric matrices."""
    taken = set[int]()
    for id, index in _places(tape, leaf, root).items():
        positions = {*index.reshape(-1).tolist()}
        alone = len(positions) == index.size and taken.isdisjoint(positions)
        if alone and is_symmetric(tape.value(id)):
            taken |= positions
            yield index


def _places(tape: Tape, leaf: int, root: int) -> Mapping[int, Index]:
    """Return the values whose elements are those of an argument, each alone, with their places."""
    shape = tape.shape(leaf)
    found = {leaf: np.arange(int(np.prod(shape))).reshape(shape)}
    for id in range(leaf + 1, root):
        node = tape.nodes[id]
        if isinstance(node, Moved) and len(node.inputs) == 1 and node.inputs[0] in found:
            found[id] = found[node.inputs[0]].reshape(-1)[node.index]
        elif isinstance(node, Call) and node.elementwise:
            own = [one for one in node.inputs if one in found]
            others = [one for one in node.inputs if one not in found]
            alone = len(own) == 1 and all(tape.shape(one) == () for one in others)
            if alone and tape.shape(id) == tape.shape(own[0]):
                found[id] = found[own[0]]
    return found


def _is_made_symmetric(start: Point, leaf: int, index: Index) -> bool:
    """Return whether something is added to its own transpose, if a matrix is not symmetric."""
    tape = start.result.tape
    value, way = tape.value(leaf), np.random.default_rng(_SEED).normal(size=index.shape)
    size, turned = np.max(np.abs(value.reshape(-1)[index])), value.copy()
    turned.reshape(-1)[index] += _MOVED * size * (way - way.swapaxes(-1, -2))
    replay = Replay(tape, {leaf: turned})
    return any(
        is_symmetric(replay.value(id))
        and not any(is_symmetric(replay.value(one)) for one in node.inputs)
        and all(is_symmetric(tape.value(one)) for one in node.inputs)
        for id in tape.sources(start.root)
        if isinstance(node := tape.nodes[id], Call) and node.name == "add"
    )
