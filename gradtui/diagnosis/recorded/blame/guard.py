"""Protects the values of the user's program while edited code runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray


@contextmanager
def guarded(arrays: Sequence[NDArray[Any]], run: Callable[[], object]) -> Iterator[None]:
    """Make arrays that `run` leaves unchanged read-only, because edited code may write to them.

    Arrays that every run writes are its own.
    """
    before = [array.copy() for array in arrays]
    run()
    kept = [
        array
        for array, own in zip(arrays, before, strict=True)
        if np.array_equal(array, own, equal_nan=array.dtype.kind in "fc")
    ]
    for array in kept:
        array.flags.writeable = False
    try:
        yield
    finally:
        # A view can be made writable only after its base.
        for array in kept:
            array.flags.writeable = True
