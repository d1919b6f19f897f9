"""Directions so different that no rate serves all: features of unequal sizes, or correlated."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from msgspec import Struct

from gradtui.diagnosis.finding import Finding, Severity
from gradtui.diagnosis.runs.bounds import steep_time
from gradtui.diagnosis.runs.columns import (
    Columns,
    condition_of,
    mostly,
    standardised_condition,
    widest,
)
from gradtui.diagnosis.runs.growth import growth
from gradtui.diagnosis.runs.parts import finding, short
from gradtui.diagnosis.runs.run import Array, Run
from gradtui.diagnosis.runs.thresholds import limit
from gradtui.engine.curvature import EXACT, ROUNDING, Spectrum
from gradtui.engine.graph import Kind

_ADAM_RATES, _FACTORS = (1e-3, 1e-2, 0.03, 0.1, 0.3, 1.0), (1.0, 0.3)
"""Rates tried with Adam, and factors tried on the run's own rate with momentum."""
_HIGHER = (3.0, 10.0, 30.0, 100.0)
"""Factors tried on the run's own rate, in this order until one ends higher."""
_LESS_CORRELATED = (
    "features that are less correlated (centre them, drop one of two that vary together)"
)
_ONE_SIZE = "scaling what each weight multiplies to one size (the condition number would be {})"
_STANDARDISE = "; standardise the features"
_CONVEX = 1e-6
"""Up to this ratio of negative to largest eigenvalue, a surface counts as convex."""


class Unlearned(Struct, frozen=True):
    """What a run has left to descend along directions for which its rate is too small."""

    condition: float
    scaled: float
    """The condition number after scaling each element by its own curvature."""
    slowest: float
    steps_per_decade: float
    """Of the direction along which most is left."""
    flatness: float
    """How many times as flat as the steepest it is; the condition number for the slowest."""
    left: float
    """The measured gain of a move along all slow directions."""
    whole: float
    """The run's own gain plus this one."""
    too_low: bool
    """Whether that direction is descended in the same steps at a rate that is stable."""

    @property
    def text(self) -> str:
        """How slow the direction is along which most is left, and how much that is."""
        steps, left = short(self.steps_per_decade), short(self.left)
        if self.flatness >= self.condition / 2.0:
            slow = f"the slowest direction takes {steps} steps to get ten times nearer"
            return f"{slow}, and a loss of at least {left} is left"
        return (
            f"a loss of at least {left} is left, most of it along a direction "
            f"{short(self.flatness)} times as flat as the steepest, which takes {steps} steps to "
            "get ten times nearer"
        )


class Tried(Struct, frozen=True):
    """The same run under another optimizer."""

    text: str
    steps: int
    loss: float
    """The loss at its last step."""
    change: str
    """The optimizer, as a what-if reads it."""


def scale_mismatch(run: Run) -> Iterator[Finding]:
    """Find features of very different sizes that share a rate and leave small ones unlearned."""
    program, columns = run.program, widest(run)
    if columns is None or columns.ratio < limit("mismatch"):
        return
    if program.moved_by_hand or program.dynamics.second:
        return
    blown = growth(run)
    spectrum = run.spectrum(0) if run.end >= 0 else None
    left = unlearned(run) if blown is None else None
    if blown is not None and spectrum is not None:
        yield from _divergence(run, columns, spectrum)
    elif left is not None and steep_time(run) >= limit("steep-time"):
        yield from _left_behind(run, columns, left)
    elif (run.curvature.size > EXACT or run.noisy) and columns.ratio >= limit("condition"):
        yield _mismatch(run, columns, _STANDARDISE, "warning")


def _mismatch(
    run: Run, columns: Columns, said: str, severity: Severity, trial: str = "", **numbers: Any
) -> Finding:
    """Return the finding of features of different sizes, and what is `said` of them beyond that."""
    (large, small), ratio = columns.sizes, columns.ratio
    message = f"the features of {columns.source} differ {short(ratio)}-fold in size: "
    message += f"{columns.large} is about {short(large)}, {columns.small} about {short(small)}"
    return finding(
        run, "scale-mismatch", severity, columns.source, 0, message + said,
        {"ratio": ratio, "large": large, "small": small, **numbers},
        run.place(columns.node), trial=trial,
    )  # fmt: skip


