"""The ways past a flat function without bounds, by masks of the code's own.

Where a value is far out, as beyond the levels that there are, a gradient may stop on purpose.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradtui.diagnosis.recorded.flat import flat_calls
from gradtui.diagnosis.recorded.linked import gradient_past
from gradtui.diagnosis.recorded.passes import Way, bounding_calls
from gradtui.diagnosis.recorded.point import Point
from gradtui.recording.tape import Call, Tape

Array = NDArray[Any]

_MOST = 6
"""Most masks tried."""


def windowed(points: Sequence[Point]) -> Iterator[Way]:
    """Yield the ways past the only flat function, with the slope 1 where a mask holds.

    Where the forward pass bounds values, too, a mask has to be that of its bounds.
    """
    tape, flat = points[0].result.tape, flat_calls(points[0])
    if len(flat) != 1 or any(bounding_calls(points[0])):
        return
    node = tape.nodes[flat[0]]
    assert isinstance(node, Call)
    masks = [id for id in range(len(tape)) if _is_mask(tape, id, flat[0])]
    for mask in masks[-_MOST:]:
        if _is_window(points, mask, node.inputs[0]):
            told = f"passes through {node.name}, which is flat, with a slope of its own"
            passed = partial(_passed, mask=mask, flat=flat[0], source=node.inputs[0])
            yield Way(told, node.place, passed)


def _is_mask(tape: Tape, id: int, flat: int) -> bool:
    return tape.value(id).dtype.kind == "b" and tape.shape(id) == tape.shape(flat)


def _is_window(points: Sequence[Point], mask: int, source: int) -> bool:
    """Return whether a mask holds between two values of a source, and beyond neither."""
    tapes = [point.result.tape for point in points]
    known = [one for one in tapes if mask < len(one) and _is_mask(one, mask, source)]
    at, holds = (np.concatenate([one.value(id).ravel() for one in known]) for id in (source, mask))
    ordered = holds[np.argsort(at)]
    ends = ordered[0] or ordered[-1]
    return bool(not ends and np.count_nonzero(np.diff(ordered)) == 2)


def _passed(point: Point, name: str, mask: int, flat: int, source: int) -> Array | None:
    tape = point.result.tape
    if mask >= len(tape) or not _is_mask(tape, mask, flat):
        return None
    return gradient_past(point, name, {flat: (source, 1.0 * tape.value(mask))})
