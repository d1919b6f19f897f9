"""The norm of a vector, computed without overflow of its square."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def length(parts: Sequence[Array]) -> float:
    """Return the norm of arrays as one vector; inf or NaN if one of its numbers is."""
    flat = [part.reshape(-1) for part in parts if part.size]
    if not flat:
        return 0.0
    whole = flat[0] if len(flat) == 1 else np.concatenate(flat)
    largest = max(abs(float(whole.min())), abs(float(whole.max())))
    if not 0.0 < largest < np.inf:
        return largest
    scaled = whole / largest
    return largest * float(np.sqrt(np.dot(scaled, scaled)))
