"""Weights that swing across the valley for ever: oscillating."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, starmap

import numpy as np
from msgspec import Struct

from gradtui.diagnosis.finding import Finding
from gradtui.diagnosis.runs.bounds import gauge_numbers, too_large, unstable
from gradtui.diagnosis.runs.growth import growth
from gradtui.diagnosis.runs.parts import finding, short
from gradtui.diagnosis.runs.run import Array, Run
from gradtui.diagnosis.runs.thresholds import limit
from gradtui.engine.curvature import Gauge

_ROUNDING = 1e-9
"""Part of a loss below which a difference says nothing."""
_BETWEEN, _SEGMENTS = 31, 8
"""Places tried between two weights, fewer on a large model, and pairs of weights."""


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
    if mean - between < limit("bounce-noisy" if run.noisy else "bounce") * whole:
        return None
    middle_of_run = run.losses[run.end // 2 - half : run.end // 2 + half]
    if float(np.mean(middle_of_run)) - mean > limit("still-falling") * (mean - between):
        return None
    gauge = run.gauge_between(middle, run.end)
    return Bounce(_bounce_start(run, mean), mean, between, gauge)


def _bottom(run: Run, window: range) -> tuple[Array, float]:
    """Return the lowest place between weights that follow each other, and the loss there."""
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
    if gauge is not None and unstable(gauge):
        message += f"; {too_large(gauge)}"
        evidence |= gauge_numbers(gauge)
    else:
        rate = run.base_rate(run.end)
        message += f"; the steps are longer than the valley is wide: try lr = {short(rate / 10)}"
    yield finding(run, "oscillating", "warning", "lr", found.start, message, evidence)


def _bounce_start(run: Run, mean: float) -> int:
    """Return the first step at which the loss is at the height of the bounce."""
    return int(np.argmax(run.losses <= mean)) if np.any(run.losses <= mean) else 0
