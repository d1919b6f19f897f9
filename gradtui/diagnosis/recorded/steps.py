"""Numbers that jump with an argument, such as `where(w > 0, 1, -1)`, and what it selects.

For a tape they come from outside, or from values that it knows, and no gradient passes to what
decides them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradtui.base.source import Place
from gradtui.diagnosis.recorded.point import Point
from gradtui.recording.tape import Call, Leaf, Moved, Tape

Array = NDArray[Any]

MOST_STEPS = 6
"""Most steps, and most values that each may be a step of."""
_LEVELS = (-1, 0, 1)
_CHOOSING = frozenset({"where", "astype"})
_COMBINING = frozenset({*_CHOOSING, "add", "subtract", "multiply", "divide"})
"""Functions of steps whose result may be a step itself, if it has the values of one."""
_SELECTING = frozenset({"where", "@", "matmul", "dot", "einsum"})
"""Functions that select by a mask, or by rows of a single 1."""


def steps_of(points: Sequence[Point], most: int = MOST_STEPS) -> Iterator[tuple[int, int]]:
    """Yield numbers that jump with arguments, and the values that may decide them.

    For the tape they come from outside, and yet they differ from run to run.  The last are tried.
    """
    tape, varying = points[0].result.tape, varying_nodes(points)
    parts, steps = set[int](), list[int]()
    for id in sorted(varying):
        if tape.value(id).dtype.kind != "b" and _is_part(tape, id, varying, parts):
            is_step = _is_step(tape, id, parts) or _is_reshaped(tape, id, steps)
            steps += [id] if is_step else []
            parts.add(id)
    for step in steps[-most:]:
        known = isinstance(tape.nodes[step], Call)
        earlier = tape.sources(step) if known else range(step)
        sources = [id for id in earlier if tape.active[id] and tape.shape(id) == tape.shape(step)]
        yield from ((step, source) for source in reversed(sources[-most:]))


def follows(points: Sequence[Point], step: int, source: int) -> bool:
    """Return whether a step is coarser than its source, and does not only fall where that grows."""
    tapes = [point.result.tape for point in points if step < len(point.result.tape)]
    kept = [tape for tape in tapes if tape.shape(step) == tape.shape(source)]
    at, to = (np.concatenate([tape.value(id).ravel() for tape in kept]) for id in (source, step))
    jumps = np.diff(1.0 * to[np.argsort(at)])
    falls = np.any(jumps < 0) and np.all(jumps <= 0)
    return not falls and len(np.unique(to)) < len(np.unique(at))


def placed(tape: Tape, step: int, source: int) -> Place | None:
    """Return the place of a step, that of what its source is compared with if no call makes it.

    What is written into an array is a node only where that is read.
    """
    if not isinstance(tape.nodes[step], Call):
        for one in reversed(tape.choices):
            if source in one.inputs and one.at <= step:
                return one.place
    return tape.nodes[step].place


def selected(points: Sequence[Point], leaf: int) -> list[int]:
    """Return what an argument selects among values that it is not part of."""
    first, alike = points[0], _alike(points)
    tape, varying = first.result.tape, varying_nodes(points)
    masks = {id for id in varying if is_level(tape.value(id))}
    reached, found = {leaf}, list[int]()
    for id in range(first.root):
        node = tape.nodes[id]
        if isinstance(node, Leaf) or not tape.active[id]:
            continue
        if any(one in reached for one in node.inputs):
            reached.add(id)
        elif isinstance(node, Moved):
            index = [one.nodes[id] for one in alike]
            moves = any(isinstance(one, Moved) and not np.array_equal(one.index, node.index)
                        for one in index)  # fmt: skip
            if moves or any(one in found for one in node.inputs):
                found.append(id)
        elif isinstance(node, Call) and node.name in _SELECTING and masks.intersection(node.inputs):
            found.append(id)
    return found


def is_level(value: Array) -> bool:
    """Return whether all numbers are those of a sign or a step."""
    return bool(np.all(np.isin(value, _LEVELS)))


def _alike(points: Sequence[Point]) -> list[Tape]:
    """Return the other runs that have as many nodes as the first."""
    tapes = [point.result.tape for point in points]
    return [tape for tape in tapes[1:] if len(tape) == len(tapes[0])]


def varying_nodes(points: Sequence[Point]) -> frozenset[int]:
    """Return the inactive nodes of the first run whose values differ from run to run."""
    first, alike = points[0], _alike(points)
    tape = first.result.tape
    return frozenset(
        id for id in range(first.root)
        if not tape.active[id] and tape.shape(id)
        and any(np.count_nonzero(tape.value(id) != other.value(id)) for other in alike
                if tape.shape(id) == other.shape(id))
    )  # fmt: skip


def _is_part(tape: Tape, id: int, varying: frozenset[int], parts: Collection[int]) -> bool:
    """Return whether a number that jumps is made of conditions, or combines such numbers.

    `varying` are the inactive nodes that differ from run to run.
    """
    node = tape.nodes[id]
    numbers = [] if isinstance(node, Leaf) else [one for one in node.inputs if one in varying]
    numbers = [one for one in numbers if tape.value(one).dtype.kind != "b"]
    combines = isinstance(node, Moved) or (isinstance(node, Call) and node.name in _COMBINING)
    return not numbers or (combines and all(one in parts for one in numbers))


def _is_step(tape: Tape, id: int, parts: Collection[int]) -> bool:
    """Return whether such a number is the jump itself: a choice, or of the values of a sign."""
    node = tape.nodes[id]
    chooses = not isinstance(node, Call) or node.name in _CHOOSING
    first = isinstance(node, Leaf) or not any(one in parts for one in node.inputs)
    return (chooses and first) or is_level(tape.value(id))


def _is_reshaped(tape: Tape, id: int, steps: Collection[int]) -> bool:
    """Return whether a number is a step in another shape, as if all were chosen in one row."""
    node = tape.nodes[id]
    return (
        isinstance(node, Moved) and len(node.inputs) == 1 and node.inputs[0] in steps
        and np.array_equal(node.index.ravel(), np.arange(tape.value(node.inputs[0]).size))
    )  # fmt: skip
