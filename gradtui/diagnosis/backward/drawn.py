"""The points at which programs are compared, as drawn. Knows not how they are drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

Array = NDArray[np.float64]


class NoPoints(Exception):
    """No points were found at which the model and its gradient are finite."""


class Drawn(Struct, frozen=True, eq=False):
    """Values of the model's leaves at several points, the first of them the run's own start."""

    leaves: Mapping[int, Array]
    """Leaf -> (points, *shape)."""
    near: NDArray[np.bool_]
    """(points,), whether a point is the start, or around it."""
    batches: int = 1
    """The number of batches of the data among them."""
    reach: float = 1.0
    """Times as large as at the start parameters are drawn for both sides of kinks."""
    kept: Mapping[str, Array] = MappingProxyType({})
    """The state that a program keeps between steps -> its values at the points right after the
    start, which come from the run."""

    def __len__(self) -> int:
        return len(self.near)


Draw = Callable[[int], Drawn]
"""The points for a seed: 0, and 1 for those of the step before."""


def started(drawn: Drawn, kept: NDArray[np.bool_]) -> Drawn:
    """Return the kept points, with the start repeated at the end if it is kept.

    The first is always the start, which is shown but never compared.
    """
    rows = np.flatnonzero(kept[: len(drawn)])
    rows = np.array([0, *rows[rows > 0], *rows[rows == 0]], dtype=np.intp)
    leaves = {id: value[rows] for id, value in drawn.leaves.items()}
    known = len(next(iter(drawn.kept.values()), ()))
    run = [row - 1 for row in rows if 1 <= row <= known]
    of_run = {name: value[run] for name, value in drawn.kept.items()}
    return replace(drawn, leaves=leaves, near=drawn.near[rows], kept=of_run)
