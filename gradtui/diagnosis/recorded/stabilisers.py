"""Small numbers that keep a function finite, such as log(p + 1e-7), omitted in a gradient."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from gradtui.base.source import Place
from gradtui.diagnosis.backward.trial import TOLERANCE
from gradtui.diagnosis.recorded.runs import Point
from gradtui.recording.slopes import Untold
from gradtui.recording.tape import Call, Leaf, Tape

Array = NDArray[Any]

_SMALL = 1e-4
_SLIGHT = 1e-2
"""The largest relative change of a gradient by such a number near the user's own point.

Elsewhere, where a sigmoid may be saturated, it may be most of a logarithm's argument.
"""
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


def leaving_out(point: Point, names: Sequence[str]) -> Point | None:
    """Return a point whose true gradients omit the small numbers that the code's do not use.

    No edit of a formula such as `p - y` would take the 1e-8 of `log(p + 1e-8)` into account.  None
    where a far point has no gradient without them: there `log(1 - p + 1e-8)` is all 1e-8.
    """
    handing = _ignored(point)
    if not handing:
        return point
    found = replace(point, handing=handing)
    ids = {name: point.result.tape.arguments[name] for name in names}
    try:
        adjoints = found.adjoints([*ids.values()])
    except Untold:
        return point
    omitting = {name: adjoints[id] for name, id in ids.items()}
    if not all(np.all(np.isfinite(true)) for true in omitting.values()):
        return point if point.near else None
    if not all(_is_slight(point, name, true) for name, true in omitting.items()):
        return point
    return replace(found, true={**point.true, **omitting})


def _ignored(point: Point) -> Mapping[int, int]:
    """Return the calls that add a small number which no gradient uses, with their other input."""
    tape, used = point.result.tape, set[int]()
    forward = set(tape.sources(point.root))
    for node in point.nodes.values():
        used.update(() if node is None else tape.sources(node))
    found = dict[int, int]()
    for number, id in _uses(point):
        other = _beside(tape, id, number)
        if other is None or id in used:
            continue
        again = [_beside(tape, one, number) for one in used - forward]
        value = tape.value(other)
        if not any(one is not None and np.array_equal(tape.value(one), value) for one in again):
            found[id] = other
    return found


def _beside(tape: Tape, id: int, number: int) -> int | None:
    """Return the value, of the result's shape, that a call adds a number to."""
    node = tape.nodes[id]
    if not isinstance(node, Call) or number not in node.inputs:
        return None
    others = [one for one in node.inputs if one != number]
    return others[0] if others and tape.shape(others[0]) == tape.shape(id) else None


def _right_without(name: str, point: Point) -> bool:
    """Return whether a gradient is right once the small numbers are 0, and was nearly so before."""
    numbers = [id for id, _ in _uses(point)]
    hand, true = point.without(numbers)
    own = hand[name].reshape(true[name].shape)
    largest = np.max(np.abs(true[name]), initial=0.0)
    if not np.isfinite(largest):
        return False
    right = bool(np.all(np.abs(own - true[name]) <= TOLERANCE * largest))
    return right and _is_slight(point, name, point.hand[name])


def _is_slight(point: Point, name: str, other: Array) -> bool:
    """Return whether another gradient is near the true one, at a point where it has to be."""
    true = point.true[name]
    room = _SLIGHT * np.max(np.abs(true), initial=0.0)
    return not point.near or bool(np.all(np.abs(other - true) <= room))


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
