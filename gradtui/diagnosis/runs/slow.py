"""A rate that is far too small, or soon becomes so: crawling."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gradtui.diagnosis.finding import Finding
from gradtui.diagnosis.runs.bounds import gauge_numbers, steep_time
from gradtui.diagnosis.runs.endless import endless
from gradtui.diagnosis.runs.parts import finding, rounded_rate, short
from gradtui.diagnosis.runs.run import Array, Run
from gradtui.diagnosis.runs.schedule import dying_schedule
from gradtui.diagnosis.runs.thresholds import limit
from gradtui.diagnosis.runs.valleys import higher_rate, unlearned

_FACTORS, _SHARES = (3.0, 10.0, 30.0, 100.0, 1000.0), (0.03, 0.1, 0.5, 0.95)
"""Factors tried on the rate; where all are small, shares of the largest stable one."""
_LARGEST = 1e6
"""Largest factor: with a bound farther off, the surface is flat rather than the rate small."""
_ROUNDING = 1e-9
"""Smaller gains, relative to the loss, mean nothing."""


def crawling(run: Run) -> Iterator[Finding]:
    """Find a rate so far below the bound that the run makes no progress, or too little."""
    if run.end < limit("handful") or run.broken is not None or run.base_rate(0) <= 0.0:
        return
    if _rises(run) or endless(run) is not None:
        return
    if found := [*dying_schedule(run)]:
        yield from found
        return
    if steep_time(run) >= limit("steep-time"):
        yield from _too_low(run)
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


def _too_low(run: Run) -> Iterator[Finding]:
    """Find a rate at which flat directions are not descended, though a stable one descends them."""
    left = unlearned(run)
    tried = higher_rate(run, left) if left is not None and left.too_low else None
    if left is None or tried is None:
        return
    message = (
        f"the rate {short(run.base_rate(0))} is too small: {tried.steps:,} steps take the loss "
        f"from {short(run.losses[0])} to {short(run.losses[tried.steps])}, with {tried.text} they "
        f"take it to {short(tried.loss)}; {left.text}"
    )
    evidence = {
        "loss": run.losses[tried.steps], "loss_then": tried.loss, "loss_left": left.left,
        "flatness": left.flatness,
    }  # fmt: skip
    yield finding(run, "crawling", "warning", "lr", 0, message, evidence, trial=tried.change)


def _rises(run: Run) -> bool:
    """Return whether a run ends higher than it began; with batches, its second half on average."""
    losses, half = run.losses, len(run.losses) // 2 if run.noisy else 1
    return bool(np.mean(losses[-half:]) > np.mean(losses[:half]))


def _better_rate(run: Run) -> tuple[float, Array] | None:
    """Return the factor on the rate that gains most in the same first steps, and its losses."""
    best: tuple[float, Array] | None = None
    most = 0.0
    for factor in (*_FACTORS, *_near_bound(run)):
        losses = run.retrained(factor)[: run.end + 1]
        gained = float(run.losses[0] - run.losses[len(losses) - 1])
        if not np.all(np.isfinite(losses)) or np.max(losses) > 2.0 * abs(losses[0]) + gained:
            break
        gains = float(run.losses[0] - np.max(losses[-max(1, len(losses) // 10) :]))
        least = max((1.0 + limit("better")) * gained, _ROUNDING * abs(float(losses[0])))
        # So near the bound a rate must be worth it.
        needed = most if factor <= _FACTORS[-1] else (1.0 + limit("worth")) * most
        if gains > max(needed, least):
            best, most = (factor, losses), gains
    return best


def _near_bound(run: Run) -> list[float]:
    """Return factors that bring a still lower rate near the largest stable one."""
    gauge, rate = run.gauge(0), run.base_rate(0)
    if gauge is None or not np.isfinite(gauge.largest_rate):
        return []
    rates = [rounded_rate(share * gauge.largest_rate) for share in _SHARES]
    return [one / rate for one in rates if _FACTORS[-1] < one / rate <= _LARGEST]
