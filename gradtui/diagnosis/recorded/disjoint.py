"""Masks such as `~((x < low) & (x > high))`, which mask nothing: no element is on both sides.

Where a gradient passes a rounding on purpose, that is no wrong gradient: a clip may be passed, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import permutations

import numpy as np

from gradtui.diagnosis.finding import Finding
from gradtui.diagnosis.recorded.notes import note
from gradtui.diagnosis.recorded.point import Point
from gradtui.recording.tape import Call, Leaf, Tape

_BELOW = frozenset({"less", "less_equal", "lt", "le"})
_ABOVE = frozenset({"greater", "greater_equal", "gt", "ge"})


def masking_nothing(points: Sequence[Point], found: Sequence[Finding]) -> Iterator[Finding]:
    """Yield a note on each mask that never holds, though both of its conditions do.

    None is looked for unless it is `found` that a rounding is passed.
    """
    target = next((one.target for one in found if one.rule == "straight-through"), None)
    if target is None:
        return
    first = points[0].result.tape
    tapes = [one.result.tape for one in points if len(one.result.tape) == len(first)]
    masks = [id for id in range(len(first)) if first.nodes[id].place is not None]
    masks = [id for id in masks if all(_is_nowhere(tape, id) for tape in tapes)]
    for id in masks:
        if any(_vary(tapes, *pair) for pair in permutations(_conditions(first, id), 2)):
            text = "this holds for no element: both of its conditions do, but never for the same, "
            text += "so that it masks nothing; with `|` either is enough"
            yield note("straight-through", "info", target, text, first.nodes[id].place)


def _is_nowhere(tape: Tape, id: int) -> bool:
    value = tape.value(id)
    return value.dtype.kind == "b" and value.ndim > 0 and not value.any()


def _conditions(tape: Tape, id: int) -> list[int]:
    """Return the comparisons by size that a mask joins: those of its line if no call makes it."""
    node = tape.nodes[id]
    beside = [one for one in range(id) if _line(tape, one) == _line(tape, id)]
    joined = beside if isinstance(node, Leaf) else node.inputs
    return [one for one in joined if isinstance(own := tape.nodes[one], Call)
            and own.name in _BELOW | _ABOVE and tape.shape(one) == tape.shape(id)]  # fmt: skip


def _line(tape: Tape, id: int) -> tuple[str, int] | None:
    place = tape.nodes[id].place
    return None if place is None else (place.file, place.line)


def _vary(tapes: Sequence[Tape], below: int, above: int) -> bool:
    """Return whether a value is below a bound, above another, and neither, somewhere."""
    low, high = tapes[0].nodes[below], tapes[0].nodes[above]
    assert isinstance(low, Call) and isinstance(high, Call)
    if low.name not in _BELOW or high.name not in _ABOVE or low.inputs[0] != high.inputs[0]:
        return False
    told = [np.concatenate([tape.value(one).ravel() for tape in tapes]) for one in (below, above)]
    return bool(told[0].any() and told[1].any() and not np.all(told[0] | told[1]))
