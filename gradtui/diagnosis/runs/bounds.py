"""Whether a rate is above the largest stable one, in numbers and words."""

from __future__ import annotations

import math

import numpy as np

from gradtui.base.text import EXACT, number
from gradtui.diagnosis.runs.parts import DIGITS, short
from gradtui.diagnosis.runs.run import Run
from gradtui.engine.curvature import Gauge

NEXT_TO = 0.95
"""From this share of the bound on, nothing settles within a few steps."""


def unstable(gauge: Gauge | None, share: float = NEXT_TO) -> bool:
    """Return whether lr·λmax is above a share of the bound."""
    return gauge is not None and gauge.pull > share * gauge.limit


def near_bound(gauge: Gauge) -> str:
    """Return a text on a rate above the bound or close to it."""
    digits = _digits_apart(gauge.pull, gauge.limit)
    rate, pull = number(gauge.rate, digits), number(gauge.pull, digits)
    known = f"lr·λmax = {rate}·{short(gauge.sharpness)} = {pull}"
    largest = number(gauge.largest_rate, digits)
    effect = (
        f"a rate above {largest} throws the weights farther out at each step"
        if gauge.pull > gauge.limit
        else f"close to the rate {largest} at which nothing settles"
    )
    return f"{known}, where {short(gauge.limit)} is the largest stable: {effect}"


def _digits_apart(one: float, other: float) -> int:
    """Return how many digits tell two numbers apart, at least as many as messages have."""
    apart = (n for n in range(DIGITS, EXACT) if number(one, n) != number(other, n))
    return next(apart, DIGITS)


def gauge_numbers(gauge: Gauge) -> dict[str, float]:
    """Return the numbers of a gauge as evidence."""
    return {
        "lr": gauge.rate,
        "sharpness": gauge.sharpness,
        "pull": gauge.pull,
        "bound": gauge.limit,
        "largest_rate": gauge.largest_rate,
    }


def steep_time(run: Run) -> float:
    """Return Σ lr·λmax over the run, in e-folds of the steepest direction; inf if not known."""
    picked = sorted({run.steps[round(i * (len(run.steps) - 1) / 4)] for i in range(5)})
    gauges = [gauge for step in picked if (gauge := run.gauge(step)) is not None]
    dynamics = run.program.dynamics
    if len(gauges) < len(picked) or dynamics.beta >= 1.0:
        return math.inf
    gain = dynamics.share / (1.0 - dynamics.beta)
    every = np.interp(np.arange(run.end + 1), picked, [gauge.pull * gain for gauge in gauges])
    return float(np.sum(every))
