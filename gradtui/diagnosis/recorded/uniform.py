"""Numbers without a gradient: what it lacks of them goes unseen where they are 1 or 0, or 2."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from gradtui.base.source import InputError
from gradtui.base.text import number
from gradtui.diagnosis.finding import Finding
from gradtui.diagnosis.recorded.general import Cause, causes
from gradtui.diagnosis.recorded.judge import Judge
from gradtui.diagnosis.recorded.notes import note
from gradtui.diagnosis.recorded.point import Point
from gradtui.diagnosis.recorded.runs import CodeFailed, Lost, Runs
from gradtui.diagnosis.recorded.settings import Setting, arrays_of, settings_of, with_numbers
from gradtui.recording.arguments import parts_of
from gradtui.recording.slopes import Untold

Array = NDArray[Any]

_SEED = 11
_LEAST, _MOST = 0.2, 0.5
"""The shares of the given numbers by which others are nearer to 0; what 0 becomes."""
_HIDING = (0.0, 0.5, 1.0, 2.0)
"""Numbers that leave no trace in a sum or a product, also with the 2 of a square."""
_FAILING = (CodeFailed, Lost, Untold, InputError, SyntaxError, ValueError)
"""What code may raise at numbers other than the user's own, or where it cannot be edited."""
_GUARDING = re.compile(r"(eps|epsilon|[ar]?tol|tolerance|tiny)\d*", re.IGNORECASE)
"""The names of numbers that only keep others in range."""
_NAMED = re.compile(r"(ones?|zeros?|eye|ident\w*|i)_?\d*", re.IGNORECASE)
"""The names of what is meant to be just one number, or an identity matrix."""


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
    if not given or _is_right(runs.changed(moved), start, tolerance):
        return
    for name, value in given.items():
        own = {name: moved[name]}
        if len(given) > 1 and _is_right(runs.changed(own), start, tolerance):
            continue
        with suppress(*_FAILING):
            changed = runs.changed(own)
            point = changed.point(start.values, (*start.true,), near=False)
            if point.is_finite and point.loss != start.loss:
                those = f"{name} is {number(value.flat[0])}{' throughout' * (value.size > 1)}"
                yield from right_only(
                    changed,
                    [point],
                    those,
                    names,
                    tolerance,
                    partial(_causes, runs, start, changed, tolerance),
                )


def _causes(
    runs: Runs, start: Point, changed: Runs, tolerance: float, names: Sequence[str]
) -> Mapping[str, Cause]:
    """Return the causes of wrong gradients in changed runs; none if that code fails."""
    with suppress(*_FAILING):
        return causes(runs, start, changed, tolerance, names)
    return {}


def settings_only(
    runs: Runs, start: Point, names: tuple[str, ...], tolerance: float
) -> Iterator[Finding]:
    """Yield notes on gradients that are wrong once the code itself keeps another such number.

    What the code has kept from a run before is forgotten first: it may come from the number.
    """
    rng = np.random.default_rng(_SEED)
    parts = parts_of(runs.target.arguments)
    told = {part.path[-1] for part in parts.values()}
    found = settings_of(
        runs.target.called, lambda: runs.as_is(start.values),
        lambda name, value: name not in told and _hides(name, value),
    )  # fmt: skip
    given = [id(part.value) for part in parts.values()]
    found += arrays_of(
        runs.target.called,
        lambda name, value: name not in told and id(value) not in given and _hide(name, value),
    )
    moved = {one: _other(one.value, rng) for one in found}
    if not moved or _keeps_right(runs, start, moved, tolerance):
        return
    for one, value in moved.items():
        if len(moved) > 1 and _keeps_right(runs, start, {one: value}, tolerance):
            continue
        with suppress(*_FAILING), _with(runs, {one: value}):
            point = runs.point(start.values, (*start.true,), near=False)
            if point.is_finite and point.loss != start.loss:
                those = f"{one.name} is {_told(one.value)}{' throughout' * one.is_array}"
                yield from right_only(runs, [point], those, names, tolerance)


def _keeps_right(
    runs: Runs, start: Point, moved: Mapping[Setting, float | Array], tolerance: float
) -> bool:
    with suppress(*_FAILING), _with(runs, moved):
        return _is_right(runs, start, tolerance)
    return False


