"""Shared by the rules over runs: making findings, formatting numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from gradtui.base.source import Place
from gradtui.base.text import number
from gradtui.diagnosis.finding import Finding, Severity, Trial
from gradtui.diagnosis.runs.run import SAMPLES, Run, steps_recorded
from gradtui.diagnosis.runs.thresholds import limit


def finding(
    run: Run,
    rule: str,
    severity: Severity,
    target: str,
    step: int,
    message: str,
    evidence: Mapping[str, Any],
    place: Place | None = None,
    *,
    trial: str = "",
    trial_step: int = 0,
) -> Finding:
    """Return a finding about a run; by default its place is the optimizer's rate.

    If that is not the rate of the file, it has no place and names the change.  `trial` is the
    change that it advises from `trial_step` on, as a what-if reads it.
    """
    changed = "" if place is not None else run.problem.changed
    where = place or (None if changed else run.problem.rate_place)
    if changed:
        message = f"with {changed}: {message}"
    numbers = {key: _plain(value) for key, value in evidence.items()}
    if run.last < run.problem.steps:
        numbers["looked_at"] = run.first + run.last
        message += f" (looked at steps {run.first:,} to {run.first + run.last:,} of "
        message += f"{run.first + run.problem.steps:,})"
    if len(run.steps) <= run.end and steps_recorded(run.problem) < SAMPLES:
        numbers["recorded"] = len(run.steps)
        message += f" (the model is large: recorded {len(run.steps)} of {run.end + 1:,} steps)"
    return Finding(
        rule, severity, target, where.line if where else None, message, numbers, run.first + step,
        place=where, trial=Trial(trial, run.first + trial_step) if trial else None,
    )  # fmt: skip


DIGITS = 4
"""Significant digits of numbers in messages."""


def short(value: float) -> str:
    """Return a number as text for messages."""
    return number(value, DIGITS)


def listed(values: Iterable[float]) -> str:
    """Return numbers as a list."""
    return ", ".join(short(value) for value in values)


def units_text(units: Sequence[int], total: int) -> str:
    """Return `unit 3`, `units 0, 2 and 5`, `all 8 units`, `12 of 64 units (0 to 3, 7, 9, …)`."""
    if total == 1:
        return "its one unit"
    if len(units) == total:
        return f"all {total} units"
    return numbered("unit", units, total)


def numbered(noun: str, numbers: Sequence[int], total: int | None = None) -> str:
    """Return `row 3`, `rows 0 to 9`, or `12 of 64 rows (0, 3, 5 to 8, …)`, from sorted numbers."""
    parts = _stretches(numbers)
    if len(numbers) == 1:
        return f"{noun} {numbers[0]}"
    if len(parts) == 1:
        return f"{noun}s {parts[0]}"
    if len(parts) <= 4:
        return f"{noun}s {', '.join(parts[:-1])} and {parts[-1]}"
    of = "" if total is None else f" of {total}"
    return f"{len(numbers)}{of} {noun}s ({', '.join(parts[:3])}, …)"


def _stretches(numbers: Sequence[int]) -> list[str]:
    """Return sorted numbers as text, three or more in a row as one: `0`, `3`, `5 to 8`."""
    parts: list[str] = []
    at = 0
    while at < len(numbers):
        end = at
        while end + 1 < len(numbers) and numbers[end + 1] == numbers[end] + 1:
            end += 1
        if end - at < 2:
            parts += map(str, numbers[at : end + 1])
        else:
            parts.append(f"{numbers[at]} to {numbers[end]}")
        at = end + 1
    return parts


def rounded_rate(rate: float) -> float:
    """Return a rate with one significant digit, not above it."""
    if not np.isfinite(rate) or rate <= 0.0:
        return rate
    unit = 10.0 ** np.floor(np.log10(rate))
    return float(f"{max(1.0, np.floor(rate / unit)) * unit:.1g}")


def loss_ratio(run: Run) -> float:
    """Return the last loss over the first; 1 if that means nothing."""
    first, last = (
        float(run.losses[0]),
        float(np.mean(run.losses[max(0, run.end - 4) : run.end + 1])),
    )
    return last / first if first > 0.0 and last >= 0.0 else 1.0


def severity_by_loss(run: Run) -> Severity:
    """Return the severity of a zero: it does no harm if the loss is low."""
    return "warning" if loss_ratio(run) >= limit("high") else "info"


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    return value
