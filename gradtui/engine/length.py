"""The norm of a vector, computed without overflow of its square."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
_SAFE = 1e-280
"""A sum of squares above this loses nothing if the smallest of them are 0."""


def length(parts: Sequence[Array]) -> float:
    """Return the norm of arrays as one vector; inf or NaN if one of its numbers is."""
    flat = [part.reshape(-1) for part in parts if part.size]
    if not flat:
        return 0.0
    if all(part.dtype == np.float64 for part in flat):
        # One pass without a copy: a large array takes a third of the time.
        with np.errstate(all="ignore"):
            squares = sum(float(np.dot(part, part)) for part in flat)
        if _SAFE < squares < np.inf:
            return math.sqrt(squares)
    whole = flat[0] if len(flat) == 1 else np.concatenate(flat)
    largest = max(abs(float(whole.min())), abs(float(whole.max())))
    if not 0.0 < largest < np.inf:
        return largest
    scaled = whole / largest
    return largest * float(np.sqrt(np.dot(scaled, scaled)))
