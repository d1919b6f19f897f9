"""Steps that a gradient passes with a bump for a slope, whichever that is."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradtui.base.source import Place
from gradtui.diagnosis.recorded.bells import bell_of
from gradtui.diagnosis.recorded.passes import STEP, thresholds
from gradtui.diagnosis.recorded.point import Point
from gradtui.diagnosis.recorded.steps import placed, steps_of
from gradtui.recording.sweep import gradients

Array = NDArray[Any]

OWN = "with a slope of its own"
_ENOUGH, _LEVEL, _FALLEN = 20, 1e-5, 0.5
"""The fewest slopes that tell a bump, how much they may waver, and how far it must fall."""


def sloping(points: Sequence[Point], name: str) -> tuple[str, Place | None] | None:
    """Return which bump a gradient passes a step with for a slope, and its place, if it does.

    At all points it is what arrives at the step, times a function of the argument alone that rises
    and then falls.  By mistake no gradient is like that.
    """
    for step, source in steps_of(points):
        found = [_slopes_at(point, name, step, source) for point in points]
        told = [one for one in found if one is not None]
        if len(told) < len(points):
            continue
        at, slopes = map(np.concatenate, zip(*told, strict=True))
        jumps = thresholds(points[0].result.tape, source)
        if _is_bump(at, slopes) and _is_at_jump(at, slopes, jumps):
            own = bell_of(at, slopes, [0.0, *jumps])
            return STEP + (own or OWN), placed(points[0].result.tape, step, source)
    return None


def _slopes_at(point: Point, name: str, step: int, source: int) -> tuple[Array, Array] | None:
    """Return an argument that decides a step, and the slopes with which its gradient passes it."""
    tape, hand = point.result.tape, point.hand[name]
    if source != tape.arguments[name] or step >= point.root or tape.shape(step) != hand.shape:
        return None
    arriving = gradients(tape.with_active({step}), point.root, [step])[step]
    told = arriving != 0
    return tape.value(source)[told], hand[told] / arriving[told]


def _is_bump(at: Array, slopes: Array) -> bool:
    """Return whether slopes are never negative, and rise to a largest one and then fall."""
    own = slopes[np.argsort(at)]
    if own.size < _ENOUGH or not np.all(np.isfinite(own)):
        return False
    top, room = int(np.argmax(own)), _LEVEL * np.max(own)
    if np.min(own) < -room:
        return False
    rising = np.all(np.diff(own[: top + 1]) >= -room) and np.all(np.diff(own[top:]) <= room)
    return bool(rising and max(own[0], own[-1]) <= _FALLEN * own[top])


def _is_at_jump(at: Array, slopes: Array, jumps: Collection[float]) -> bool:
    """Return whether slopes are the largest next to the only jump, if there is one alone."""
    if len(jumps) != 1:
        return True
    order = np.argsort(at)
    place = int(np.searchsorted(at[order], next(iter(jumps))))
    near = slopes[order][max(place - 1, 0) : place + 1]
    return bool(np.max(near) >= (1 - _LEVEL) * np.max(slopes))
