"""A schedule that lets the rate die while there is much left to descend."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from msgspec import Struct

from gradtui.diagnosis.finding import Finding
from gradtui.diagnosis.runs.parts import finding, rounded_rate, short
from gradtui.diagnosis.runs.run import Run
from gradtui.diagnosis.runs.thresholds import limit

_SHARES = (1.0, 0.3, 0.1, 0.03)
"""Shares of the schedule's largest rate that are tried without it."""


class Held(Struct, frozen=True):
    """The same run at a constant rate."""

    change: str
    """It, as a what-if reads it."""
    rate: float
    loss: float
    """The loss at its last step."""


def dying_schedule(run: Run) -> Iterator[Finding]:
    """Find a rate that is gone by the middle of a run, where a constant one gets clearly lower."""
    if not run.trainer.scheduled or run.by_hand or run.first:
        return
    steps = np.array(run.steps)
    rates = np.array([run.base_rate(step) for step in run.steps])
    every = np.interp(np.arange(run.end + 1), steps, rates)
    half, highest = run.end // 2, float(np.max(rates))
    if np.sum(every[half:]) > limit("died") * np.sum(every[:half]):
        return
    held = _held(run, highest)
    if held is None:
        return
    died = int(np.flatnonzero(every > limit("died") * highest)[-1]) + 1
    left, then = short(run.base_rate(died)), short(rates[-1])
    message = (
        f"the schedule lets the rate die: from {short(highest)} it falls to {left} at step "
        f"{died:,} and {then} at step {run.end:,}, where |∇| is {short(run.gradient_norms[-1])}: "
        f"{run.end:,} steps take the loss from {short(run.losses[0])} to "
        f"{short(run.losses[run.end])}, with a constant rate of {short(held.rate)} to "
        f"{short(held.loss)}{run.mean_note}; let it fall more slowly"
    )
    evidence = {
        "loss": run.losses[run.end], "loss_then": held.loss, "rate_tried": held.rate,
        "highest_rate": highest, "last_rate": rates[-1],
    }  # fmt: skip
    yield finding(run, "crawling", "warning", "lr", died, message, evidence, trial=held.change)


def _held(run: Run, highest: float) -> Held | None:
    """Return the constant rate with which a run ends lowest, if that is clearly lower."""
    from gradtui.scenario.changes import read_change  # the first screen waits for no changes

    best: Held | None = None
    for share in _SHARES:
        rate = highest if share == 1.0 else rounded_rate(share * highest)
        change = f"schedule constant lr {short(rate)}"
        losses = run.changed(read_change(change, run.problem).problem(run.problem).trainer)
        if len(losses) <= run.end or not np.all(np.isfinite(losses)):
            continue
        reached = float(np.max(losses[-max(1, len(losses) // 20) :]))
        now = float(run.losses[run.end])
        gain, whole = now - reached, max(float(run.losses[0]), now) - reached
        most = gain >= limit("most") * now and gain >= limit("some") * whole
        if (most or gain > limit("worth") * whole) and (best is None or losses[-1] < best.loss):
            best = Held(change, rate, float(losses[-1]))
    return best
