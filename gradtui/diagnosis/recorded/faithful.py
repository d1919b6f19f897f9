"""Whether a recorded run of the user's code computes what a plain one does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradtui.diagnosis.recorded.point import Point
from gradtui.diagnosis.recorded.repeated import are_alike
from gradtui.diagnosis.recorded.target import Returned
from gradtui.recording.array import plain

Array = NDArray[Any]

_APART = 1e-3
"""The largest difference by rounding, relative to the largest element."""
_NOISE = 1e-13
"""The size of what is left where all parts of a gradient cancel, relative to the largest one."""


def is_faithful(point: Point, loss: float, claimed: Mapping[str, Any]) -> bool:
    """Return whether the recorded run at a point returns the loss and the gradients of a plain one.

    Code may look at what no recording can keep, such as whether an array owns its memory.
    """
    returned = point.result.returned
    assert isinstance(returned, Returned)
    pairs = [(np.asarray(point.loss), np.asarray(loss))]
    pairs += [(np.asarray(plain(value)), np.asarray(claimed[name]))
              for name, value in returned.gradients.items() if name in claimed]  # fmt: skip
    noise = _NOISE * max(float(np.abs(wanted).max(initial=0.0)) for _, wanted in pairs)
    return all(
        are_alike(wanted.ravel(), own.ravel(), _APART) or _are_nothing(own, wanted, noise)
        for own, wanted in pairs
    )


def _are_nothing(own: Array, wanted: Array, noise: float) -> bool:
    """Return whether two gradients are 0 but for errors of rounding, which are others each time."""
    return own.shape == wanted.shape and all(
        float(np.abs(one).max(initial=0.0)) <= noise for one in (own, wanted)
    )
