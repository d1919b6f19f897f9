"""Choices between scales, such as `where(w > 0, a, -a)`, and the ways for gradients to pass them.

Their slope by the scales is known, and that by what decides them is 0.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradtui.diagnosis.recorded.linked import gradient_past
from gradtui.diagnosis.recorded.passes import SLOPES, STEP, Slope, Way, slope_at
from gradtui.diagnosis.recorded.point import Point
from gradtui.diagnosis.recorded.quantisers import is_nearest, is_spread
from gradtui.diagnosis.recorded.steps import MOST_STEPS
from gradtui.recording.tape import Call, Tape

Array = NDArray[Any]


def switched(points: Sequence[Point], most: int = MOST_STEPS) -> Iterator[Way]:
    """Yield the ways past choices between scales to what may decide them.

    The last choices are tried, `most` of them, each with as many values.
    """
    tape = points[0].result.tape
    for id in [one for one in range(points[0].root) if _switches(tape, one)][-most:]:
        for source in _sources(tape, id)[:most]:
            whole = is_nearest(tape.value(id), tape.value(source))
            for slope in SLOPES:
                for held in (False, True) if whole else (False,):
                    passed = partial(_passed, id=id, source=source, slope=slope, held=held)
                    yield Way(STEP + SLOPES[slope], tape.nodes[id].place, passed)


def _switches(tape: Tape, id: int) -> bool:
    node = tape.nodes[id]
    if not isinstance(node, Call) or node.name != "where" or not tape.active[id]:
        return False
    scales = node.inputs[1:]
    return len(scales) == 2 and all(
        is_spread(tape, one) or tape.value(one).size < tape.value(id).size for one in scales
    )


def _sources(tape: Tape, id: int) -> list[int]:
    """Return the values that may decide a choice, nearest first."""
    node = tape.nodes[id]
    assert isinstance(node, Call)
    earlier = sorted(tape.sources(node.inputs[0]), reverse=True)
    return [one for one in earlier if tape.active[one] and tape.shape(one) == tape.shape(id)]


def _passed(
    point: Point, name: str, id: int, source: int, slope: Slope, *, held: bool
) -> Array | None:
    """Return the gradient that passes a choice to what decides it.

    Where the scales are `held`, it stands for that value, else it is the true one as well.
    """
    tape = point.result.tape
    node = tape.nodes[id] if id < len(tape) else None
    if not isinstance(node, Call) or tape.shape(source) != tape.shape(id):
        return None
    slopes = slope_at(tape, source, slope)
    if held:
        return gradient_past(point, name, {id: (source, slopes)})
    above, below = (np.asarray(tape.value(one), np.float64) for one in node.inputs[1:])
    slopes = slopes * (above if np.array_equal(above, -below) else above - below)
    stopped, passing = (gradient_past(point, name, {id: link}) for link in (None, (source, slopes)))
    return np.asarray(point.true[name] + passing - stopped)
