"""Gradients exactly at kinks: each kink may have any slope between those of its two sides."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from gradtui.diagnosis.recorded.differences import COARSE, Slope, slope_of_mean
from gradtui.diagnosis.recorded.point import Point
from gradtui.diagnosis.recorded.runs import CodeFailed, Lost, Runs
from gradtui.diagnosis.recorded.sides import calls_with_kinks
from gradtui.recording.choices import Choice
from gradtui.recording.sweep import Link, gradients, through
from gradtui.recording.tape import Call, Tape

Array = NDArray[Any]

_STEP = 1e-3
"""How far an element is moved off a kink, relative to its size from 1 on."""
_MOST = 6
"""Most kinks at one element whose slopes are combined."""
_SLOPES = {"abs": (-1.0, 1.0), "absolute": (-1.0, 1.0), "fabs": (-1.0, 1.0), "relu": (0.0, 1.0),
           "maximum": (0.0, 1.0), "minimum": (0.0, 1.0), "fmax": (0.0, 1.0), "fmin": (0.0, 1.0),
           "clip": (0.0, 1.0)}  # fmt: skip
"""The slopes of the two sides of a call's kink, by its only operand that depends on an argument."""


class _Bend(Struct, frozen=True, eq=False):
    """A kink that an element is on."""

    id: int | None
    """Its call; None if the code compares and chooses there."""
    at: tuple[int, ...]
    """The element of the call."""


def beyond_both(
    runs: Runs, point: Point, name: str, at: tuple[int, ...], slope: Slope
) -> float | None:
    """Return the nearest slope at kinks if a claim is beyond all that they can give, else None.

    Where an element is on several kinks at once, a gradient may take each at another slope. Nothing
    is told if that is unknown for one of them.
    """
    claimed = float(point.hand[name][at])
    nearest = slope.beyond(claimed)
    bends = None if nearest is None else _bends_at(runs, point, name, at)
    if not bends:
        return None
    reached = _reached(point, name, at, bends)
    if reached is None:
        return nearest if len(bends) == 1 else None
    low, high = reached
    room = COARSE * abs(claimed) + max(error for _, error in slope.sides)
    known = all(low - room <= value <= high + room for value, _ in slope.sides)
    if not known or low - room <= claimed <= high + room:
        return None
    return low if claimed < low else high


def counts_ties(runs: Runs, point: Point, name: str) -> bool:
    """Return whether a claim counts what is shared more than once, as equal numbers share a max.

    Moved together, they stay equal: without a kink, there is one slope.
    """
    hand, true = point.hand[name], point.true[name]
    if hand.size < 2:
        return False
    slope = slope_of_mean(runs, point.values, name)
    known = slope.sure and slope.agrees(float(np.sum(true)))
    return known and not slope.agrees(float(np.sum(hand)))


def _bends_at(runs: Runs, point: Point, name: str, at: tuple[int, ...]) -> Sequence[_Bend] | None:
    """Return the kinks that an element is on; None if they are unknown."""
    moved = np.array(point.values[name])
    moved[at] += _STEP * max(1.0, abs(float(moved[at])))
    try:
        other = runs.recorded({**point.values, name: moved})
    except (CodeFailed, Lost):
        return None
    compared = dict[tuple[bytes, bytes], list[_Bend]]()
    before, after = (_differences(one, point.root) for one in (point.result.tape, other.tape))
    for (id, own), (_, new) in zip(before, after, strict=False):
        if own is None or new is None or own.shape != new.shape:
            return None
        left = [_Bend(id, tuple(map(int, one))) for one in np.argwhere((own == 0) & (new != 0))]
        same = compared.setdefault((own.tobytes(), new.tobytes()), [])
        if id is not None or not same:  # a relu and its mask are one kink
            same += left
    return [one for bends in compared.values() for one in bends]


def _differences(tape: Tape, root: int) -> Iterator[tuple[int | None, Array | None]]:
    """Yield the calls with kinks before the loss, and comparisons, with what is 0 on their kinks.

    Comparisons are no calls; some have differences that are not known.
    """
    for id, _, own in calls_with_kinks(tape, range(root), root, ends=True):
        yield id, own
    for one in tape.choices:
        if one.at <= root:
            yield None, _compared(tape, one)


def _compared(tape: Tape, one: Choice) -> Array | None:
    """Return the differences of a comparison, but for the scale of its sides, if they are known."""
    low, high = one.bound or (0.0, 0.0)
    sides = [np.asarray(low) if id is None else tape.value(id) for id in one.inputs]
    if one.inputs == (None, None) or (None in one.inputs and (one.bound is None or low != high)):
        return None
    return np.asarray(np.subtract(*sides, dtype=np.float64))


def _reached(
    point: Point, name: str, at: tuple[int, ...], bends: Sequence[_Bend]
) -> tuple[float, float] | None:
    """Return the least and the largest slope at an element by all choices of slopes at its kinks.

    On each way back to an argument a kink is passed once, so that the extremes are at its sides.
    """
    tape = point.result.tape
    if len(bends) > _MOST or any(one.id is None for one in bends):
        return None
    found = list[float]()
    leaf = tape.arguments[name]
    for links in _chosen(tape, bends):
        found.append(float(gradients(tape, point.root, [leaf], links=links)[leaf][at]))
    return (min(found), max(found)) if found and np.all(np.isfinite(found)) else None


def _chosen(tape: Tape, bends: Sequence[_Bend]) -> Iterator[Mapping[int, Link]]:
    """Yield the calls with kinks by all choices of a side at each; none if a slope is unknown."""
    known = dict[int, tuple[int, Array]]()
    sides = list[tuple[float, float]]()
    for one in bends:
        assert one.id is not None
        node = tape.nodes[one.id]
        active = [source for source in node.inputs if tape.active[source]]  # type: ignore[union-attr]
        if not isinstance(node, Call) or node.name not in _SLOPES or len(active) != 1:
            return
        slopes = through(tape, one.id, np.ones(tape.shape(one.id))).get(active[0])
        if slopes is None or slopes.shape != tape.shape(one.id):
            return
        known[one.id] = active[0], np.array(slopes, np.float64)
        sides.append(_SLOPES[node.name])
    for chosen in product(*sides):
        slopes_of = {id: slopes.copy() for id, (_, slopes) in known.items()}
        for one, slope in zip(bends, chosen, strict=True):
            assert one.id is not None
            slopes_of[one.id][one.at] = slope
        yield {id: (source, slopes_of[id]) for id, (source, _) in known.items()}
