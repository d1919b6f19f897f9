"""The slopes that a custom function gives its jump, at many numbers around it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from msgspec import Struct
from numpy.typing import NDArray
from torch import Tensor

from gradtui.recording.torch.tensors import array_of

Array = NDArray[Any]

_FAR, _HALVINGS = 1e4, 50
_NEAREST, _FARTHEST, _COUNT = 1e-3, 10.0, 25
_MOST = 200
"""Most elements of an argument whose own slopes are kept."""
_SAME, _LEVEL, _IN_SINGLE, _DIGITS = 1e-6, 1e-4, 1e-3, 6
WAVERING = 0.2
"""How much a slope may waver, relative to the largest."""


class Curve(Struct, frozen=True, eq=False):
    """The slopes of a jump at some numbers."""

    at: Array
    slopes: Array
    threshold: float | None
    """Where the jump is; None if that differs, and the numbers are distances from it."""
    alone: bool = True
    """Whether there is no other jump."""

    @property
    def is_at_jump(self) -> bool:
        """Whether the slope is the largest at the jump, if that is the only one."""
        apart = np.abs(self.at - (self.threshold or 0.0))
        near = np.max(self.slopes[apart <= 1.01 * _NEAREST], initial=0.0)
        return not self.alone or bool(np.max(self.slopes) <= (1 + _LEVEL) * near)

    def more(self, value: Tensor, slope: Tensor) -> Iterator[Curve]:
        """Yield the slopes at another value, if the jump is at the same number there."""
        if self.threshold is not None:
            at, slopes = (array_of(one).reshape(-1)[:_MOST] for one in (value, slope))
            yield Curve(at, np.abs(slopes), self.threshold)


def curve_of(
    bare: Callable[[Tensor], Tensor], slope: Callable[[Tensor], Tensor], value: Tensor
) -> Curve:
    """Return the slopes at and around a value of a function of its elements.

    `bare` gives the results for a value, `slope` the slopes.
    """
    step = _jumps(bare, value)
    near = np.geomspace(_NEAREST, _FARTHEST, _COUNT)
    apart = [*-near[::-1], *near]
    found = [_first(slope(step + by)) for by in apart]
    bounds = edges(apart, found, lambda by: _first(slope(step + by)))
    where = array_of(step)
    together = bool(np.ptp(where) <= _SAME * max(1.0, float(np.max(np.abs(where)))))
    threshold = float(np.round(where.reshape(-1)[0], _DIGITS)) if together else None
    own = array_of(value) - (0.0 if together else where)
    told = [(by + (threshold or 0.0), one)
            for by, one in (*zip(apart, found, strict=True), *bounds)]  # fmt: skip
    at, slopes = (np.asarray(one) for one in zip(*told, strict=True))
    at = np.concatenate([at, own.reshape(-1)[:_MOST]])
    slopes = np.concatenate([slopes, array_of(slope(value)).reshape(-1)[:_MOST]])
    some = apart[:: _COUNT // 5]
    levels = {float(one) for by in some for one in np.unique(array_of(bare(step + by)))}
    return Curve(at, np.abs(slopes), threshold, len(levels) <= 2)


def _first(value: Tensor) -> float:
    return float(array_of(value).reshape(-1)[0])


def _jumps(bare: Callable[[Tensor], Tensor], value: Tensor) -> Tensor:
    """Return the numbers at which the results jump, element by element."""
    low, high = value - _FAR, value + _FAR
    before = bare(low)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        same = bare(middle) == before
        low, high = torch.where(same, middle, low), torch.where(same, high, middle)
    return (low + high) / 2


def edges(
    at: Sequence[float], slopes: Sequence[float], slope: Callable[[float], float]
) -> list[tuple[float, float]]:
    """Return numbers and slopes close by where those of two levels alone change."""
    if len(set(slopes)) != 2:
        return []
    found = list[tuple[float, float]]()
    for (low, first), (high, last) in pairwise(zip(at, slopes, strict=True)):
        if first == last:
            continue
        for _ in range(_HALVINGS // 2):
            middle = (low + high) / 2
            low, high = (middle, high) if slope(middle) == first else (low, middle)
        found += [(low, first), (high, last)]
    return found


def is_alike(one: Curve, other: Curve) -> bool:
    """Return whether two slopes are the same at the same distances from their jumps."""
    (at, slopes), (beside, others) = (
        (np.round(own.at - (own.threshold or 0.0), _DIGITS), own.slopes) for own in (one, other)
    )
    count = 2 * _COUNT
    top = _IN_SINGLE * np.max(np.abs(others))
    return bool(np.allclose(at[:count], beside[:count])
                and np.all(np.abs(slopes[:count] - others[:count]) <= top))  # fmt: skip


def is_of_jump(slopes: Any) -> bool:
    """Return whether slopes are the largest at a jump, in their middle, and fall to both ends."""
    middle = len(slopes) // 2
    top, waves = rising(slopes, middle)
    if top <= 0 or np.max(slopes) > (1 + _LEVEL) * top:
        return False
    level = all(np.ptp(one) <= _LEVEL * top and np.min(one) > 0
                for one in (slopes[:middle], slopes[middle:]))  # fmt: skip
    return bool(level or (max(slopes[0], slopes[-1]) <= top / 2 and waves <= WAVERING * top))


def rising(slopes: Any, middle: int) -> tuple[float, float]:
    """Return the slope at the middle, and how far slopes fall before it, rise after, or are low."""
    before, after = slopes[:middle], slopes[middle:][::-1]
    falls = [np.max(np.maximum.accumulate(one) - one) for one in (before, after) if len(one)]
    top = max(float(one[-1]) for one in (before, after) if len(one))
    return top, float(max(*falls, -np.min(slopes), 0.0))
