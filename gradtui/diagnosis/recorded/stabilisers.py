"""Small numbers that keep a function finite, such as log(p + 1e-7), omitted in a gradient."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gradtui.base.source import Place
from gradtui.diagnosis.backward.trial import TOLERANCE
from gradtui.diagnosis.recorded.runs import Point
from gradtui.recording.tape import Call, Leaf

_SMALL = 1e-4
_SLIGHT = 1e-2
"""The largest relative change of a gradient by such a number."""
_ADDING = frozenset({"add", "subtract", "maximum", "clip"})
_POINTS = 3


def stabiliser(name: str, points: Sequence[Point]) -> tuple[float, Place | None] | None:
    """Return a small number whose omission makes a gradient right, and its place."""
    found = _numbers(points[0])
    if not found:
        return None
    if not all(_right_without(name, point) for point in points[:_POINTS]):
        return None
    return found[0]


def _right_without(name: str, point: Point) -> bool:
    """Return whether a gradient is right once the small numbers are 0, and was nearly so before."""
    numbers = [id for id, _ in _uses(point)]
    hand, true = point.without(numbers)
    own = hand[name].reshape(true[name].shape)
    largest = np.max(np.abs(true[name]), initial=0.0)
    if not np.isfinite(largest):
        return False
    before = np.abs(point.hand[name] - point.true[name])
    slight = bool(np.all(before <= _SLIGHT * np.max(np.abs(point.true[name]), initial=0.0)))
    return slight and bool(np.all(np.abs(own - true[name]) <= TOLERANCE * largest))


def _numbers(point: Point) -> list[tuple[float, Place | None]]:
    tape = point.result.tape
    return [(float(tape.value(id)), tape.nodes[call].place) for id, call in _uses(point)]


def _uses(point: Point) -> list[tuple[int, int]]:
    """Return the small numbers on the way to the loss, each with the call that adds it."""
    tape = point.result.tape
    return [
        (source, id)
        for id in range(point.root + 1)
        if isinstance(call := tape.nodes[id], Call) and call.name in _ADDING and tape.active[id]
        for source in call.inputs
        if isinstance(tape.nodes[source], Leaf)
        and tape.shape(source) == ()
        and 0 < abs(float(tape.value(source))) <= _SMALL
    ]
