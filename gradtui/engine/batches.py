"""The rows of the data that each training step uses: a pure function of seed and step."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from gradtui.engine.draws import Stream

Rows = NDArray[np.intp]


class Batches(Struct, frozen=True):
    """Minibatches over the first axis of some data.

    An epoch is one pass over the rows; a last incomplete batch is dropped.  With `shuffle`, every
    epoch has an order of its own.
    """

    over: tuple[str, ...]
    """The names of the data cut into batches."""
    rows: int
    """Rows of the whole data."""
    size: int
    """Rows of a batch, from 1 to `rows`."""
    shuffle: bool = True
    seed: int = 0

    @property
    def per_epoch(self) -> int:
        """Batches in an epoch."""
        return self.rows // self.size

    def at(self, step: int) -> Rows:
        """Return the rows of a step's batch, (size,), in order."""
        epoch, number = divmod(step, self.per_epoch)
        start = number * self.size
        if not self.shuffle:
            return np.arange(start, start + self.size)
        return _order(self.rows, self.seed, epoch)[start : start + self.size]


@lru_cache(maxsize=8)
def _order(rows: int, seed: int, epoch: int) -> Rows:
    order = Stream(seed, f"epoch {epoch}").permutation(rows)
    order.flags.writeable = False
    return order
