"""Deliberate gradients of what has none: rounding that is passed as if it were not there.

A hand-written gradient is one where it is, at all points, the gradient of the run with another
slope in the place of that of a flat function, or of one whose result is detached.
"""

from __future__ import annotations

import linecache
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from gradtui.base.source import Place
from gradtui.diagnosis.recorded.runs import Point
from gradtui.recording.sweep import gradients
from gradtui.recording.tape import Call

Array = NDArray[Any]

_FLAT = frozenset({
    "round", "around", "rint", "sign", "floor", "ceil", "trunc", "fix", "heaviside",
    "floor_divide",
})  # fmt: skip
"""NumPy's functions that are flat but for jumps."""
_SLOPES: Sequence[Callable[[Array], Array]] = (
    np.ones_like,
    lambda x: 1.0 * (np.abs(x) <= 1),
    lambda x: 1.0 * (np.abs(x) <= 0.5),
    lambda x: 1.0 * ((x >= 0) & (x <= 1)),
    lambda x: 1.0 * (x > 0),
    lambda x: np.maximum(0.0, 1 - np.abs(x)),
    lambda x: 1 - np.tanh(x) ** 2,
    lambda x: np.exp(-np.abs(x)) / (1 + np.exp(-np.abs(x))) ** 2,
    lambda x: 1 / (1 + np.abs(x)) ** 2,
)
"""What stands for the slope of a flat function: the identity's, cut, or a smooth function's."""
_DETACHED = re.compile(r"detach|stop_?grad|no_?grad")
_COPIED = re.compile(r"\bcopy\(")
_MOST = 8
"""Detached values that are tried."""


class Surrogate(Struct, frozen=True):
    """What a gradient passes, or stops at, on purpose."""

    name: str
    """Of the function that is flat; nothing for what is detached."""
    place: Place | None


def surrogate(name: str, points: Sequence[Point], tolerance: float) -> Surrogate | None:
    """Return what a wrong gradient is on purpose; None where it is just wrong."""
    if not any(np.any(point.hand[name]) for point in points):
        return None
    for found, slopes_at in _ways(points[0], name, points):
        if all(_is(name, point, slopes_at(point), tolerance) for point in points):
            return found
    return None


Slopes = Callable[[Point], Mapping[int, Array] | None]


def _ways(start: Point, name: str, points: Sequence[Point]) -> Iterator[tuple[Surrogate, Slopes]]:
    """Yield what may be meant, with the slopes that it takes in the place of the true ones."""
    flat = _flat(start)
    if flat:
        node = start.result.tape.nodes[flat[0]]
        assert isinstance(node, Call)
        for slope in _SLOPES:
            yield Surrogate(node.name, node.place), partial(_sloped, slope=slope)
    zero = not any(np.any(point.true[name]) for point in points)
    for at, id in enumerate(_detached(start, zero=zero)[:_MOST]):
        found = Surrogate("", start.result.tape.nodes[id].place)
        yield found, partial(_stopped, at=at, zero=zero)


def _flat(point: Point) -> list[int]:
    tape = point.result.tape
    return [
        id for id in range(point.root + 1)
        if isinstance(node := tape.nodes[id], Call) and node.name in _FLAT and tape.active[id]
        and tape.shape(node.inputs[0]) == tape.shape(id)
    ]  # fmt: skip


def _sloped(point: Point, slope: Callable[[Array], Array]) -> Mapping[int, Array]:
    tape = point.result.tape
    found = {}
    for id in _flat(point):
        node = tape.nodes[id]
        assert isinstance(node, Call)
        found[id] = np.asarray(slope(np.asarray(tape.value(node.inputs[0]), np.float64)))
    return found


def _detached(point: Point, *, zero: bool) -> list[int]:
    """Return the calls whose result a line says is detached; by a mere copy where `zero` is true.

    A copy says so only where the gradient would be 0: most copies mean something else.
    """
    tape, found = point.result.tape, list[int]()
    for id in range(point.root):
        place = tape.nodes[id].place
        if not isinstance(tape.nodes[id], Call) or not tape.active[id] or place is None:
            continue
        line = linecache.getline(place.file, place.line)
        if _DETACHED.search(line) or (zero and _COPIED.search(line)):
            found.append(id)
    return found


def _stopped(point: Point, at: int, *, zero: bool) -> Mapping[int, Array] | None:
    found = _detached(point, zero=zero)
    return {found[at]: np.zeros(())} if at < len(found) else None


def _is(name: str, point: Point, slopes: Mapping[int, Array] | None, tolerance: float) -> bool:
    """Return whether a gradient is that of the run with some slopes in the place of its own."""
    hand, tape = point.hand[name], point.result.tape
    if slopes is None or hand.shape != point.true[name].shape:
        return False
    leaf = tape.arguments[name]
    passed = gradients(tape, point.root, [leaf], slopes=slopes)[leaf]
    room = tolerance * np.max(np.abs(passed), initial=0.0)
    return bool(np.all(np.abs(hand - passed) <= room))
