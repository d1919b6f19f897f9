"""Gradients that are clipped at nearly every step."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from gradtui.diagnosis.finding import Finding, Severity
from gradtui.diagnosis.runs.parts import DIGITS, finding, short
from gradtui.diagnosis.runs.run import Array, Run
from gradtui.diagnosis.runs.thresholds import limit


def clipping(run: Run) -> Iterator[Finding]:
    """Find clipping at nearly all steps, so that it sets the length of a step."""
    clip = run.program.clip
    if clip is None or run.end < 1:
        return
    scales, norms = run.scales, run.gradient_norms
    acts = scales < 1.0
    if not np.any(acts):
        return
    share, left = float(np.mean(acts)), float(np.median(scales[acts]))
    late = acts[len(acts) // 2 :]
    start = int(run.steps[int(np.argmax(acts))])
    severity: Severity = "info"
    trial = ""
    message = (
        f"the gradient is clipped at {_how_many(run, acts)}, to "
        f"a median of {short(left)} of its length (which is at most {short(np.max(norms))})"
    )
    if float(np.mean(late)) >= limit("clip-share") and left <= limit("clip-scale"):
        free = _without(run)
        if free is not None:
            severity, steps = "warning", len(free) - 1
            message += (
                f": every step has the same length, and {steps:,} steps take the loss from "
                f"{short(run.losses[0])} only to {short(run.losses[steps])}, but to "
                f"{short(free[-1])} without clipping{run.mean_note}; raise clip_norm to about "
                f"{_above(norms)}, or drop it"
            )
            trial = f"clip_norm {_above(norms)}"
    evidence = {"share": share, "median_scale": left, "largest_norm": np.max(norms)}
    yield finding(run, "clipping", severity, "clip_norm", start, message, evidence, trial=trial)


def _how_many(run: Run, acts: NDArray[np.bool_]) -> str:
    """Return at how many steps the clip acts; as a part where only some steps were looked at."""
    count, every = int(np.sum(acts)), len(acts)
    if every <= run.end:
        return f"{short(100 * count / every)} % of the steps"
    return f"all {every:,} steps" if count == every else f"{count:,} of {every:,} steps"


def _above(norms: Array) -> str:
    """Return a length that none of the gradients exceeds, rounded up."""
    longest = float(np.max(norms))
    unit = 10.0 ** (np.floor(np.log10(longest)) - DIGITS + 1)
    return short(float(np.ceil(longest / unit)) * unit)


def _without(run: Run) -> Array | None:
    """Return the losses of the first steps without clipping; None if that is no better."""
    if run.by_hand:
        return None
    losses = run.reclipped(None)[: run.end + 1]
    if not np.all(np.isfinite(losses)):
        return None
    gained = max(0.0, float(run.losses[0] - run.losses[len(losses) - 1]))
    gains = float(losses[0] - np.max(losses[-max(1, len(losses) // 10) :]))
    return losses if gains > 0.0 and gains >= (1.0 + limit("better") / 2.0) * gained else None
