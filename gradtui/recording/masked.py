"""NumPy's logarithms and roots of masked arrays: their values where they are defined.

As in `np.ma.log(p).filled(0)`.  Of what else is done with masked arrays nothing is recorded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

import numpy as np

from gradtui.recording.array import Recorded

_FILLED = 1e20
"""What NumPy puts in the place of masked floats."""


class Masked:
    """Values of which some are masked."""

    def __init__(self, values: Any, mask: Any) -> None:
        self.data, self.mask = values, mask

    def filled(self, fill_value: Any = None) -> Any:
        """Return the values, with another one in the place of those that are masked."""
        return np.where(self.mask, _FILLED if fill_value is None else fill_value, self.data)


def functions_of(module: ModuleType) -> Mapping[str, Callable[..., Any]]:
    """Return the functions of NumPy's module of masked arrays that record their calls, by name."""
    outside: Mapping[str, Callable[[Any], Any]] = {
        "log": lambda x: x <= 0, "log2": lambda x: x <= 0, "log10": lambda x: x <= 0,
        "sqrt": lambda x: x < 0,
    }  # fmt: skip
    return {name: _recording(getattr(module, name), getattr(np, name), mask)
            for name, mask in outside.items()}  # fmt: skip


def _recording(
    masked: Callable[..., Any], function: Callable[[Any], Any], outside: Callable[[Any], Any]
) -> Callable[..., Any]:
    def call(x: Any, *args: Any, **options: Any) -> Any:
        if not isinstance(x, Recorded) or args or options:
            return masked(x, *args, **options)
        mask = outside(x)
        return Masked(function(np.where(mask, 1.0, x)), mask)

    return call
