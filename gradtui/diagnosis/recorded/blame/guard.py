"""What the user's program holds stays as it is while edited code runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from gradtui.recording.holdings import Holdings


@contextmanager
def guarded(function: Callable[..., Any], run: Callable[[], object]) -> Iterator[None]:
    """Let arrays that `run` leaves unchanged be read-only: edited code may try to write them.

    `function` is the user's: what it can reach is looked at. What every run writes is its own.
    """
    held = _arrays(function)
    before = [array.copy() for array in held]
    run()
    kept = [
        array
        for array, own in zip(held, before, strict=True)
        if np.array_equal(array, own, equal_nan=array.dtype.kind in "fc")
    ]
    for array in kept:
        array.flags.writeable = False
    try:
        yield
    finally:
        for array in kept:
            array.flags.writeable = True


def _arrays(function: Callable[..., Any]) -> list[np.ndarray[Any, Any]]:
    """Return the arrays that can be written by what a function can reach."""
    found: list[np.ndarray[Any, Any]] = []

    def note(value: Any) -> Any:
        if isinstance(value, np.ndarray) and value.flags.writeable and value.dtype.kind in "biufc":
            found.append(value)
        return value

    Holdings(note).replace(function)
    # A view of another array can be made writable again only while that one is.
    return sorted(found, key=lambda array: array.base is not None)
