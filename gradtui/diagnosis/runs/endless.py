"""Whether a loss has a minimum, as far as can be seen along one straight line."""

from __future__ import annotations

import numpy as np
from msgspec import Struct

from gradtui.diagnosis.runs.run import Run
from gradtui.diagnosis.runs.thresholds import limit

_DOUBLINGS, _NEAR = 40, 10
"""Lengths tried, each twice the one before, and how many of the first may still rise."""
_SHRINKS = 0.99
"""A fall of less than this part of the one before comes to an end; a logarithm's stays equal."""


class Endless(Struct, frozen=True):
    """A line along which the loss goes on falling."""

    distance: float
    """How far it was followed."""
    loss: float
    """The loss there."""


def endless(run: Run) -> Endless | None:
    """Return how far a loss falls down the last gradient's line; None if that comes to an end."""
    return run.once(_endless)


def _endless(run: Run) -> Endless | None:
    if run.end < limit("handful") or run.broken is not None:
        return None
    gradient, row = run.gradient(run.end), run.weights(run.end)
    length = float(np.linalg.norm(gradient))
    if not length or not run.losses[run.end] < run.losses[0]:
        return None
    lengths = max(1.0, float(np.linalg.norm(row))) * 2.0 ** np.arange(_DOUBLINGS)
    places = (row - one / length * gradient for one in lengths.tolist())
    losses = run.losses_at(places, list(run.steps[-8:]))[_NEAR:]
    if np.any(np.isnan(losses)):
        return None
    falls = -np.diff(losses[np.isfinite(losses)])
    whole = float(run.losses[0] - run.losses[run.end])
    ends = len(falls) < 2 or np.any(falls[1:] < _SHRINKS * falls[:-1])
    if ends or falls[0] <= 0.0 or np.any(losses == np.inf) or np.sum(falls) <= whole:
        return None
    known = int(np.flatnonzero(np.isfinite(losses))[-1])
    return Endless(float(lengths[_NEAR + known]), float(losses[known]))
