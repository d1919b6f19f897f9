"""A rate that fits at first and is too large later."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from msgspec.structs import replace

from gradtui.diagnosis.finding import Finding
from gradtui.diagnosis.runs.bounces import bouncing
from gradtui.diagnosis.runs.bounds import NEXT_TO, gauge_numbers, near_bound, unstable
from gradtui.diagnosis.runs.growth import growth
from gradtui.diagnosis.runs.parts import finding, short
from gradtui.diagnosis.runs.remedies import change, lower_rate
from gradtui.diagnosis.runs.run import Run
from gradtui.diagnosis.runs.thresholds import limit
from gradtui.engine.curvature import Gauge


def rate_too_large_later(run: Run) -> Iterator[Finding]:
    """Find a rate that was stable at first and is above the bound where the run fails."""
    first = run.gauge(0) if run.end >= 0 else None
    if first is None or first.sharpness < 0.0:
        return
    if run.base_rate(0) * first.sharpness > NEXT_TO * first.limit:
        return
    failure = _later_failure(run)
    if failure is None:
        return
    start, reached, gauge, text = failure
    if start < 3 or run.losses[0] - reached < 0.5 * (
        run.losses[0] - np.min(run.losses[: run.end + 1])
    ):
        return
    tried = lower_rate(run, gauge, gauge.step)
    lower = f"lr = {tried}, or " if tried else ""
    message = (
        f"the rate was good at first: lr·λmax was {short(first.pull)} at step {run.first:,}, and "
        f"the loss fell to {short(reached)}. lr·λmax is above the bound from step "
        f"{run.first + gauge.step:,} on: "
        f"{near_bound(gauge)}; try {lower}a schedule that lowers it before then; {text}"
    )
    evidence = {"first_pull": first.pull, "reached": reached, **gauge_numbers(gauge)}
    yield finding(
        run, "rate-too-large-later", "warning", "lr", gauge.step, message, evidence,
        trial=change("lr", tried), trial_step=gauge.step,
    )  # fmt: skip


def _later_failure(run: Run) -> tuple[int, float, Gauge, str] | None:
    """Return the failing step, the loss reached before it, the gauge that explains it, the text."""
    blown, bounce = growth(run), bouncing(run)
    losses = run.losses
    if blown:
        crossing = _crossing(run)
        gauge = None if crossing is None else run.gauge(crossing)
        if gauge is None:
            return None
        text = f"from step {run.first + blown.start:,} on the loss grows"
        return blown.start, float(np.min(losses[: blown.start + 1])), gauge, text
    if bounce:
        gauge, crossing = bounce.gauge, _crossing(run)
        if gauge is None or not unstable(gauge):
            return None
        gauge = replace(gauge, step=bounce.start if crossing is None else crossing)
        text = f"the loss bounces around {short(bounce.mean_loss)} and does not settle"
        return bounce.start, bounce.mean_loss, gauge, text
    thrown = thrown_at(run)
    if thrown is None:
        return None
    text = (
        f"the update of step {run.first + thrown.step:,} throws the weights far out: the loss goes "
        f"from {short(losses[thrown.step])} up to "
        f"{short(np.max(losses[thrown.step : run.end + 1]))} and ends at {short(losses[run.end])}"
        f"{run.mean_note}"
    )
    return thrown.step, float(losses[thrown.step]), thrown, text


def thrown_at(run: Run) -> Gauge | None:
    """Return the gauge of the step that threw a run out of a better place, if one did."""
    return run.once(_thrown_at)


def _thrown_at(run: Run) -> Gauge | None:
    if run.end < 2 or run.broken is not None:
        return None
    losses = run.losses[: run.end + 1]
    best = int(np.argmin(losses))
    lost = float(losses[-1] - losses[best])
    if best == run.end or lost < limit("thrown") * float(losses[0] - losses[best]):
        return None
    gauge = run.gauge(best)
    return gauge if gauge is not None and gauge.pull > gauge.limit else None


def _crossing(run: Run) -> int | None:
    """Return the first step at which lr·λmax is above the bound, by halving between samples."""
    picked = sorted({run.steps[round(i * (len(run.steps) - 1) / 24)] for i in range(25)})
    return _first_above(run, picked, 1.0) or _first_above(run, picked, NEXT_TO)


def _first_above(run: Run, picked: Sequence[int], share: float) -> int | None:
    """Return the first of a few sampled steps with lr·λmax above a share of the bound."""
    above = [step for step in picked if unstable(run.gauge(step), share)]
    if not above:
        return None
    high = above[0]
    low = max((step for step in picked if step < high), default=0)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if unstable(run.gauge(middle), share) else (middle, high)
    return high
