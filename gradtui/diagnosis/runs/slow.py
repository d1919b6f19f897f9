"""A rate that is far too small: crawling."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from gradtui.diagnosis.finding import Finding
from gradtui.diagnosis.runs.bounds import gauge_numbers
from gradtui.diagnosis.runs.endless import endless
from gradtui.diagnosis.runs.parts import finding, short
from gradtui.diagnosis.runs.run import Array, Run
from gradtui.diagnosis.runs.thresholds import limit

_ROUNDING = 1e-9
"""Smaller gains, relative to the loss, mean nothing."""


def crawling(run: Run) -> Iterator[Finding]:
    """Find a rate so far below the bound that the run makes no progress."""
    if run.end < limit("handful") or run.broken is not None or run.base_rate(0) <= 0.0:
        return
    if _rises(run) or endless(run) is not None or steep_time(run) >= limit("steep-time"):
        return
    best = _better_rate(run)
    if best is None:
        return
    factor, losses = best
    rate, end, reached = run.base_rate(0), len(losses) - 1, losses[-1]
    gauge = run.gauge(0)
    assert gauge is not None
    message = (
        f"the rate {short(rate)} is far too small: {end:,} steps take the loss from "
        f"{short(run.losses[0])} to {short(run.losses[end])}; with lr = {short(factor * rate)} "
        f"they take it to {short(reached)}{run.mean_note}"
    )
    if gauge.sharpness > 0.0:
        slow = gauge.dynamics.steps_per_decade(gauge.rate * gauge.sharpness)
        message += f"; lr·λmax is {short(gauge.pull)}, so even in the steepest direction it takes "
        message += f"{short(round(slow))} steps to get ten times nearer"
    evidence = {
        "loss": run.losses[end],
        "factor": factor,
        "loss_then": reached,
        **gauge_numbers(gauge),
    }
    yield finding(
        run, "crawling", "warning", "lr", 0, message, evidence, trial=f"lr {short(factor * rate)}"
    )


def _rises(run: Run) -> bool:
    """Return whether a run ends higher than it began; with batches, its second half on average."""
    losses, half = run.losses, len(run.losses) // 2 if run.noisy else 1
    return bool(np.mean(losses[-half:]) > np.mean(losses[:half]))


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


def _better_rate(run: Run) -> tuple[float, Array] | None:
    """Return the factor on the rate that gains most in the same first steps, and its losses."""
    best: tuple[float, Array] | None = None
    most = 0.0
    for factor in (3.0, 10.0, 30.0, 100.0, 1000.0):
        losses = run.retrained(factor)[: run.end + 1]
        gained = float(run.losses[0] - run.losses[len(losses) - 1])
        if not np.all(np.isfinite(losses)) or np.max(losses) > 2.0 * abs(losses[0]) + gained:
            break
        gains = float(run.losses[0] - np.max(losses[-max(1, len(losses) // 10) :]))
        least = max((1.0 + limit("better")) * gained, _ROUNDING * abs(float(losses[0])))
        if gains > max(most, least):
            best, most = (factor, losses), gains
    return best
