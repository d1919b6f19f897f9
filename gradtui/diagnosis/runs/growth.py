"""A loss that grows without end, or falls without end: diverging."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from msgspec import Struct

from gradtui.diagnosis.finding import Finding
from gradtui.diagnosis.runs.bounds import gauge_numbers, near_bound, unstable
from gradtui.diagnosis.runs.breaks import first_break
from gradtui.diagnosis.runs.endless import endless
from gradtui.diagnosis.runs.parts import finding, listed, short
from gradtui.diagnosis.runs.remedies import change, lower_rate
from gradtui.diagnosis.runs.run import Run
from gradtui.diagnosis.runs.thresholds import limit

_PARTS, _FEWEST = 4, 3
"""Parts of a noisy run that are compared, and fewest steps of each."""


class Growth(Struct, frozen=True):
    """A loss that grows to the end of a run."""

    start: int
    """The last step before it grows: its update is the first that harms."""
    factor: float
    """The factor by which the gradient's length grows in a step, on average."""


def growth(run: Run) -> Growth | None:
    """Return how a run's loss grows without end; None if it does not."""
    return run.once(_growth)


def _growth(run: Run) -> Growth | None:
    losses, end = run.losses[: run.end + 1], run.end
    if end < 0:
        return None
    lowest = int(np.argmin(losses))
    if run.broken is not None and _overflows(run) and _grew_before(run, lowest):
        start = _last_low(losses, lowest)
        return Growth(start, _factor(run, start))
    recent = max(2, end // (_PARTS if run.noisy else 20))
    if end - lowest < 1:
        return None
    fall, steps, norms = float(losses[0] - losses[lowest]), np.array(run.steps), run.gradient_norms
    if np.max(losses[-recent:]) < np.max(losses):
        if not _stopped_too_late(run, fall):
            return None
        losses = losses[: int(np.argmax(losses)) + 1]
        lowest = int(np.argmin(losses))  # it may fall lower afterwards
        steps, norms = steps[steps < len(losses)], norms[steps < len(losses)]
    rise = float(np.max(losses)) - float(losses[lowest])
    before, after = norms[steps <= lowest], norms[steps > lowest]
    highest = float(np.max(after[-recent:], initial=0.0))
    least = limit("climb") if _only_climbs(run) else limit("growth")
    if rise < least * fall or highest < least * float(np.max(before)):
        return None
    after_lowest = losses[lowest:]
    if not (_keeps_rising(after_lowest) or (run.noisy and _rises_in_all_parts(after_lowest))):
        return None
    start = _last_low(losses, lowest)
    return Growth(start, _factor(run, start))


def diverging(run: Run) -> Iterator[Finding]:
    """Find a loss and a gradient that grow to the end, beyond all before."""
    found = growth(run)
    if found is None:
        yield from _falls_without_end(run)
        return
    start = found.start
    losses, note = run.shown_losses[start : start + 4], ""
    if not np.all(np.diff(losses) > 0.0):  # batches hide the growth
        losses, note = run.losses[start : start + 4], run.mean_note
    gauge = run.gauge(start)
    bound = gauge if gauge is not None and unstable(gauge) else None
    message = f"the loss grows from step {run.first + start:,} on: {listed(losses)}{note}; "
    evidence = {"losses": losses, "growth_per_step": found.factor}
    if bound is not None:
        message += near_bound(bound)
        evidence |= gauge_numbers(bound)
    else:
        message += "no curvature explains it: each step goes up, or the surface has no bottom"
    tried = lower_rate(run, bound)
    trial = change("lr", tried)
    if tried:
        message += f"; try lr = {tried}"
    yield finding(run, "diverging", "error", "lr", start, message, evidence, trial=trial)


def _falls_without_end(run: Run) -> Iterator[Finding]:
    found = endless(run)
    if found is None:
        return
    last = float(run.shown_losses[run.end])
    message = (
        "the loss has no minimum, as far as can be seen: along the line down the gradient of step "
        f"{run.first + run.end:,} it goes on falling, from {short(last)} to {short(found.loss)} at "
        f"a distance of {short(found.distance)}, so no number of steps and no rate bring the run "
        "to a bottom; check the signs and powers of its terms, or add one that bounds it"
    )
    evidence = {"loss": last, "distance": found.distance, "loss_there": found.loss}
    place = run.place(run.graph.loss)
    yield finding(run, "diverging", "warning", "loss", 0, message, evidence, place)


def ended_higher(run: Run) -> Iterator[Finding]:
    """Find a run that ends far above its start, where no other rule says why."""
    losses, end = run.losses[: run.end + 1], run.end
    if run.broken is not None or len(losses) < _FEWEST:
        return
    recent = range(end + 1 - max(2, end // 20), end + 1)
    # With batches, the start is judged on those of the end.
    first = float(run.losses_at([run.weights(0)], recent)[0]) if run.noisy else float(losses[0])
    left, fall = float(np.min(losses[recent.start :])) - first, first - float(np.min(losses))
    if not _is_far(first, left, max(0.0, fall)):
        return
    tried, shown = run.once(lower_rate), run.shown_losses
    message = (
        f"the loss ends far above its start: {short(shown[0])} at step {run.first:,}, "
        f"{short(shown[end])} at step {run.first + end:,}"
    )
    if tried:
        message += f"; try lr = {tried}, with which the same run ends below its start"
    evidence = {"loss": shown[0], "last_loss": shown[end]}
    trial = change("lr", tried)
    yield finding(run, "diverging", "error", "lr", 0, message, evidence, trial=trial)


def _is_far(first: float, left: float, fall: float) -> bool:
    """Return whether a run is far above its first loss, of which it had lost `fall` before."""
    return left > limit("growth") * (fall + abs(first))


def _only_climbs(run: Run) -> bool:
    """Return whether every step of a run above the stable rate goes up."""
    if np.any(np.diff(run.losses[: run.end + 1]) <= 0.0):
        return False
    gauge = run.gauge(0)
    return gauge is not None and gauge.pull > gauge.limit


def _stopped_too_late(run: Run, fall: float) -> bool:
    """Return whether a run grew from step to step until a schedule or dead units stopped that.

    It ends far above its start, or at least above it if the rate was above the bound there.
    """
    losses, end = run.losses[: run.end + 1], run.end
    highest, first = int(np.argmax(losses)), float(losses[0])
    left = float(losses[end]) - first
    climbed = int(np.count_nonzero(np.diff(np.maximum.accumulate(losses)) > 0.0))
    if climbed < _FEWEST or left <= 0.0:
        return False
    if run.base_rate(end) < run.base_rate(highest) and _is_far(first, left, fall):
        return True
    return _is_far(first, float(losses[highest]) - first, fall) and unstable(run.gauge(0), 1.0)


def _last_low(losses: np.ndarray, lowest: int) -> int:
    """Return the last step at which the loss is still near its lowest."""
    low = float(losses[lowest])
    margin = 0.01 * max(float(losses[0]) - low, 1e-3 * abs(low))
    return int(np.flatnonzero(losses <= low + margin)[-1])


def _keeps_rising(losses: np.ndarray) -> bool:
    """Return whether new highest losses come steadily, not from one jump."""
    highest = np.maximum.accumulate(losses)
    fresh = np.flatnonzero(np.diff(highest) > 0.0)
    return bool(len(fresh) >= min(3, len(losses) - 1) and fresh[-1] >= 0.9 * (len(losses) - 2))


def _rises_in_all_parts(losses: np.ndarray) -> bool:
    """Return whether each quarter of noisy losses has a higher one than the quarter before."""
    highest = [np.max(part, initial=-np.inf) for part in np.array_split(losses, _PARTS)]
    return bool(len(losses) >= _FEWEST * _PARTS and np.all(np.diff(highest) > 0.0))


def _overflows(run: Run) -> bool:
    """Return whether the numbers that are not finite come from numbers that are too large."""
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
