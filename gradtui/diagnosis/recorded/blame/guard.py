"""What the user's program holds stays as it is while edited code runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradtui.recording.checked import checked


@contextmanager
def guarded(
    called: Callable[..., Any], arrays: Sequence[NDArray[Any]], run: Callable[[], object]
) -> Iterator[None]:
    """Let arrays that `run` leaves unchanged be read-only: edited code may try to write them.

    What every run writes is its own.  `called` is what is run: NumPy checks what it is given there.
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
        with checked(called):
            yield
    finally:
        # A view can be written again only once what it is a view of can.
        for array in kept:
            array.flags.writeable = True
