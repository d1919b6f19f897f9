"""Arguments of ones or of zeros: a factor or a term that a gradient lacks goes unseen there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress

import numpy as np

from gradtui.base.source import InputError
from gradtui.base.text import number
from gradtui.diagnosis.finding import Finding
from gradtui.diagnosis.recorded.judge import Judge
from gradtui.diagnosis.recorded.notes import note
from gradtui.diagnosis.recorded.runs import CodeFailed, Lost, Point, Runs
from gradtui.recording.slopes import Untold

_SEED = 11
_SPREAD = 0.4
"""The largest distance of the numbers tried from the given ones."""


def uniform_only(
    runs: Runs, start: Point, names: tuple[str, ...], tolerance: float
) -> Iterator[Finding]:
    """Yield notes on gradients that are wrong once such an argument has other numbers.

    Only arguments without a gradient are tried: those with one are drawn anyway.
    """
    rng = np.random.default_rng(_SEED)
    for name, value in runs.given.items():
        first = value.flat[0] if value.dtype.kind == "f" and value.size > 1 else None
        if name in names or first not in (0.0, 1.0) or not np.all(value == first):
            continue
        moved = value + _SPREAD * rng.uniform(-1.0, 1.0, value.shape)
        values = {**start.values, name: moved.astype(value.dtype)}
        with suppress(CodeFailed, Lost, Untold, InputError):
            point = runs.point(values, names, near=False)
            if point.is_finite:
                those = f"{name} is {number(first)} throughout"
                yield from right_only(runs, [start, point], those, names, tolerance)


def right_only(
    runs: Runs, points: Sequence[Point], those: str, names: Sequence[str], tolerance: float
) -> Iterator[Finding]:
    """Yield a note on each gradient that is wrong at points other than `those`."""
    wrong = Judge(runs, points, tolerance).judged(names).wrong if len(points) > 1 else ()
    for one in wrong:
        text = f"the gradient of {one.name} is right only where {those}: elsewhere "
        text += f"{runs.target.spelled(one.name, one.element)} is {number(one.claimed)}, the true "
        text += f"one is {number(one.true)}"
        yield note("relies-on-data", "info", one.name, text, runs.target.place, one.evidence)
