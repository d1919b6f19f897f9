"""Runs of the user's code with more, or fewer, of what its data have so many of."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from gradtui.diagnosis.recorded.runs import Runs
from gradtui.recording.holdings import replaced


class Sizes(Struct):
    """What a program has how many of."""

    lengths: set[int]
    """The lengths of its data."""
    numbers: set[int]
    """Its whole numbers."""
    shares: set[int]
    """The lengths along which data add up to 1, so that these are all."""


def sizes_of(runs: Runs) -> Sizes:
    """Return the sizes of the program's data."""
    found = Sizes(set(), set(), set())

    def note(value: Any) -> Any:
        if isinstance(value, np.ndarray):
            found.lengths.update(value.shape)
            found.shares.update(
                own for axis, own in enumerate(value.shape) if _adds_up(value, axis)
            )
        elif type(value) in (list, tuple):
            found.lengths.add(len(value))
        elif type(value) is int:
            found.numbers.add(value)
        return value

    with replaced(runs.target.called, note):
        for value in (*runs.target.arguments.values(), *runs.given.values()):
            note(value)
    return found


def _adds_up(value: NDArray[Any], axis: int) -> bool:
    return value.dtype.kind in "fiu" and bool(np.allclose(value.sum(axis=axis), 1))


@contextmanager
def resized(runs: Runs, many: int, other: int) -> Iterator[Runs]:
    """Give runs with another number of what the program has so many of.

    Fewer are the first ones, and of more some are repeated in their order.
    """
    kept = range(other) if other <= many else [at * many // other for at in range(other)]

    def changed(value: Any) -> Any:
        if isinstance(value, np.ndarray) and many in value.shape:
            axes = [kept if own == many else range(own) for own in value.shape]
            return value[np.ix_(*axes)]
        if type(value) in (list, tuple) and len(value) == many:
            return type(value)([value[at] for at in kept])
        return other if type(value) is int and value == many else value

    target = runs.target
    runs.kept.rewind()
    with replaced(target.called, changed):
        own = {name: changed(value) for name, value in target.arguments.items()}
        found = runs.afresh(replace(target, arguments=own))
        try:
            yield found
        finally:
            found.kept.put_back()