@contextmanager
def _with(runs: Runs, moved: Mapping[Setting, float | Array]) -> Iterator[None]:
    runs.kept.undo()
    try:
        with with_numbers(moved):
            yield
    finally:
        runs.kept.undo()


def _is_right(runs: Runs, start: Point, tolerance: float) -> bool:
    """Return whether gradients are right with other numbers, or these change no loss."""
    with suppress(*_FAILING):
        if runs.as_is(start.values)[0] == start.loss:
            return True
        point = runs.point(start.values, (*start.true,), near=False)
        return point.is_finite and Judge(runs, [point], tolerance).accepts(point)
    return False


def _uniform(runs: Runs) -> Mapping[str, Array]:
    """Return the numbers, and the arrays of one number throughout, that hide what is forgotten."""
    parts = parts_of(runs.target.arguments).values()
    found = {part.name: (str(part.path[-1]), np.asarray(part.value)) for part in parts}
    return {
        name: value for name, (own, value) in found.items()
        if value.size and _hides(own, value.flat[0]) and np.all(value == value.flat[0])
    }  # fmt: skip


def _hides(name: str, value: float) -> bool:
    """Return whether a number leaves no trace, and is meant to be one."""
    return value in _HIDING and not (_GUARDING.fullmatch(name) or _NAMED.fullmatch(name))


def _hide(name: str, value: Array) -> bool:
    """Return whether the numbers of an array leave no trace, and are meant to be others."""
    if value.size < 2 or value.dtype.kind not in "fb" or _NAMED.fullmatch(name):
        return False
    if _is_identity(value):
        return True
    first = value.flat[0]
    hides = bool(first) if value.dtype.kind == "b" else _hides(name, float(first))
    return hides and bool(np.all(value == first))


def _is_identity(value: float | Array) -> bool:
    shape = np.shape(value)
    return len(shape) == 2 and shape[0] == shape[1] > 1 and np.array_equal(value, np.eye(shape[0]))


def _told(value: float | Array) -> str:
    """Return what a number or all those of an array are, in words."""
    if _is_identity(value):
        return "the identity matrix"
    first = np.asarray(value).flat[0]
    told = str(first) if isinstance(first, np.bool_) else number(float(first))
    return told + " throughout" * (np.size(value) > 1)


def _other(value: float | Array, rng: np.random.Generator) -> float | Array:
    """Return another number, or an array of others; instead of all True, some that are False.

    What replaces an identity matrix is definite, and its rows and columns are shares, too. A whole
    number may count something, and stays one.
    """
    if isinstance(value, int):
        return value + 1
    if not isinstance(value, np.ndarray):
        return float(_moved(np.asarray(value), rng))
    if _is_identity(value):
        share = rng.uniform(_LEAST, _MOST)
        return np.asarray((1 - share) * value + share / len(value), value.dtype)
    if value.dtype.kind == "b":
        return np.asarray(rng.permutation(value.size) % 2 == 0).reshape(value.shape)
    return _moved(value, rng)


def _moved(value: Array, rng: np.random.Generator) -> Array:
    """Return numbers between the given ones and 0, or between 0 and 1."""
    share = rng.uniform(_LEAST, _MOST, value.shape)
    return np.asarray(np.where(value == 0, share, value * (1 - share)), value.dtype)


def right_only(
    runs: Runs,
    points: Sequence[Point],
    those: str,
    names: Sequence[str],
    tolerance: float,
    causes: Callable[[Sequence[str]], Mapping[str, Cause]] = lambda names: {},
) -> Iterator[Finding]:
    """Yield a note on each gradient that is wrong at some of the points, beyond `those`.

    It is a warning at the line that makes it wrong there, if that is told by its `causes`.
    """
    wrong = Judge(runs, points, tolerance).judged(names).wrong
    known = causes([one.name for one in wrong]) if wrong else {}
    for one in wrong:
        text = f"the gradient of {one.name} is right only where {those}: elsewhere "
        text += f"{runs.target.spelled(one.name, one.element)} is {number(one.claimed)}, the true "
        text += f"one is {number(one.true)}"
        cause = known.get(one.name)
        if cause is None:
            yield note("relies-on-data", "info", one.name, text, runs.target.place, one.evidence)
        else:
            text += f": {cause.told}"
            found = note("relies-on-data", "warning", one.name, text, cause.place, one.evidence)
            yield replace(found, fix=cause.fix, replaces=cause.lines)
