"""Weights that swing across the valley without end: oscillating."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, starmap

import numpy as np
from msgspec import Struct

from gradtui.diagnosis.finding import Finding, Severity
from gradtui.diagnosis.runs.bounds import gauge_numbers, near_bound, unstable
from gradtui.diagnosis.runs.growth import growth
from gradtui.diagnosis.runs.parts import finding, short
from gradtui.diagnosis.runs.remedies import change
from gradtui.diagnosis.runs.run import Array, Run
from gradtui.diagnosis.runs.thresholds import limit
from gradtui.engine.curvature import Gauge

_ROUNDING = 1e-9
"""Smaller differences, relative to the loss, mean nothing."""
_SMALLER = (0.9, 0.5, 0.2, 0.1, 0.03)
"""Factors tried on the rate."""
_LESS_MOMENTUM = (0.9, 0.8, 0.5, 0.0)
"""Values of a momentum that are tried, below its own."""
_TRIED = {"lr": "rate_tried", "momentum": "momentum_tried"}
"""What the evidence calls the value that was tried."""
_BETWEEN, _SEGMENTS = 31, 8
"""Places tried between two states (fewer on a large model), and pairs of states."""


class Calmer(Struct, frozen=True):
    """A run at a smaller rate, or with less momentum."""

    name: str
    """What is changed, "lr" or "momentum"."""
    value: float
    last: int
    """Its last step."""
    loss: float
    """The loss there."""
    gained: float
    """How much lower the loss is around that step, on average."""


class Bounce(Struct, frozen=True, eq=False):
    """Weights that go back and forth across a place of lower loss."""

    start: int
    mean_loss: float
    between: float
    """The loss at the mean of the weights."""
    gauge: Gauge | None
    """The gauge there."""
    calmer: Calmer | None
    """The same run at a smaller rate, if that ends lower."""
    slight: bool
    """Whether it costs only a little of the whole descent."""


class Swing(Struct, frozen=True):
    """A loss that rises in many steps, together by as much as it falls in the end."""

    start: int
    """The first step whose update raises it."""
    rises: int
    risen: float
    """By how much the steps that raise it do so, together."""
    whole: float
    """The whole descent."""
    calmer: Calmer
    """The same run at a smaller rate or with less momentum, which ends far lower."""


def swinging(run: Run) -> Swing | None:
    """Return the swings that a smaller rate, or less momentum, would have spared a run; else None.

    A run that ends low is sound however it came there, as with momentum in a ravine.
    """
    losses, count = run.losses[: run.end + 1], min(run.tail, run.end // 2)
    if run.noisy or run.broken is not None or run.end < limit("handful") or count < 1:
        return None
    moves = np.diff(losses)
    up = moves[moves > 0]
    risen, whole = float(up.sum()), float(np.max(losses) - np.min(losses))
    if not whole or risen < limit("swings") * whole:
        return None
    ways = [way for way in (_calmer(run, count), _steadier(run, count)) if way is not None]
    calmer = max(ways, key=lambda way: way.gained, default=None)
    if calmer is None or calmer.gained < limit("worth") * whole:
        return None
    if calmer.loss * limit("better") > float(losses[-1]):
        return None
    return Swing(int(np.argmax(moves > 0)), len(up), risen, whole, calmer)


def bouncing(run: Run) -> Bounce | None:
    """Return the bounce at the end of a run; None if the weights make progress, or settle."""
    return run.once(_bouncing)


def _bouncing(run: Run) -> Bounce | None:
    if run.end < limit("handful"):
        return None
    count = min(run.tail, run.end // 2) // 2 * 2
    window = range(run.end - count, run.end)
    lengths, way = [], np.zeros(run.curvature.size)
    for step in window:
        move = run.update(step)
        lengths.append(float(np.linalg.norm(move)))
        way += move
    path, net = sum(lengths), float(np.linalg.norm(way))
    half = count // 2
    if not path or net > limit("turning") * path:
        return None
    if sum(lengths[half:]) < limit("sustained") * sum(lengths[:half]):
        return None
    middle, between = _bottom(run, window)
    mean = float(np.mean(run.losses[window.start : window.stop]))
    whole = max(float(run.losses[0]), mean) - between
    if mean - between <= _ROUNDING * abs(mean):
        return None
    if mean - between < limit("bounce-noisy" if run.noisy else "swing") * whole:
        return None
    slight = not run.noisy and mean - between < limit("bounce") * whole
    middle_of_run = run.losses[run.end // 2 - half : run.end // 2 + half]
    falls = float(np.mean(middle_of_run)) - mean > limit("still-falling") * (mean - between)
    calmer = _calmer(run, count)
    gained = 0.0 if calmer is None or run.noisy else calmer.gained
    if (falls or slight) and gained < limit("calmed") * (mean - between):
        return None
    gauge = run.gauge_between(middle, run.end)
    return Bounce(_bounce_start(run, mean), mean, between, gauge, calmer, slight)


def _calmer(run: Run, count: int) -> Calmer | None:
    """Return the smaller rate at which the same steps end lowest; None if none ends lower."""
    rate = run.base_rate(0)
    tried = ((factor * rate, run.retrained(factor)) for factor in _SMALLER)
    return _lowest(run, count, "lr", tried)


def _steadier(run: Run, count: int) -> Calmer | None:
    """Return the lower momentum with which the same steps end lowest; None if none ends lower."""
    if run.by_hand or run.program.watch is not None:
        return None
    own = _momentum(run)
    tried = ((less, run.with_momentum(less)) for less in _LESS_MOMENTUM if less < own)
    return _lowest(run, count, "momentum", tried)


def _momentum(run: Run) -> float:
    return run.program.hyperparameters.get("momentum", 0.0)


def _lowest(run: Run, count: int, name: str, tried: Iterable[tuple[float, Array]]) -> Calmer | None:
    found = list[Calmer]()
    for value, every in tried:
        losses = every[: run.end + 1]
        stop = len(losses)
        there, here = (float(np.mean(ran[stop - count : stop])) for ran in (losses, run.losses))
        if there < here:
            found.append(Calmer(name, value, stop - 1, float(losses[-1]), here - there))
    return max(found, key=lambda calmer: calmer.gained, default=None)


def _bottom(run: Run, window: range) -> tuple[Array, float]:
    """Return the lowest place between successive states, and the loss there."""
    between = run.affordable(_BETWEEN * _SEGMENTS, _SEGMENTS) // _SEGMENTS
    shares = np.linspace(0.0, 1.0, between + 2)[1:-1].tolist()
    mean = np.zeros(run.curvature.size)
    for step in window:
        mean += run.weights(step) / len(window)
    last = window[max(0, len(window) - 1 - _SEGMENTS) : -1]
    places = [(step, share) for step in last for share in shares]

    def place(step: int, share: float) -> Array:
        row = run.weights(step)
        return row + share * (run.weights(step + 1) - row)

    losses = run.losses_at(chain([mean], starmap(place, places)), window)
    lowest = int(np.argmin(losses))
    return place(*places[lowest - 1]) if lowest else mean, float(losses[lowest])


def oscillating(run: Run) -> Iterator[Finding]:
    """Find weights that swing across the valley, or a loss that rises as much as it falls."""
    if growth(run) is not None:
        return
    found = bouncing(run)
    if (found is None or found.slight) and (swing := swinging(run)) is not None:
        yield _of_swing(run, swing)
        return
    if found is None:
        return
    gauge = found.gauge
    message = (
        f"the weights swing across the valley at a loss of about {short(found.mean_loss)} and do "
        f"not settle: between the last weights the loss is {short(found.between)}"
    )
    evidence = {"loss": found.mean_loss, "loss_between": found.between}
    if gauge is not None and unstable(gauge):
        message += f"; {near_bound(gauge)}"
        evidence |= gauge_numbers(gauge)
    else:
        message += "; each step is nearly twice as long as the way to the bottom"
    trial = ""
    if found.calmer is not None:
        tried, last = found.calmer.value, run.first + found.calmer.last
        message += f"; try lr = {short(tried)}: with it the same run reaches "
        message += f"{short(found.calmer.loss)} at step {last:,}{run.mean_note}"
        own = float(run.losses[run.end])
        if own < min(found.calmer.loss, found.mean_loss) and not run.noisy:
            # Else the advice seems to be worse than what it replaces.
            message += f", on average {short(found.calmer.gained)} less near its end; "
            message += f"{short(own)} there without it is a dip of the swing"
        evidence |= {"rate_tried": tried, "loss_then": found.calmer.loss}
        trial = f"lr {short(tried)}"
    severity: Severity = "info" if found.slight else "warning"
    yield finding(run, "oscillating", severity, "lr", found.start, message, evidence, trial=trial)


def _of_swing(run: Run, swing: Swing) -> Finding:
    own, calmer = float(run.losses[run.end]), swing.calmer
    tried = change(calmer.name, short(calmer.value))
    message = (
        f"the loss swings: {swing.rises} of {run.end} steps raise it, by {short(swing.risen)} "
        f"together, where from its highest to its lowest it is {short(swing.whole)}"
    )
    momentum = _momentum(run)
    if 0.0 < momentum < 1.0:
        times = short(1.0 / (1.0 - momentum))
        message += f"; with momentum {short(momentum)} a lasting gradient moves the weights "
        message += f"{times} times as far as the rate says"
    message += f"; try {calmer.name} = {short(calmer.value)}: with it the same run ends at "
    message += f"{short(calmer.loss)}, not {short(own)}"
    evidence = {
        "rises": swing.rises, "risen": swing.risen, "gained": swing.whole,
        _TRIED[calmer.name]: calmer.value, "loss_then": calmer.loss,
    }  # fmt: skip
    return finding(run, "oscillating", "warning", calmer.name, swing.start, message, evidence,
                   trial=tried)  # fmt: skip


def _bounce_start(run: Run, mean: float) -> int:
    """Return the first step at which the loss has the height of the bounce."""
    return int(np.argmax(run.losses <= mean)) if np.any(run.losses <= mean) else 0
