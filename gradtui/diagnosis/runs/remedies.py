"""Lower rates for a run that does not bear its own: each is tried before it is advised."""

from __future__ import annotations

import numpy as np

from gradtui.diagnosis.runs.parts import rounded_rate, short
from gradtui.diagnosis.runs.run import Run
from gradtui.engine.curvature import Gauge

_LOWER, _TRIED = 3.0, 4
"""The factor from a rate that is tried to the next, and how many are."""


def lower_rate(run: Run, gauge: Gauge | None, step: int) -> str:
    """Return a rate at which the run from a step on ends lower than it was; empty if none is known.

    The first that is tried is half of the largest stable rate, if a gauge tells it.
    """
    own = run.trainer.lr
    rate = own / _LOWER if gauge is None else min(own, gauge.largest_rate) / 2.0
    for _ in range(_TRIED):
        tried = rounded_rate(rate)
        if tried < own and _descends(run, tried / own, step):
            return short(tried)
        rate /= _LOWER
    return ""


def _descends(run: Run, factor: float, step: int) -> bool:
    """Return whether the run from a step on at `factor` times the rate ends below its start."""
    losses = run.retrained(factor, start=step)
    return bool(np.all(np.isfinite(losses)) and len(losses) > 1 and losses[-1] < losses[0])
