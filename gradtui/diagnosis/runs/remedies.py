"""Lower rates and clipping for a run that fails: each is tried before it is advised.

Of those tried, the one is advised with which the run ends lowest.  A run that is too large to be
tried again is told without one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from gradtui.diagnosis.runs.parts import rounded_rate, short
from gradtui.diagnosis.runs.run import Array, Run
from gradtui.diagnosis.runs.thresholds import limit
from gradtui.diagnosis.runs.work import TooLargeError
from gradtui.engine.curvature import Gauge

_LOWER, _TRIED = 3.0, 8
"""The factor from a value that is tried to the next, and how many are at most."""


def lower_rate(run: Run, gauge: Gauge | None = None, step: int = 0) -> str:
    """Return a rate at which a run ends lower than it does, and than it was at a step; else "".

    The run goes on from that step.  The first rate that is tried is half of the largest stable one,
    if a gauge tells it.
    """
    own = run.trainer.lr
    most = own / _LOWER if gauge is None else min(own, gauge.largest_rate) / 2.0
    rates = [rate for rate in _falling(most) if rate < own]
    return _best(run, rates, lambda rate: run.retrained(rate / own, step))


def change(name: str, tried: str) -> str:
    """Return the change to a value that was tried, as a what-if reads it; "" without one."""
    return f"{name} {tried}" if tried else ""


def lower_clip(run: Run) -> str:
    """Return a length of the gradient to which clipping lets a run end lower; else "".

    The first that is tried moves the weights by no more than a third of their own length.
    """
    if run.trainer.lr <= 0.0:
        return ""
    most = float(np.linalg.norm(run.weights(0))) / _LOWER / run.trainer.lr
    return best_clip(run, _falling(most))


def best_clip(run: Run, lengths: Iterable[float]) -> str:
    """Return the length among some to which clipping lets a run end lowest; else ""."""
    return "" if run.by_hand else _best(run, lengths, run.reclipped)


def _falling(most: float) -> list[float]:
    return [rounded_rate(most / _LOWER**power) for power in range(_TRIED)]


def _best(run: Run, values: Iterable[float], losses_with: Callable[[float], Array]) -> str:
    """Return the value with which a run ends lowest, if that is clearly lower; else ""."""
    best, lowest = "", np.inf
    for value in values:
        try:
            losses = losses_with(value)
        except TooLargeError:
            return best
        if len(losses) > 1 and losses[-1] < lowest and _descends(run, losses):
            best, lowest = short(value), float(losses[-1])
        elif best:
            break  # further ones are too low
    return best


def _descends(run: Run, losses: Array) -> bool:
    """Return whether losses end below their start, and clearly below the run's own end."""
    if not np.all(np.isfinite(losses)):
        return False
    first, last, own = float(losses[0]), float(losses[-1]), float(run.losses[run.end])
    whole = max(first, own) - last
    return last < first and own - last > limit("worth") * whole