def _divergence(run: Run, columns: Columns, spectrum: Spectrum) -> Iterator[Finding]:
    """Find a rate that is too large for one feature and the right one for no other."""
    condition = spectrum.condition
    scaled = _cured(run, columns, condition, 0)
    if condition < limit("condition") or scaled is None:
        return
    gauge = run.gauge(0)
    assert gauge is not None
    steep = mostly(run, columns, spectrum.vectors[:, -1]) or "the steepest direction"
    flat = mostly(run, columns, _flattest(spectrum)) or "the flattest direction"
    said = (
        f": a condition number of {short(condition)}{scaled.text}. The rate is too large "
        f"for {steep} (lr·λmax = {short(gauge.pull)}, where at most {short(gauge.limit)} is "
        f"stable) and the loss grows; a rate that suits it takes {short(condition)} times as "
        f"long for {flat}{_STANDARDISE}"
    )
    yield _mismatch(
        run, columns, said, "error", condition=condition, scaled_condition=scaled.condition,
        pull=gauge.pull, steepest=steep, flattest=flat,
    )  # fmt: skip


def _left_behind(run: Run, columns: Columns, left: Unlearned) -> Iterator[Finding]:
    """Find features that are unlearned because the rate serves the larger ones."""
    scaled = _cured(run, columns, left.condition, run.end)
    if scaled is None or (left.too_low and higher_rate(run, left) is not None):
        return
    said = f": a condition number of {short(left.condition)}{scaled.text}. With one rate "
    said += f"for all, {left.text}{_STANDARDISE}"
    numbers = {**_numbers(left), "scaled_condition": scaled.condition}
    tried, trial = _other_optimizer(run, left), ""
    if tried is not None:
        trial = tried.change
        said += f", or try {tried.text}: the same {tried.steps:,} steps end at "
        said += short(tried.loss)
        numbers["loss_then"] = tried.loss
    yield _mismatch(run, columns, said, "warning", trial, **numbers)


def ill_conditioned(run: Run) -> Iterator[Finding]:
    """Find a long narrow valley that the run has not descended."""
    if growth(run) is not None:
        return
    left = unlearned(run)
    # A rate at which even the steepest direction is not descended tells nothing of the others.
    if left is None or steep_time(run) < limit("steep-time"):
        return
    if left.too_low and higher_rate(run, left) is not None:
        return
    message = (
        f"the surface is a valley {short(left.condition)} times as steep across as along (the "
        f"condition number): {left.text}"
    )
    evidence, tried, advice = _numbers(left), _other_optimizer(run, left), list[str]()
    trial = ""
    if tried is not None:
        trial = tried.change
        advice.append(f"{tried.text}: the same {tried.steps:,} steps end at {short(tried.loss)}")
        evidence |= {"loss_then": tried.loss}
    if any(node.kind is Kind.DATA and node.shape for node in run.program.graph.nodes):
        cured = left.scaled <= limit("cured") * left.condition
        advice.append(_ONE_SIZE.format(short(left.scaled)) if cured else _LESS_CORRELATED)
    if advice:
        message += f"; try {'; or '.join(advice)}"
    yield finding(run, "ill-conditioned", "warning", "loss", 0, message, evidence, trial=trial)


class Cured(Struct, frozen=True):
    """The condition number with features of one size."""

    condition: float
    standardised: bool
    """Whether it is that of standardised features: otherwise each weight has a scale of its own."""

    @property
    def text(self) -> str:
        """It in brackets, if standardising gives it."""
        return f" (standardised, it would be {short(self.condition)})" if self.standardised else ""


def _cured(run: Run, columns: Columns, condition: float, step: int) -> Cured | None:
    """Return what features of one size would give; None if that is no cure."""
    known = standardised_condition(run, columns)
    found = _scaled_condition(run, step) if known is None else known
    return Cured(found, known is not None) if found <= limit("cured") * condition else None


def _flattest(spectrum: Spectrum) -> Array:
    """Return the direction of the smallest eigenvalue that is positive and not rounding."""
    return spectrum.vectors[:, int(np.flatnonzero(spectrum.values >= spectrum.smallest)[0])]


