"""The way that stops at arguments which the code itself detaches, such as `stop_gradient(w)`.

What such a call returns is, for a tape, the argument: only the written operand tells them apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from numpy.typing import NDArray

from gradtui.diagnosis.recorded.detaching import detached_operands, says_detached
from gradtui.diagnosis.recorded.passes import Way
from gradtui.diagnosis.recorded.runs import Point
from gradtui.recording.sweep import gradients
from gradtui.recording.tape import Call, Leaf

Array = NDArray[Any]


def held(points: Sequence[Point]) -> Iterator[Way]:
    """Yield the way that stops at all operands that are detached arguments, if there are any."""
    tape, found = points[0].result.tape, _held(points[0])
    if found:
        told = "stops at the value that is detached here"
        yield Way(told, tape.nodes[found[0][0]].place, _gradient)


def _gradient(point: Point, name: str) -> Array:
    tape = point.result.tape
    leaf = tape.arguments[name]
    return gradients(tape.holding(_held(point)), point.root, [leaf])[leaf]


def _held(point: Point) -> list[tuple[int, int]]:
    """Return calls with the positions of their operands that are detached arguments."""
    tape, found, says = point.result.tape, list[tuple[int, int]](), cache(says_detached)
    for id in range(point.root):
        node = tape.nodes[id]
        if not isinstance(node, Call) or node.place is None or not tape.active[id]:
            continue
        leaves = [at for at, one in enumerate(node.inputs)
                  if tape.active[one] and isinstance(tape.nodes[one], Leaf)]  # fmt: skip
        written = [*detached_operands(node.place)] if leaves and says(node.place.file) else []
        if len(written) == len(node.inputs):
            found += [(id, at) for at in leaves if written[at]]
    return found
