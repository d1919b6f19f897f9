"""A learning rate that does not fit the surface: diverging, oscillating, crawling."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from gradtui.diagnosis.finding import Finding
from gradtui.diagnosis.runs.breaks import first_break
from gradtui.diagnosis.runs.parts import finding, listed, rounded_rate, short
from gradtui.diagnosis.runs.run import TAIL, Array, Run
from gradtui.diagnosis.runs.thresholds import limit
from gradtui.engine.curvature import Gauge

_NEXT_TO = 0.95
"""Share of the bound from which nothing settles in a few steps."""
_ROUNDING = 1e-9
"""Part of a loss below which a difference says nothing."""
_BETWEEN, _SEGMENTS = 31, 8
"""Places tried between two weights, and pairs of weights."""


class Growth(Struct, frozen=True):
    """A loss that grows to the end of a run."""

    start: int
    """The last step before it grows: its update is the first that harms."""
    factor: float
    """By which the gradient's length is multiplied in a step, on average."""


def growth(run: Run) -> Growth | None:
    """Return how a run's loss grows without end; None where it does not."""
    return run.once(_growth)


def _growth(run: Run) -> Growth | None:
    losses, end = run.losses[: run.end + 1], run.end
    if end < 0:
        return None
    lowest = int(np.argmin(losses))
    if run.base_rate(0) < 0.0 and losses[-1] > losses[0]:
        return Growth(0, _factor(run, 0))
    if run.broken is not None and _overflows(run) and _grew_before(run, lowest):
        start = _last_low(losses, lowest)
        return Growth(start, _factor(run, start))
    recent = max(2, end // 20)
    if end - lowest < 1 or np.max(losses[-recent:]) < np.max(losses):
        return None
    rise, fall = float(np.max(losses)) - float(losses[lowest]), float(losses[0] - losses[lowest])
    steps, norms = np.array(run.steps), run.gradient_norms
    before, after = norms[steps <= lowest], norms[steps > lowest]
    highest = float(np.max(after[-recent:], initial=0.0))
    if rise < limit("growth") * fall or highest < limit("growth") * float(np.max(before)):
        return None
    if not _keeps_rising(losses[lowest:]):
        return None
    start = _last_low(losses, lowest)
    return Growth(start, _factor(run, start))


def diverging(run: Run) -> Iterator[Finding]:
    """Find a loss and a gradient that grow to the end, beyond all before."""
    found = growth(run)
    if found is None:
        return
    start = found.start
    shown = listed(run.losses[start : start + 4])
    gauge = run.gauge(start)
    message = f"the loss grows from step {start} on: {shown}"
    evidence = {"losses": run.losses[start : start + 4], "growth_per_step": found.factor}
    rate = run.base_rate(start)
    if rate < 0.0:
        message += f"; the rate is negative, {short(rate)}, so that each step goes uphill"
    elif gauge is not None and _unstable(gauge):
        message += f"; {_too_large(gauge)}"
        evidence |= _numbers(gauge)
    else:
        message += "; no curvature explains it: each step goes up, or the surface has no bottom"
    yield finding(run, "diverging", "error", "lr", start, message, evidence)


def rate_too_large_later(run: Run) -> Iterator[Finding]:
    """Find a rate that was stable at first and is above the bound where the run fails."""
    first = run.gauge(0) if run.end >= 0 else None
    if first is None or first.sharpness < 0.0 or run.base_rate(0) < 0.0:
        return
    if run.base_rate(0) * first.sharpness > _NEXT_TO * first.limit:
        return
    failure = _later_failure(run)
    if failure is None:
        return
    start, reached, gauge, text = failure
    if start < 3 or run.losses[0] - reached < 0.5 * (
        run.losses[0] - np.min(run.losses[: run.end + 1])
    ):
        return
    message = (
        f"the rate was good at first: lr·λmax was {short(first.pull)} at step 0, and the loss fell "
        f"to {short(reached)}. It is above the bound from step {gauge.step} on: "
        f"{_too_large(gauge)}, or let a schedule lower it before; {text}"
    )
    evidence = {"first_pull": first.pull, "reached": reached, **_numbers(gauge)}
    yield finding(run, "rate-too-large-later", "warning", "lr", gauge.step, message, evidence)


def _later_failure(run: Run) -> tuple[int, float, Gauge, str] | None:
    """Return when a run fails, what it had reached, the gauge that explains it, and how."""
    blown, bounce = growth(run), bouncing(run)
    losses = run.losses
    if blown:
        crossing = _crossing(run)
        gauge = None if crossing is None else run.gauge(crossing)
        if gauge is None:
            return None
        text = f"from step {blown.start} on the loss grows"
        return blown.start, float(np.min(losses[: blown.start + 1])), gauge, text
    if bounce:
        gauge, crossing = bounce.gauge, _crossing(run)
        if gauge is None or not _unstable(gauge):
            return None
        gauge = replace(gauge, step=bounce.start if crossing is None else crossing)
        text = f"the loss bounces about {short(bounce.mean_loss)} and does not settle"
        return bounce.start, bounce.mean_loss, gauge, text
    thrown = thrown_at(run)
    if thrown is None:
        return None
    text = (
        f"the update of step {thrown.step} throws the run out: the loss goes from "
        f"{short(losses[thrown.step])} up to "
        f"{short(np.max(losses[thrown.step : run.end + 1]))} and ends at {short(losses[run.end])}"
    )
    return thrown.step, float(losses[thrown.step]), thrown, text


def thrown_at(run: Run) -> Gauge | None:
    """Return the gauge of the step that threw a run out of where it was better, if one did."""
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


class Bounce(Struct, frozen=True, eq=False):
    """Weights that go back and forth over a place where the loss is lower."""

    start: int
    mean_loss: float
    between: float
    """The loss at the mean of the weights."""
    gauge: Gauge | None
    """The gauge there."""


def bouncing(run: Run) -> Bounce | None:
    """Return the bounce at the end of a run; None where the weights get anywhere, or settle."""
    return run.once(_bouncing)


def _bouncing(run: Run) -> Bounce | None:
    if run.end < limit("handful"):
        return None
    count = min(TAIL, run.end // 2) // 2 * 2
    window = range(run.end - count, run.end)
    moves = np.array([run.update(step) for step in window])
    lengths = np.linalg.norm(moves, axis=1)
    path, net = float(np.sum(lengths)), float(np.linalg.norm(np.sum(moves, axis=0)))
    half = count // 2
    if not path or net > limit("turning") * path:
        return None
    if np.sum(lengths[half:]) < limit("sustained") * np.sum(lengths[:half]):
        return None
    middle, between = _bottom(run, window)
    mean = float(np.mean(run.losses[window.start : window.stop]))
    whole = max(float(run.losses[0]), mean) - between
    if mean - between <= _ROUNDING * abs(mean):
        return None
    if mean - between < limit("bounce-noisy" if run.noisy else "bounce") * whole:
        return None
    middle_of_run = run.losses[run.end // 2 - half : run.end // 2 + half]
    if float(np.mean(middle_of_run)) - mean > limit("still-falling") * (mean - between):
        return None
    gauge = run.gauge_between(middle, run.end)
    return Bounce(_bounce_start(run, mean), mean, between, gauge)


def _bottom(run: Run, window: range) -> tuple[Array, float]:
    """Return the lowest place between weights that follow each other, and the loss there."""
    width = run.curvature.size
    rows = np.array([run.history.state(step)[:width] for step in window])
    shares = np.linspace(0.0, 1.0, _BETWEEN + 2)[1:-1, None]
    last = range(max(0, len(rows) - 1 - _SEGMENTS), len(rows) - 1)
    points = [rows[k] + shares * (rows[k + 1] - rows[k]) for k in last]
    tried = np.concatenate([np.mean(rows, axis=0)[None], *points])
    losses = run.losses_at(tried, list(window))
    lowest = int(np.argmin(losses))
    return tried[lowest], float(losses[lowest])


def oscillating(run: Run) -> Iterator[Finding]:
    """Find weights that swing across the valley without dying out."""
    found = bouncing(run)
    if found is None or growth(run) is not None:
        return
    gauge = found.gauge
    message = (
        f"the loss bounces about {short(found.mean_loss)} and does not settle: between the weights "
        f"of the last steps it is {short(found.between)}"
    )
    evidence = {"loss": found.mean_loss, "loss_between": found.between}
    if gauge is not None and _unstable(gauge):
        message += f"; {_too_large(gauge)}"
        evidence |= _numbers(gauge)
    else:
        rate = run.base_rate(run.end)
        message += f"; the steps are longer than the valley is wide: try lr = {short(rate / 10)}"
    yield finding(run, "oscillating", "warning", "lr", found.start, message, evidence)


def crawling(run: Run) -> Iterator[Finding]:
    """Find a rate so far below the bound that the run gets nowhere."""
    if run.end < limit("handful") or run.broken is not None or run.base_rate(0) <= 0.0:
        return
    if run.losses[-1] > run.losses[0] or steep_time(run) >= limit("steep-time"):
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
        f"{short(run.losses[0])} to {short(run.losses[end])}, with lr = {short(factor * rate)} "
        f"to {short(reached)}"
    )
    if gauge.sharpness > 0.0:
        slow = gauge.dynamics.steps_per_decade(gauge.rate * gauge.sharpness)
        message += f"; lr·λmax is {short(gauge.pull)}, so that even the steepest direction takes "
        message += f"{short(slow)} steps for a factor of ten"
    evidence = {"loss": run.losses[end], "factor": factor, "loss_then": reached, **_numbers(gauge)}
    yield finding(run, "crawling", "warning", "lr", 0, message, evidence)


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
        gains = float(losses[0] - np.max(losses[-max(1, len(losses) // 10) :]))
        least = max((1.0 + limit("better")) * gained, _ROUNDING * abs(float(losses[0])))
        if gains > max(most, least):
            best, most = (factor, losses), gains
    return best


def _bounce_start(run: Run, mean: float) -> int:
    """Return the first step at which the loss is at the height of the bounce."""
    return int(np.argmax(run.losses <= mean)) if np.any(run.losses <= mean) else 0


def _crossing(run: Run) -> int | None:
    """Return the first step at which lr·λmax is above the bound, by halving between samples."""
    picked = sorted({run.steps[round(i * (len(run.steps) - 1) / 24)] for i in range(25)})
    return _first_above(run, picked, 1.0) or _first_above(run, picked, _NEXT_TO)


def _first_above(run: Run, picked: Sequence[int], share: float) -> int | None:
    """Return the first step at which lr·λmax is above a share of the bound, of a few picked."""
    above = [step for step in picked if _unstable(run.gauge(step), share)]
    if not above:
        return None
    high = above[0]
    low = max((step for step in picked if step < high), default=0)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _unstable(run.gauge(middle), share) else (middle, high)
    return high


def _unstable(gauge: Gauge | None, share: float = _NEXT_TO) -> bool:
    return gauge is not None and gauge.pull > share * gauge.limit


def _last_low(losses: np.ndarray, lowest: int) -> int:
    """Return the last step at which the loss is still next to its lowest."""
    low = float(losses[lowest])
    margin = 0.01 * max(float(losses[0]) - low, 1e-3 * abs(low))
    return int(np.flatnonzero(losses <= low + margin)[-1])


def _keeps_rising(losses: np.ndarray) -> bool:
    """Return whether new highest losses come all along, not from one jump."""
    highest = np.maximum.accumulate(losses)
    fresh = np.flatnonzero(np.diff(highest) > 0.0)
    return bool(len(fresh) >= min(3, len(losses) - 1) and fresh[-1] >= 0.9 * (len(losses) - 2))


def _overflows(run: Run) -> bool:
    """Return whether what is not finite comes from numbers that are too large."""
    found = first_break(run)
    return found is not None and found.overflow


def _grew_before(run: Run, lowest: int) -> bool:
    """Return whether the numbers grew in the steps before they overflowed."""
    if run.end > lowest:
        jump = float(run.gradient_norms[-1]), float(np.max(run.gradient_norms[:1]))
        if jump[0] > limit("growth") * jump[1]:
            return True
    gauge = run.gauge(run.end)
    return gauge is not None and gauge.pull > gauge.limit


def _factor(run: Run, start: int) -> float:
    steps, norms = np.array(run.steps), run.gradient_norms
    chosen = norms[steps >= start]
    if len(chosen) < 2 or not chosen[0]:
        return math.inf
    with np.errstate(all="ignore"):
        return float((chosen[-1] / chosen[0]) ** (1.0 / max(1, steps[-1] - start)))


def _too_large(gauge: Gauge) -> str:
    text = f"lr·λmax = {short(gauge.rate)}·{short(gauge.sharpness)} = {short(gauge.pull)}, where "
    text += f"{short(gauge.limit)} is the largest stable: a rate above "
    text += f"{short(gauge.largest_rate)} throws the weights farther out at each step"
    if gauge.pull <= gauge.limit:
        text = text.replace("a rate above", "close to the rate").replace(
            "throws the weights farther out at each step", "at which nothing settles"
        )
    return f"{text}; try lr = {short(rounded_rate(gauge.largest_rate / 2.0))}"


def _numbers(gauge: Gauge) -> dict[str, float]:
    return {
        "lr": gauge.rate,
        "sharpness": gauge.sharpness,
        "pull": gauge.pull,
        "bound": gauge.limit,
        "largest_rate": gauge.largest_rate,
    }