def higher_rate(run: Run, left: Unlearned) -> Tried | None:
    """Return a higher rate of the same optimizer that gains half of what is left; None without."""
    best, lowest = None, np.inf
    for factor in _HIGHER:
        losses = run.retrained(factor)[: run.end + 1]
        recent, rate = max(1, len(losses) // 20), short(factor * run.base_rate(0))
        reached, here = float(np.max(losses[-recent:])), float(run.losses[len(losses) - 1])
        if not np.isfinite(reached) or reached > max(lowest, here):
            break
        if here - reached >= left.left / 2.0 and reached < lowest:
            lowest = reached
            best = Tried(f"lr = {rate}", len(losses) - 1, float(losses[-1]), f"lr {rate}")
    return best


def _other_optimizer(run: Run, left: Unlearned) -> Tried | None:
    """Return the remedy that gains most in the same steps; None if none gains half of the rest."""
    own, best, lowest = run.trainer.lr, None, np.inf
    if own <= 0.0 or run.by_hand:
        return None
    momentum = {"momentum": 0.9}
    settings: list[tuple[str, str, float, dict[str, float]]] = [
        *(("adam", "Adam", rate, {}) for rate in _ADAM_RATES),
        *(("sgd momentum 0.9", "momentum 0.9", factor * own, momentum) for factor in _FACTORS),
    ]
    for change, word, rate, constants in settings:
        losses = run.with_optimizer(change.split()[0], rate, **constants)
        end, recent = len(losses), max(1, len(losses) // 20)
        reached, here = float(np.max(losses[-recent:])), float(run.losses[end - 1])
        gains = np.isfinite(reached) and here - reached >= left.left / 2.0
        if gains and reached < lowest:
            lowest = reached
            best = Tried(
                f"{word} with lr = {short(rate)}", end - 1, float(losses[-1]),
                f"optimizer {change} lr {short(rate)}",
            )  # fmt: skip
    return best


def unlearned(run: Run) -> Unlearned | None:
    """Return the rest along slow directions of a convex surface; None if it is small."""
    return run.once(_unlearned)


def _unlearned(run: Run) -> Unlearned | None:
    if run.end < 4 or run.broken is not None or run.curvature.size > EXACT or run.noisy:
        return None
    if run.program.moved_by_hand:
        return None
    spectra = [run.spectrum(step) for step in {0, run.steps[len(run.steps) // 2], run.end}]
    if any(s is None or s.values[0] < -_CONVEX * abs(s.largest) for s in spectra):
        return None
    spectrum = run.spectrum(run.end)
    assert spectrum is not None
    if spectrum.condition < limit("condition"):
        return None
    rate = float(np.mean([run.rate(step) for step in run.steps]))
    dynamics = run.program.dynamics
    gain = dynamics.share / (1.0 - dynamics.beta)
    pulls = spectrum.values * rate * gain
    enough = np.log(10.0) / (run.end + 1)
    slow = (spectrum.values > ROUNDING * spectrum.largest) & (pulls < enough)
    if not np.any(slow):
        return None
    gradient = run.gradient(run.end) / np.sqrt(spectrum.divisor)
    along = spectrum.vectors.T @ gradient
    move = -(spectrum.vectors[:, slow] @ (along[slow] / spectrum.values[slow]))
    here = run.weights(run.end)
    tried = here + move / np.sqrt(spectrum.divisor)
    late = list(run.steps[-8:])
    now, then = run.losses_at([here, tried], late)
    left, whole = float(now - then), float(run.losses[0] - min(now, then))
    falls = np.where(slow, along**2 / np.where(slow, spectrum.values, 1.0), 0.0) / 2.0
    predicted = float(np.sum(falls))
    quadratic = abs(left - predicted) <= limit("as-predicted") * predicted
    most = quadratic and left >= limit("most") * now and left >= limit("some") * whole
    if whole <= 0.0 or not (most or left >= limit("unlearned") * whole):
        return None
    main = int(np.argmax(falls))
    flatness = spectrum.largest / float(spectrum.values[main])
    return Unlearned(
        spectrum.condition, _scaled_condition(run, run.end), spectrum.smallest,
        dynamics.steps_per_decade(rate * float(spectrum.values[main])), flatness, left, whole,
        enough * flatness < 1.0,
    )  # fmt: skip


def _scaled_condition(run: Run, step: int) -> float:
    """Return the condition number of the Hessian with each direction scaled to curvature 1."""
    if run.curvature.size > EXACT:
        return np.inf
    matrix = run.hessian(step)
    diagonal = np.diag(matrix)
    kept = diagonal > 0.0
    root = np.sqrt(diagonal[kept])
    return condition_of(matrix[np.ix_(kept, kept)] / root / root[:, None])


def _numbers(left: Unlearned) -> dict[str, float]:
    return {
        "condition": left.condition,
        "scaled_condition": left.scaled,
        "slowest": left.slowest,
        "flatness": left.flatness,
        "steps_per_decade": left.steps_per_decade,
        "loss_left": left.left,
    }
