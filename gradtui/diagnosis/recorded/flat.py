"""The calls of a run that are flat wherever they do not jump, such as rounding."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradtui.diagnosis.recorded.point import Point
from gradtui.recording.tape import FLAT, Call, Tape

Array = NDArray[Any]

_SEED = 20_240_229
_NEAR = 1e-7
"""How far numbers are moved that a flat function gives the same for, relative to the largest."""


def flat_calls(point: Point) -> list[int]:
    """Return the calls of flat functions on the way to the loss, of the user's kernels, too."""
    found, tape = named(point, *FLAT), point.result.tape
    kernels = named(point, *{one.name for one in point.differenced})
    return sorted([*found, *(id for id in kernels if _is_flat(tape, id))])


def named(point: Point, *names: str) -> list[int]:
    """Return the calls of some functions on the way to the loss, of arrays of their own shape."""
    tape = point.result.tape
    found = [
        id for id in range(point.root + 1)
        if isinstance(node := tape.nodes[id], Call) and node.name in names and tape.active[id]
        and tape.shape(node.inputs[0]) == tape.shape(id)
    ]  # fmt: skip
    on_the_way = set(tape.sources(point.root)) if found else ()
    return [id for id in found if id in on_the_way]


def _is_flat(tape: Tape, id: int) -> bool:
    """Return whether a call gives the same for numbers nearby, and jumps for numbers far away."""
    node, rng = tape.nodes[id], np.random.default_rng(_SEED)
    assert isinstance(node, Call)
    first, *others = (np.asarray(tape.value(one)) for one in node.inputs)
    size = float(np.max(np.abs(first), initial=0.0))
    drawn = size * rng.normal(size=first.shape)
    try:
        here, beside, far = (
            np.asarray(node.compute((first + by * drawn).astype(first.dtype), *others))
            for by in (0.0, _NEAR, 1.0)
        )
    except Exception:  # what the user's kernel raises for numbers that it is not made for
        return False
    return np.array_equal(here, beside) and not np.array_equal(here, far)
