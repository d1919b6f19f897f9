"""Numbers in the type that a run computes in."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def cast(values: Any, dtype: str) -> NDArray[Any]:
    """Return numbers in a type, copied if they have another; values out of range become inf."""
    with np.errstate(over="ignore"):
        return np.asarray(values, dtype)
