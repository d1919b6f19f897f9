"""Numbers without a gradient: what it lacks of them goes unseen where they are 1 or 0, or 2."""

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
"""The shares of the given numbers by which others are nearer to 0; what 0 becomes."""
_HIDING = (0.0, 0.5, 1.0, 2.0)
"""Numbers that leave no trace in a sum or a product, also with the 2 of a square."""
_GUARDING = re.compile(r"(eps|epsilon|[ar]?tol|tolerance|tiny)\d*")
"""The names of numbers that only keep others in range."""


def uniform_only(
    runs: Runs, start: Point, names: tuple[str, ...], tolerance: float
) -> Iterator[Finding]:
    """Yield notes on gradients that are wrong once such an argument has other numbers.

    Only arguments without a gradient are tried: those with one are drawn anyway.  One on which no
    loss depends, such as the gradient that arrives from above, is left alone.
    """
    rng = np.random.default_rng(_SEED)
    given = {name: value for name, value in _uniform(runs).items() if name not in start.values}
    moved = {name: _moved(value, rng) for name, value in given.items()}
    if not given or _is_right(runs, start, moved, tolerance):
        return
    for name, value in given.items():
        own = {name: moved[name]}
        if len(given) > 1 and _is_right(runs, start, own, tolerance):
            continue
        with suppress(CodeFailed, Lost, Untold, InputError):
            changed = runs.changed(own)
            point = changed.point(start.values, (*start.true,), near=False)
            if point.is_finite and point.loss != start.loss:
                those = f"{name} is {number(value.flat[0])}{' throughout' * (value.size > 1)}"
                yield from right_only(changed, [point], those, names, tolerance)


def _is_right(runs: Runs, start: Point, moved: Mapping[str, Array], tolerance: float) -> bool:
    """Return whether gradients are right with other numbers, or these change no loss."""
    changed = runs.changed(moved)
    with suppress(CodeFailed, Lost, Untold, InputError):
        if changed.as_is(start.values)[0] == start.loss:
            return True
        point = changed.point(start.values, (*start.true,), near=False)
        return point.is_finite and Judge(changed, [point], tolerance).accepts(point)
    return False


def _uniform(runs: Runs) -> Mapping[str, Array]:
    """Return the numbers, and the arrays of one number throughout, that hide what is forgotten."""
    found = {part.name: np.asarray(part.value) for part in parts_of(runs.target.arguments).values()
             if not _GUARDING.fullmatch(str(part.path[-1]))}  # fmt: skip
    return {
        name: value for name, value in found.items()
        if value.size and value.flat[0] in _HIDING and np.all(value == value.flat[0])
    }  # fmt: skip


def _moved(value: Array, rng: np.random.Generator) -> Array:
    """Return numbers between the given ones and 0, or between 0 and 1."""
    share = rng.uniform(_LEAST, _MOST, value.shape)
    return np.asarray(np.where(value == 0, share, value * (1 - share)), value.dtype)


def right_only(
    runs: Runs, points: Sequence[Point], those: str, names: Sequence[str], tolerance: float
) -> Iterator[Finding]:
    """Yield a note on each gradient that is wrong at some of the points, beyond `those`."""
    for one in Judge(runs, points, tolerance).judged(names).wrong:
        text = f"the gradient of {one.name} is right only where {those}: elsewhere "
        text += f"{runs.target.spelled(one.name, one.element)} is {number(one.claimed)}, the true "
        text += f"one is {number(one.true)}"
        yield note("relies-on-data", "info", one.name, text, runs.target.place, one.evidence)
