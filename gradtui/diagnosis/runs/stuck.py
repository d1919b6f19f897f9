"""A run that stalls although the surface falls farther on: a plateau or a saddle."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from gradtui.diagnosis.finding import Finding
from gradtui.diagnosis.runs.blocked import unexplained
from gradtui.diagnosis.runs.endless import endless
from gradtui.diagnosis.runs.parts import finding, short
from gradtui.diagnosis.runs.remedies import change, lower_rate
from gradtui.diagnosis.runs.run import Array, Run
from gradtui.diagnosis.runs.thresholds import limit
from gradtui.engine.curvature import Gauge

_REACH = 40
"""Doublings of a first length tried along a direction."""
_RANDOM = 4
_RETRAINED, _SHORTEST = 500, 16
"""Most and fewest steps of a second run from the place found."""
_FEWEST = 4
_SMALLER = 0.1
"""Factor tried on the initial weights."""
_ROUNDING = 1e-14
"""A gradient counts if a step as long as the weights would change this part of the loss."""


class Descent(Struct, frozen=True):
    """A way down that the run does not take."""

    loss: float
    """The loss that the run reaches from the place found, in as many steps as it stood still."""
    distance: float
    """The distance of that place, in a straight line."""
    kind: str
    curvature: float

    @property
    def way(self) -> str:
        """The direction in words."""
        ways = {
            "saddle": "that direction", "plateau": "it", "bend": "a direction of downward curvature"
        }  # fmt: skip
        return ways.get(self.kind, "a random direction")

    def place(self, run: Run) -> str:
        """Return where the run stands, in words."""
        if self.kind == "saddle":
            return "on a saddle point: along one direction the surface curves down (λ = " + (
                f"{short(self.curvature)})"
            )
        if self.kind == "dead":
            names = dict.fromkeys(run.parameter_of(int(i))[0] for i in unexplained(run))
            return (
                f"where the gradient of {_joined(list(names))} is exactly 0, though the "
                "surface falls farther on"
            )
        return "on a plateau: the surface is nearly flat here and steeper farther on"


def plateau(run: Run) -> tuple[Finding, ...]:
    """Find a loss that stands still although the surface falls steeply farther on."""
    return run.once(_found)


def _found(run: Run) -> tuple[Finding, ...]:
    return tuple(_plateau(run))


def _plateau(run: Run) -> Iterator[Finding]:
    if run.end < _FEWEST or run.broken is not None or endless(run) is not None:
        return
    losses, half = run.losses, run.end // 2
    recent = max(1, run.end // 20)
    now = float(np.mean(losses[-recent:]))
    gained = float(np.mean(losses[half : half + recent])) - now
    found = _way_down(run, now)
    if found is None:
        return
    ahead = now - found.loss
    whole = max(float(losses[0]), now) - found.loss
    if gained > limit("stuck") * ahead or ahead < limit("worth") * whole:
        return
    since = _since(run, now, ahead)
    if since > run.end:
        return  # the last loss is far from those before it: it does not stand
    gradient = float(run.gradient_norms[-1])
    then, last = float(run.losses[since]), float(run.losses[run.end])
    from_to = (
        f"from step {run.first + since:,}, {short(then)}, to step {run.first + run.end:,}, "
        f"{short(last)}{run.mean_note}"
    )
    still = abs(then - last) <= limit("still") * max(abs(then), abs(last))
    message = (
        f"the loss hardly changes {from_to}: it"
        if still
        else (f"the loss falls {from_to}, which is little beside the fall that is left: it")
    )
    message += (
        f" stands {found.place(run)}. The gradient is {short(gradient)} there; the same "
        f"training, started {short(found.distance)} away along {found.way}, reaches "
        f"{short(found.loss)}; "
    )
    thrown = None if found.kind == "saddle" else _thrown_here(run, since)
    tried = run.once(lower_rate) if thrown is not None else ""
    if thrown is None:
        message += _other_start(run, now, ahead)
    else:
        message += (
            f"the update of step {run.first + thrown.step:,} threw the weights there: lr·λmax was "
            f"{short(thrown.pull)}, above {short(thrown.limit)}; try "
            f"{f'lr = {tried}, or ' if tried else ''}a warm-up"
        )
    evidence = {
        "loss": now, "gradient_norm": gradient, "lower_loss": found.loss,
        "distance": found.distance, "curvature": found.curvature,
    }  # fmt: skip
    trial = change("lr", tried)
    yield finding(run, "plateau", "warning", "loss", since, message, evidence, trial=trial)


def _other_start(run: Run, now: float, ahead: float) -> str:
    """Return the advice on the initial weights: if they are not alike, smaller ones are tried."""
    first = run.trainer.parameters(run.trainer.initial)
    alike = any(one.size > 1 and np.ptp(one) == 0.0 for one in first if one.ndim > 1)
    if alike or not any(np.any(one) for one in first):
        return "try other initial weights (not all the same, not all 0)"
    row = run.trainer.initial.copy()
    row[: run.curvature.size] *= _SMALLER
    steps = min(run.affordable(_RETRAINED, _SHORTEST), run.end) + 1
    losses = run.trained_from(run.trainer, row, steps, 0)
    reached = float(np.max(losses[-max(1, len(losses) // 10) :]))
    if np.isfinite(reached) and now - reached >= limit("most") * ahead:
        return (
            f"try smaller initial weights: from {short(_SMALLER)} of these, {len(losses) - 1:,} "
            f"steps reach {short(losses[-1])}"
        )
    return "try other initial weights"


def _joined(names: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def _thrown_here(run: Run, since: int) -> Gauge | None:
    """Return the gauge of the longest step before the run stood still, if its rate was unstable."""
    before = [step for step in run.steps if step < since]
    if not before:
        return None
    gauge = run.gauge(max(before, key=lambda step: float(np.linalg.norm(run.update(step)))))
    return gauge if gauge is not None and gauge.pull > gauge.limit else None


def _way_down(run: Run, now: float) -> Descent | None:
    """Return the lowest place along some straight lines on which the surface grows steeper."""
    row, late = run.weights(run.end), list(run.steps[-8:])
    unit = max(float(np.linalg.norm(row)), 1.0) * 2.0**-30
    lengths = unit * 2.0 ** np.arange(_REACH)
    best: Descent | None = None
    for kind, curvature, direction in _directions(run):
        with np.errstate(all="ignore"):
            places = (row + length * direction for length in (0.0, *lengths.tolist()))
            losses = run.losses_at(places, late)
        here, losses = losses[0], losses[1:]
        losses = np.where(np.isfinite(losses), losses, np.inf)
        lowest = int(np.argmin(losses))
        fall = here - losses[lowest]
        if not fall > 1e-9 * abs(here):
            continue
        slopes = np.maximum(0.0, -np.diff(losses[: lowest + 1]) / np.diff(lengths[: lowest + 1]))
        if np.max(slopes, initial=0.0) < limit("ahead") * float(run.gradient_norms[-1]):
            continue
        place = row + lengths[lowest] * direction
        bent = -curvature / 2.0 * float(lengths[lowest]) ** 2
        if kind == "saddle" and bent < limit("bent") * fall:
            kind = "bend"  # what falls farther on has little to do with the curvature here
        reached = min(float(losses[lowest]), _trained_from(run, place))
        if best is not None and best.kind == "saddle" and kind != "saddle":
            continue
        if best is None or reached < best.loss or best.kind == "dead":
            best = Descent(reached, float(lengths[lowest]), kind, curvature)
    return best


def _trained_from(run: Run, row: Array) -> float:
    """Return the loss after the later half of the run's steps, started at these parameters."""
    state = run.history.state(run.end).copy()
    state[: len(row)] = row
    steps = min(run.affordable(_RETRAINED, _SHORTEST), run.end // 2 + 1)
    losses = run.trained_from(run.trainer, state, steps, run.end)[-max(1, steps // 10) :]
    return float(np.mean(losses)) if np.all(np.isfinite(losses)) else np.inf


def _directions(run: Run) -> Iterator[tuple[str, float, Array]]:
    """Yield directions to try: downhill, of downward curvature, and a few at random.

    The random ones move what has no gradient.
    """
    gradient = run.gradient(run.end)
    length = float(np.linalg.norm(gradient))
    known = length * max(1.0, float(np.linalg.norm(run.weights(run.end))))
    flat = known <= _ROUNDING * abs(float(run.losses[run.end]))
    if not flat:
        yield "plateau", 0.0, -gradient / length
    spectrum = run.spectrum(run.end)
    if spectrum is not None and spectrum.values.size:
        lowest = float(spectrum.values[0])
        if lowest < -1e-3 * abs(spectrum.largest):
            down = spectrum.direction(0)
            yield "saddle", lowest, down
            yield "saddle", lowest, -down
    everything, still = np.arange(run.curvature.size), unexplained(run)
    if flat:
        yield from _drawn("flat", run, everything)
    if still.size > 0 and not (flat and still.size == everything.size):
        yield from _drawn("dead", run, still)


def _drawn(kind: str, run: Run, moved: NDArray[np.intp]) -> Iterator[tuple[str, float, Array]]:
    """Yield a few random directions in which some elements move."""
    random = np.random.default_rng(0)
    for _ in range(_RANDOM):
        draw = np.zeros(run.curvature.size)
        draw[moved] = random.standard_normal(moved.size)
        draw /= np.linalg.norm(draw)
        yield kind, 0.0, draw
        yield kind, 0.0, -draw


def _since(run: Run, now: float, ahead: float) -> int:
    """Return the first step from which the loss stays within a twentieth of the fall ahead."""
    away = np.flatnonzero(np.abs(run.losses - now) > limit("stuck") * ahead)
    return int(away[-1]) + 1 if away.size else 0
