"""Gradients that are right except for an approximation, such as a truncated series, or rounding."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradtui.diagnosis.backward.trial import TOLERANCE
from gradtui.diagnosis.recorded.point import Point
from gradtui.recording.tape import Call, Tape

Array = NDArray[Any]

_CLOSE = 1e-4
"""Largest relative error of an approximation near the user's own point."""
_FAR, _RIGHT = 1e-2, 1e-9
"""Largest relative error of an approximation far from it, and what counts as none near it."""
_EXACT = 1e-11
"""Smaller errors count as exact: a mistake may show only elsewhere."""
_BLURRED = 1e-2
"""The share of a coarse tolerance below which they do, in single precision or by differences."""
_MENDED = 1e-2
"""The share of an error that an edit may leave to an approximation."""
_STEP = 1e-2
"""The largest step of differences, and the largest of these relative to what they are of."""
_NOISE = 1e-12
"""The size of rounding errors beside the largest gradient."""


def approximate(name: str, points: Sequence[Point], tolerance: float) -> float | None:
    """Return the error of a gradient relative to its largest element, if it is slight.

    None if it is larger, at the user's own point or near it, or if there is none but for what a
    coarse `tolerance` of the comparison is for.
    """
    exact = _EXACT if tolerance <= TOLERANCE else _BLURRED * tolerance
    shares = [_share(point.hand[name], point.true[name]) for point in points if point.near]
    return max(shares) if all(exact < share <= _CLOSE for share in shares) else None


def approximate_far(name: str, points: Sequence[Point]) -> float | None:
    """Return the same error if the gradient is right near the user's own point; None if it is not.

    As where the code takes a limit for large numbers, of which it drops what is small there.
    """
    apart = [(point.near, _share(point.hand[name], point.true[name])) for point in points]
    far = max((share for near, share in apart if not near), default=0.0)
    right = all(share <= _RIGHT for near, share in apart if near)
    return far if right and _RIGHT < far <= _FAR else None


def is_measured(name: str, points: Sequence[Point]) -> bool:
    """Return whether a gradient is taken by small differences, or may be where that is not seen.

    Such as in a function of a library that takes the loss as a function: no line of it is wrong.
    """
    tape, node = points[0].result.tape, points[0].nodes[name]
    ids = () if node is None else tape.sources(node)
    return leaves(name, points) or any(_is_difference(tape, id) for id in ids if tape.active[id])


def leaves(name: str, points: Sequence[Point]) -> bool:
    """Return whether a gradient is made of numbers from outside the recording.

    They differ at all points: others may be chosen by the code, as by the rounds of a loop.
    """
    point = points[0]
    tape, node = point.result.tape, point.nodes[name]
    if node is not None and any(isinstance(tape.nodes[id], Call) for id in tape.sources(node)):
        return False
    if node is not None and tape.active[node]:
        return False
    return len(points) == len({one.hand[name].tobytes() for one in points}) > 1


def _is_difference(tape: Tape, id: int) -> bool:
    """Return whether a node is the difference of two numbers that are almost equal, by a step."""
    node = tape.nodes[id]
    if not isinstance(node, Call) or node.name != "divide" or tape.active[node.inputs[-1]]:
        return False
    at = node.inputs[0]
    while isinstance(apart := tape.nodes[at], Call) and apart.name == "multiply":
        active = [one for one in apart.inputs if tape.active[one]]
        if len(active) != 1:
            return False
        (at,) = active
    if not isinstance(apart, Call) or apart.name != "subtract" or tape.shape(at):
        return False
    up, down = (float(tape.value(one)) for one in apart.inputs)
    small = bool(np.all(np.abs(tape.value(node.inputs[-1])) <= _STEP))
    return small and abs(up - down) <= _STEP * max(abs(up), abs(down))


def is_right_near(name: str, points: Sequence[Point]) -> bool:
    """Return whether the error of a gradient is slight, if any, near the user's own point."""
    near = [point for point in points if point.near]
    return all(_share(point.hand[name], point.true[name]) <= _CLOSE for point in near)


def vanishing(point: Point) -> set[str]:
    """Return the gradients that are 0 but for errors of rounding, true and returned.

    They are right whatever the lines do that they come from: as that of a bias before a norm.
    """
    sizes = {name: float(np.abs(true).max(initial=0.0)) for name, true in point.true.items()}
    least = _NOISE * max(sizes.values(), default=0.0)
    return {
        name for name, size in sizes.items()
        if size <= least and name in point.hand
        and float(np.abs(point.hand[name]).max(initial=0.0)) <= least
    }  # fmt: skip


def is_approached(
    before: Array, after: Array, true: Array, *, near: bool, exact: bool = False
) -> bool:
    """Return whether an edit leaves nothing of a gradient's error but an approximation's.

    Far from the user's own point, where a series may not converge, it need only be better on the
    whole.  What is `exact` near it is an approximation only if others there are known to be.
    """
    if not near:
        return bool(np.abs(after - true).sum() < np.abs(before - true).sum())
    was = _share(before, true)
    if not was > _CLOSE:
        return False
    return (0.0 if exact else _EXACT) < _share(after, true) <= min(_CLOSE, _MENDED * was)


def _share(hand: Array, true: Array) -> float:
    largest = np.abs(true).max(initial=0.0)
    return float(np.abs(hand - true).max(initial=0.0) / largest) if largest else np.inf
