"""The ways past what is flat that wrong gradients follow in part, and so most likely mean."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradtui.diagnosis.recorded.held import rounded_beside
from gradtui.diagnosis.recorded.passes import Way, rounded, stepped
from gradtui.diagnosis.recorded.point import Point
from gradtui.diagnosis.recorded.scaled import scaled_levels
from gradtui.diagnosis.recorded.simple import ratio_of
from gradtui.diagnosis.recorded.steps import MOST_STEPS
from gradtui.diagnosis.recorded.switches import switched

Array = NDArray[Any]

_SAME = 1e-6
_FEW = 3
"""Most steps that a gradient passes beside other terms."""


def followed(name: str, points: Sequence[Point]) -> Way | None:
    """Return the way past what is flat that a wrong gradient is a multiple of; None if none is.

    Where the truth is 0, one past levels with scales is followed by some of its elements, and any
    that is 0 for the same elements.
    """
    hands, true = [point.hand[name] for point in points], [point.true[name] for point in points]
    zero, alike = not any(np.any(one) for one in true), list[Way]()
    if not any(np.any(hand) for hand in hands) or (not zero and _is_multiple(hands, true)):
        return None
    most = MOST_STEPS if zero else _FEW
    scaled = [*scaled_levels(points, held=False)] if zero else []
    if (likest := _likest(scaled, name, points)) is not None:
        return likest
    flat = *rounded(points), *rounded_beside(points), *scaled
    for way in (*flat, *stepped(points, most), *switched(points, most)):
        first = way.passed(points[0], name)
        if first is None or not (_is_multiple(hands[:1], [first]) or (zero and not np.all(first))):
            continue
        passed = [own for point in points if (own := way.passed(point, name)) is not None]
        if len(passed) == len(points) and _is_multiple(hands, passed):
            return way
        if zero and all(map(_have_same_zeros, hands, passed)):
            alike.append(way)
    return alike[0] if alike else None


def _likest(ways: Sequence[Way], name: str, points: Sequence[Point]) -> Way | None:
    """Return the first way by which a gradient has elements that it has by no other.

    Else that by which it has the most; None without any.
    """
    alike = [_alike(way, name, points) for way in ways]
    many = np.sum(alike, axis=0)
    for way, own in zip(ways, alike, strict=True):
        if np.any(own & (many == 1)):
            return way
    most = max(range(len(ways)), key=lambda at: np.sum(alike[at]), default=None)
    return None if most is None or not np.any(alike[most]) else ways[most]


def _alike(way: Way, name: str, points: Sequence[Point]) -> Array:
    """Return which elements of a gradient at all points are those by a way."""
    found = list[Array]()
    for point in points:
        hand, passed = point.hand[name], way.passed(point, name)
        fits = passed is not None and hand.shape == passed.shape
        apart = np.abs(hand - passed) if fits else np.full(hand.shape, np.inf)
        found.append(((hand != 0) & (apart <= _SAME * np.abs(hand))).ravel())
    return np.concatenate(found)


def _is_multiple(hands: Sequence[Array], bases: Sequence[Array]) -> bool:
    alike = all(hand.shape == base.shape for hand, base in zip(hands, bases, strict=True))
    return alike and any(np.any(base) for base in bases) and ratio_of(hands, bases) is not None


def _have_same_zeros(hand: Array, passed: Array) -> bool:
    return hand.shape == passed.shape and np.array_equal(hand == 0, passed == 0)
