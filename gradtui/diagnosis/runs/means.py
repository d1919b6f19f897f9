"""Moving means of the losses of a run with batches."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

_NARROWEST = 8
"""Fewest steps in a mean."""
_PARTS = 4
"""Largest part of a run in a mean: a run may be shorter than an epoch."""


def moving_means(losses: NDArray[np.float64], per_epoch: int) -> NDArray[np.float64]:
    """Return the mean of the losses around each step, over an epoch or less, as long as they.

    From the first loss that is not finite on, they are the losses themselves.
    """
    bad = np.flatnonzero(~np.isfinite(losses))
    finite = losses[: bad[0]] if bad.size else losses
    if not finite.size:
        return losses
    width = per_epoch * -(-_NARROWEST // per_epoch)
    width = min(width, max(_NARROWEST, len(losses) // _PARTS))
    around = (width // 2, width - 1 - width // 2)
    sums, counts = (  # not by differences of a running sum: one spike would take all digits
        np.sum(sliding_window_view(np.pad(part, around), width), axis=-1)
        for part in (finite, np.ones(len(finite)))
    )
    return np.concatenate([sums / counts, losses[len(finite) :]])
