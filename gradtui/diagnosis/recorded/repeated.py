"""Whether two runs with the same arguments compute the same.

Code that goes through a set of objects, as some sort their graph, takes them in another order each
time, and a sum in another order is rounded otherwise.
"""

from __future__ import annotations

from typing import Any

import numpy as np

_ROUNDED = 1e-12
"""The largest difference by rounding, relative to the largest element."""


def are_alike(one: Any, two: Any, apart: float = _ROUNDED) -> bool:
    """Return whether arrays or numbers are the same but for rounding.

    That keeps them as little `apart`, relative to the largest element.
    """
    first, second = np.asarray(one), np.asarray(two)
    if np.array_equal(first, second, equal_nan=first.dtype.kind in "fc"):
        return True
    if first.shape != second.shape or {first.dtype.kind, second.dtype.kind} - set("iufc"):
        return False
    room = apart * float(np.max(np.abs(first[np.isfinite(first)]), initial=0.0))
    return np.allclose(first, second, rtol=0.0, atol=room, equal_nan=True)
