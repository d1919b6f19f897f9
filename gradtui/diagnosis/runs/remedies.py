"""Lower rates for a run that does not bear its own: each is tried before it is advised."""

from __future__ import annotations

import numpy as np

from gradtui.diagnosis.runs.parts import rounded_rate, short
from gradtui.diagnosis.runs.run import Run
from gradtui.diagnosis.runs.thresholds import limit
from gradtui.diagnosis.runs.work import TooLargeError
from gradtui.engine.curvature import Gauge

_LOWER, _TRIED = 3.0, 4
"""The factor from a rate that is tried to the next, and how many are."""


def lower_rate(run: Run, gauge: Gauge | None = None, step: int = 0) -> str:
    """Return a rate at which a run ends lower than it does, and than it was at a step; else "".

    The run goes on from that step.  The first rate that is tried is half of the largest stable one,
    if a gauge tells it.  A run that is too large to be tried again is told without a rate.
    """
    own = run.trainer.lr
    rate = own / _LOWER if gauge is None else min(own, gauge.largest_rate) / 2.0
    for _ in range(_TRIED):
        tried = rounded_rate(rate)
        try:
            if tried < own and _descends(run, tried / own, step):
                return short(tried)
        except TooLargeError:
            return ""
        rate /= _LOWER
    return ""


def _descends(run: Run, factor: float, step: int) -> bool:
    """Return whether the run from a step on ends clearly lower at `factor` times the rate."""
    losses = run.retrained(factor, start=step)
    if len(losses) < 2 or not np.all(np.isfinite(losses)):
        return False
    first, last, own = float(losses[0]), float(losses[-1]), float(run.losses[run.end])
    whole = max(first, own) - last
    return last < first and own - last > limit("worth") * whole
