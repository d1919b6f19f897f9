"""The values that some elements of another depend on, such as the wrong ones of a gradient."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradtui.recording.tape import Added, Call, Leaf, Moved, Node, Tape

Array = NDArray[Any]
Mask = NDArray[np.bool_]

_SAME = 1e-9
"""The difference of elements that are equal, relative to the largest one."""


def reached_by_wrong(tape: Tape, top: int, hand: Array, true: Array) -> set[int] | None:
    """Return the nodes that the wrong elements of a gradient depend on.

    None if all elements are wrong, or none tells which ones are.
    """
    if hand.shape != true.shape or hand.size != tape.value(top).size:
        return None
    room = _SAME * np.max(np.abs(true), initial=0.0)
    wrong = ~(np.abs(hand - true) <= room).ravel()
    if wrong.all() or not wrong.any():
        return None
    return _reached(tape, top, wrong)


def reached(tape: Tape, top: int) -> set[int]:
    """Return the nodes that a value is computed from.

    Of what is only put together, as a loss with its gradient in one array, its own part counts.
    """
    return _reached(tape, top, np.ones(prod(tape.shape(top)), dtype=bool))


def _reached(tape: Tape, top: int, wanted: Mask) -> set[int]:
    """Return the nodes that some elements of a value depend on."""
    masks = {top: wanted}
    for id in range(top, -1, -1):
        if id in masks:
            for source, mask in _behind(tape, tape.nodes[id], masks[id]):
                before = masks.get(source)
                masks[source] = mask if before is None else before | mask
    return {id for id, mask in masks.items() if mask.any()}


def _behind(tape: Tape, node: Node, mask: Mask) -> Iterator[tuple[int, Mask]]:
    """Yield the inputs of a node, each with the elements that some of its own depend on."""
    inputs: Sequence[int] = () if isinstance(node, Leaf) else node.inputs
    sizes = [prod(tape.shape(one)) for one in inputs]
    if isinstance(node, Added):
        yield node.inputs[0], mask[node.index.ravel()]
    elif isinstance(node, Moved):
        taken = np.zeros(sum(sizes), dtype=bool)
        taken[node.index.ravel()[mask]] = True
        yield from zip(inputs, np.split(taken, np.cumsum(sizes)[:-1]), strict=True)
    elif isinstance(node, Call):
        for one, size in zip(inputs, sizes, strict=True):
            each = node.elementwise and size == mask.size
            yield one, mask if each else np.full(size, mask.any())
