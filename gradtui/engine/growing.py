"""A growing matrix that is one array at every moment."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_FACTOR = 4
"""The factor of growth when it is full.  Unused room takes no memory."""


class Growing:
    """A matrix that grows; arrays read from it never change.

    `rows` are the first rows, shared until more come.
    """

    def __init__(self, rows: NDArray[np.float64]) -> None:
        self._room, self._count = rows, len(rows)

    @property
    def rows(self) -> NDArray[np.float64]:
        """All rows so far."""
        return self._room[: self._count]

    def reserve(self, count: int) -> None:
        """Reserve room for a number of rows, so that none are copied on the way."""
        if count > len(self._room):
            room = np.empty((count, *self._room.shape[1:]))
            room[: self._count] = self.rows
            self._room = room

    def extend(self, rows: NDArray[np.float64]) -> None:
        """Append some rows."""
        count = self._count + len(rows)
        if count > len(self._room):
            self.reserve(_FACTOR * count)
        self._room[self._count : count] = rows
        self._count = count
