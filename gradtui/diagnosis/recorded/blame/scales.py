"""The factors by which adjoints may be off, and whether gradients are."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

from numpy.typing import NDArray

from gradtui.diagnosis.recorded.point import Point
from gradtui.diagnosis.recorded.simple import ratio_of

Array = NDArray[Any]

_SCALES = 6
"""Most sizes that adjoints may be off by."""


def scales(point: Point, wrong: Sequence[str]) -> tuple[float, ...]:
    """Return the factors by which adjoints may be off, because many divide by N in the end.

    There are none if such a factor may be the mistake.
    """
    tape = point.result.tape
    sizes = {float(size) for id in range(point.root) for size in tape.shape(id)}
    found = sorted(sizes - {0.0, 1.0})[:_SCALES]
    return (1.0,) if are_scaled(point, wrong) else (1.0, *found)


def are_scaled(point: Point, wrong: Sequence[str]) -> bool:
    """Return whether most gradients are true up to a factor: some may have a penalty, too."""
    return sum(_scale(point, name) > 0 for name in wrong) > len(wrong) / 2


def are_negated(point: Point, wrong: Sequence[str]) -> bool:
    """Return whether all gradients are true but for their sign."""
    return all(_scale(point, name) == -1 for name in wrong)


def are_exchanged(point: Point, wrong: Sequence[str]) -> bool:
    """Return whether two gradients are each other's true ones."""
    return any(
        _is_of(point.hand[one], point.true[other]) and _is_of(point.hand[other], point.true[one])
        for one, other in combinations(wrong, 2)
    )


def _is_of(hand: Array, true: Array) -> bool:
    return hand.shape == true.shape and ratio_of([hand.reshape(-1)], [true.reshape(-1)]) == 1


def _scale(point: Point, name: str) -> float:
    """Return how many times the true gradient one is; 0 if it is no multiple."""
    hand, true = point.hand[name], point.true[name]
    if hand.shape != true.shape:
        return 0.0
    return ratio_of([hand.reshape(-1)], [true.reshape(-1)]) or 0.0
