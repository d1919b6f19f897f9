"""Arguments of ones or of zeros: a factor or a term that a gradient lacks goes unseen there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradtui.base.source import InputError
from gradtui.base.text import number
from gradtui.diagnosis.finding import Finding
from gradtui.diagnosis.recorded.judge import Judge
from gradtui.diagnosis.recorded.notes import note
from gradtui.diagnosis.recorded.runs import CodeFailed, Lost, Point, Runs
from gradtui.recording.arguments import parts_of
from gradtui.recording.slopes import Untold

Array = NDArray[Any]

_SEED = 11
_LEAST, _MOST = 0.2, 0.5
"""The distances of the numbers tried from the given ones, towards the other end of [0, 1]."""
_GUARDING = re.compile(r"eps|tol|tiny")
"""The beginning of names of numbers that only keep others in range."""


def uniform_only(
    runs: Runs, start: Point, names: tuple[str, ...], tolerance: float
) -> Iterator[Finding]:
    """Yield notes on gradients that are wrong once such an argument has other numbers.

    Only arguments without a gradient are tried: those with one are drawn anyway.  One on which no
    loss depends, such as the gradient that arrives from above, is left alone.
    """
    rng = np.random.default_rng(_SEED)
    for name, value in _uniform(runs).items():
        if name in start.values:
            continue
        moved = np.abs(value - rng.uniform(_LEAST, _MOST, value.shape)).astype(value.dtype)
        with suppress(CodeFailed, Lost, Untold, InputError):
            changed = runs.changed(name, moved)
            point = changed.point(start.values, (*start.true,), near=False)
            if point.is_finite and point.loss != start.loss:
                those = f"{name} is {number(value.flat[0])}{' throughout' * (value.size > 1)}"
                yield from right_only(changed, [point], those, names, tolerance)


def _uniform(runs: Runs) -> Mapping[str, Array]:
    """Return the arguments, arrays and numbers, that are 1 throughout, or 0, by name."""
    found = {part.name: np.asarray(part.value) for part in parts_of(runs.target.arguments).values()
             if not _GUARDING.match(str(part.path[-1]))}  # fmt: skip
    return {
        name: value for name, value in found.items()
        if value.size and value.flat[0] in (0.0, 1.0) and np.all(value == value.flat[0])
    }  # fmt: skip


def right_only(
    runs: Runs, points: Sequence[Point], those: str, names: Sequence[str], tolerance: float
) -> Iterator[Finding]:
    """Yield a note on each gradient that is wrong at some of the points, beyond `those`."""
    for one in Judge(runs, points, tolerance).judged(names).wrong:
        text = f"the gradient of {one.name} is right only where {those}: elsewhere "
        text += f"{runs.target.spelled(one.name, one.element)} is {number(one.claimed)}, the true "
        text += f"one is {number(one.true)}"
        yield note("relies-on-data", "info", one.name, text, runs.target.place, one.evidence)
