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
from gradtui.recording.sweep import Link, gradients
from gradtui.recording.tape import Added, Call, Moved, Tape

Array = NDArray[Any]
Slope = Callable[[Array], Array]

_FLAT = frozenset({
    "round", "around", "rint", "sign", "floor", "ceil", "trunc", "fix", "heaviside",
    "floor_divide",
})  # fmt: skip
"""NumPy's functions that are flat but for jumps."""
_BOUNDING = frozenset({"clip", "maximum", "minimum", "hardtanh"})
_SLOPES: Sequence[Slope] = (
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
_MOST = 6
"""Detached values that are tried, and steps, and values that each may be a step of."""


class Surrogate(Struct, frozen=True):
    """What a gradient passes, or stops at, on purpose."""

    name: str
    """Of the function that is flat; nothing for what is detached."""
    place: Place | None


Links = Callable[[Point], Mapping[int, Link] | None]


def surrogate(name: str, points: Sequence[Point], tolerance: float) -> Surrogate | None:
    """Return what a wrong gradient is on purpose; None where it is just wrong."""
    if not any(np.any(point.hand[name]) for point in points):
        return None
    for found, links_at in _ways(name, points):
        if all(_is(name, point, links_at(point), tolerance) for point in points):
            return found
    return None


def is_handed_on(points: Sequence[Point]) -> bool:
    """Return whether the user's lines compute and move nothing on the way to the loss."""
    tapes = [(point.result.tape, point.root) for point in points]
    return all(tape.active[root] for tape, root in tapes) and not any(
        tape.active[id]
        and (isinstance(node := tape.nodes[id], Moved | Added) or node.place is not None)
        for tape, root in tapes for id in range(root)
    )  # fmt: skip


def _ways(name: str, points: Sequence[Point]) -> Iterator[tuple[Surrogate, Links]]:
    """Yield what may be meant, with what then flows back otherwise than in truth."""
    start, tape = points[0], points[0].result.tape
    flat = _flat(start)
    if flat:
        node = tape.nodes[flat[0]]
        assert isinstance(node, Call)
        for slope in _SLOPES:
            yield Surrogate(node.name, node.place), partial(_sloped, slope=slope)
        yield Surrogate(node.name, node.place), partial(_sloped, slope=np.ones_like, bounds=True)
    zero = not any(np.any(point.true[name]) for point in points)
    for at, id in enumerate(_detached(start, zero=zero)[:_MOST]):
        yield Surrogate("", tape.nodes[id].place), partial(_stopped, at=at, zero=zero)
    for step, source in _steps(points) if zero else ():
        found = Surrogate("a step", tape.nodes[step].place)
        for slope in _SLOPES:
            yield found, partial(_linked, step=step, source=source, slope=slope)


def _flat(point: Point) -> list[int]:
    tape = point.result.tape
    return [
        id for id in range(point.root + 1)
        if isinstance(node := tape.nodes[id], Call) and node.name in _FLAT and tape.active[id]
        and tape.shape(node.inputs[0]) == tape.shape(id)
    ]  # fmt: skip


def _sloped(point: Point, slope: Slope, *, bounds: bool = False) -> Mapping[int, Link]:
    """Return the flat functions with another slope, bounds with a slope of 1 where asked for."""
    tape, found = point.result.tape, dict[int, Link]()
    for id in range(point.root) if bounds else ():
        node = tape.nodes[id]
        if isinstance(node, Call) and node.name in _BOUNDING and tape.active[id]:
            source = next(one for one in node.inputs if tape.active[one])
            if tape.shape(source) == tape.shape(id):
                found[id] = (source, np.ones(tape.shape(id)))
    for id in _flat(point):
        node = tape.nodes[id]
        assert isinstance(node, Call)
        found[id] = (node.inputs[0], _slope_at(tape, node.inputs[0], slope))
    return found


def _slope_at(tape: Tape, id: int, slope: Slope) -> Array:
    return np.asarray(slope(np.asarray(tape.value(id), np.float64)))


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


def _stopped(point: Point, at: int, *, zero: bool) -> Mapping[int, Link] | None:
    found = _detached(point, zero=zero)
    return {found[at]: None} if at < len(found) else None


def _steps(points: Sequence[Point]) -> Iterator[tuple[int, int]]:
    """Yield numbers that jump as arguments do, as `where(w > 0, 1, -1)`, and what may decide.

    They come from outside, as far as the tape knows, and yet differ from run to run.
    """
    first, *others = points
    tape = first.result.tape
    alike = [one.result.tape for one in others if len(one.result.tape) == len(tape)]
    steps = [
        id for id in range(first.root)
        if not tape.active[id] and tape.shape(id) and tape.value(id).dtype.kind == "f"
        and any(not np.array_equal(tape.value(id), other.value(id)) for other in alike
                if tape.shape(id) == other.shape(id))
    ]  # fmt: skip
    for step in steps[-_MOST:]:
        sources = [
            id for id in range(step) if tape.active[id] and tape.shape(id) == tape.shape(step)
        ]
        yield from ((step, source) for source in reversed(sources[-_MOST:]))


def _linked(point: Point, step: int, source: int, slope: Slope) -> Mapping[int, Link] | None:
    tape = point.result.tape
    if step >= len(tape) or tape.shape(source) != tape.shape(step):
        return None
    return {step: (source, _slope_at(tape, source, slope))}


def _is(name: str, point: Point, links: Mapping[int, Link] | None, tolerance: float) -> bool:
    """Return whether a gradient is that of the run in which other things flow back."""
    hand, tape = point.hand[name], point.result.tape
    if links is None or hand.shape != point.true[name].shape:
        return False
    leaf = tape.arguments[name]
    passed = gradients(tape.with_active(list(links)), point.root, [leaf], links=links)[leaf]
    room = tolerance * np.max(np.abs(passed), initial=0.0)
    return bool(np.all(np.abs(hand - passed) <= room))
