"""Levels with scales of their own, such as `p * (w > t) - n * (w < -t)`, and the ways past them.

By what decides the level of an element, no gradient flows: each convention gives it a slope that is
known from the level and its scale alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import product
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from gradtui.diagnosis.recorded.flat import named
from gradtui.diagnosis.recorded.linked import gradient_past
from gradtui.diagnosis.recorded.passes import SLOPES, STEP, STRAIGHT, Slope, Way
from gradtui.diagnosis.recorded.point import Point
from gradtui.diagnosis.recorded.quantisers import SIGNS, is_nearest, is_spread
from gradtui.diagnosis.recorded.steps import is_level, varying_nodes
from gradtui.recording.tape import Call, Leaf, Moved, Tape

Array = NDArray[Any]

_SCALING = frozenset({"multiply", "divide"})
_SUMMING = frozenset({"add", "subtract", "negative"})
_MOST = 32
"""Most values of levels looked at, and most scales of one."""
_EACH = "by the scale of each level, and of the level 0 by 1"
_TERNARY = f"{_EACH}, as trained ternary quantisation has it (Zhu et al., 2017)"
_HELD = " times its scale, which it takes for a constant (Liu et al., 2018)"
_SHARED = " times its scale, plus 1/{}, as XNOR-Net has it (Rastegari et al., 2016)"
_SHAPES = [*SLOPES][:2]
"""The slopes of a sign that are published beside a scale."""

Scales = frozenset[tuple[int, ...]]
"""What levels are multiplied by: each of these products of values is the scale of some."""
_NO_SCALE: Scales = frozenset({()})


class _Scaled(Struct, frozen=True):
    """A value whose elements are levels times scales, and the value that decides the levels."""

    id: int
    source: int
    scales: Scales

    def count(self, tape: Tape) -> int:
        """Return how many elements share a scale."""
        most = max((_count(tape, id) for some in self.scales for id in some), default=1)
        return tape.value(self.id).size // most

    def slopes(self, tape: Tape) -> Array:
        """Return the scale of each element, 1 for the level 0."""
        value, sign = tape.value(self.id), np.sign(tape.value(self.source))
        return np.asarray(np.where(value == 0, 1.0, value * sign), np.float64)


Factor = Callable[[Tape, _Scaled], Array]


def scaled_levels(points: Sequence[Point], *, held: bool) -> Iterator[Way]:
    """Yield the ways past levels with scales to what decides them.

    A scale that is made of that itself may be `held`, that is, taken for a constant.
    """
    tape = points[0].result.tape
    if any(len(point.result.tape) != len(tape) for point in points):
        return
    chains = _chains(points)
    ends = (0, -1) if any(len(some) > 1 for some in chains) else (0,)
    for at in ends if chains else ():
        found = [some[at] for some in chains]
        place = tape.nodes[found[0].id].place
        for told, factor in _conventions(points, found, held=held):
            yield Way(told, place, partial(_passed, found=found, factor=factor))


def _conventions(
    points: Sequence[Point], found: Sequence[_Scaled], *, held: bool
) -> Iterator[tuple[str, Factor]]:
    """Yield conventions in words, with their slopes."""
    tapes = [point.result.tape for point in points]
    learned = all(_is_apart(tapes[0], one) for one in found)
    lopsided = all(len(one.scales) > 1 for one in found)
    if learned and (lopsided or all(_has_zero(tapes, one) for one in found)):
        yield STEP + _TERNARY, lambda tape, one: one.slopes(tape)
    if learned and lopsided:
        yield STEP + STRAIGHT, lambda tape, one: np.ones(tape.shape(one.id))
    if all(_is_sign_of(tape, one) for tape in tapes for one in found):
        for slope in _SHAPES:
            if held:
                yield STEP + SLOPES[slope] + _HELD, partial(_held, slope=slope)
            shared = _SHARED.format(found[0].count(tapes[0]))
            yield STEP + SLOPES[slope] + shared, partial(_shared, slope=slope)


def _held(tape: Tape, one: _Scaled, slope: Slope) -> Array:
    return np.abs(tape.value(one.id)) * slope(tape.value(one.source))


def _shared(tape: Tape, one: _Scaled, slope: Slope) -> Array:
    return 1 / one.count(tape) + _held(tape, one, slope)


def _passed(point: Point, name: str, found: Sequence[_Scaled], factor: Factor) -> Array | None:
    """Return the gradient past levels; by scales that depend on nothing else, the true one."""
    tape = point.result.tape
    if any(one.id >= point.root for one in found):
        return None
    links = {one.id: (one.source, factor(tape, one)) for one in found}
    passing = gradient_past(point, name, links)
    if any(tape.arguments[name] in tape.sources(one.source) for one in found):
        return passing
    stopped = gradient_past(point, name, dict.fromkeys(links))
    return np.asarray(point.true[name] + passing - stopped)


def _is_apart(tape: Tape, one: _Scaled) -> bool:
    """Return whether scales are made of nothing that decides the levels."""
    own = {id for id in tape.sources(one.source) if tape.active[id]}
    return all(own.isdisjoint(tape.sources(id)) for some in one.scales for id in some)


def _has_zero(tapes: Sequence[Tape], one: _Scaled) -> bool:
    return any(np.any(tape.value(one.id) == 0) for tape in tapes)


def _is_sign_of(tape: Tape, one: _Scaled) -> bool:
    """Return whether a value is the sign of another, times the mean size of what shares it."""
    value, source = tape.value(one.id), tape.value(one.source)
    signs = np.array_equal(np.sign(value), np.sign(source))
    return signs and one.count(tape) > 1 and is_nearest(value, source)


def _chains(points: Sequence[Point]) -> list[list[_Scaled]]:
    """Return values of levels with scales, each with multiples of it, by what decides them."""
    tape, levels = points[0].result.tape, _levels(points)
    found = list[_Scaled]()
    for id in [one for one, scales in levels.items() if scales - _NO_SCALE][-_MOST:]:
        source = _source(tape, id, levels)
        if source is not None and _is_passed_by_all(points[0], id, levels):
            found.append(_Scaled(id, source, levels[id]))
    made_of = {one.id: _made_of(tape, one.id, levels) for one in found}
    chains = dict[int, list[_Scaled]]()
    for one in found:
        above = [other.id for other in found if one.id in tape.sources(other.id)]
        if all(made_of[other] == made_of[one.id] for other in above):  # else it is a part of one
            chains.setdefault(one.source, []).append(one)
    return [*chains.values()]


def _made_of(tape: Tape, id: int, levels: Mapping[int, Scales]) -> set[int]:
    """Return the levels without scales of which a value is made."""
    return {one for one in tape.sources(id) if levels.get(one) == _NO_SCALE}


def _levels(points: Sequence[Point]) -> dict[int, Scales]:
    """Return the values that are levels, in their order, with their scales."""
    tape, jumping = points[0].result.tape, varying_nodes(points)
    signs, found = set(named(points[0], *SIGNS)), dict[int, Scales]()
    for id in range(points[0].root):
        node, value = tape.nodes[id], tape.value(id)
        if id in signs or (id in jumping and value.size > 1 and is_level(value)):
            found[id] = _NO_SCALE
        elif isinstance(node, Call) and value.size > 1 and tape.active[id]:
            scales = _scales(tape, id, node, found)
            if scales is not None:
                found[id] = scales
    return found


def _scales(tape: Tape, id: int, node: Call, levels: Mapping[int, Scales]) -> Scales | None:
    """Return the scales of levels that a call makes of others; None if it makes none."""
    shape = tape.shape(id)
    each = [levels[one] if one in levels and tape.shape(one) == shape
            else _scale(tape, one, shape) for one in node.inputs]  # fmt: skip
    own = [one in levels and tape.shape(one) == shape for one in node.inputs]
    some = [one for one in each if one is not None]
    if len(some) < len(each) or not any(own):
        return None
    if node.name == "where" and own[0]:
        return frozenset[tuple[int, ...]]().union(*some[1:])
    if node.name in _SCALING and (node.name == "multiply" or own == [True, False]):
        few = math.prod(map(len, some)) <= _MOST
        return frozenset((*one, *other) for one, other in product(*some)) if few else None
    sums = node.name in _SUMMING and all(own) and _are_apart(tape, node.inputs)
    return frozenset[tuple[int, ...]]().union(*some) if sums else None


def _are_apart(tape: Tape, ids: Sequence[int]) -> bool:
    """Return whether of several values one at most is not 0 at each place."""
    return bool(np.all(np.sum([tape.value(id) != 0 for id in ids], axis=0) <= 1))


def _scale(tape: Tape, id: int, shape: Sequence[int]) -> Scales | None:
    """Return a scale that a value is, which has fewer elements than a shape or repeats them."""
    value, node = tape.value(id), tape.nodes[id]
    if not tape.active[id]:
        alike = value.size < math.prod(shape) or len(np.unique(value)) == 1
        return (_NO_SCALE if np.any(value) else frozenset()) if alike else None
    if isinstance(node, Call) and node.name == "negative":
        return _scale(tape, node.inputs[0], shape)
    small = value.size < math.prod(shape) or is_spread(tape, id)
    return frozenset({(id,)}) if small else None


def _count(tape: Tape, id: int) -> int:
    """Return the number of scales that a value holds, which it may repeat."""
    node = tape.nodes[id]
    return len(np.unique(node.index)) if isinstance(node, Moved) else tape.value(id).size


def _is_passed_by_all(point: Point, id: int, levels: Mapping[int, Scales]) -> bool:
    """Return whether all levels that a value is made of reach the loss through it alone."""
    tape = point.result.tape
    reached = {one for one in tape.sources(id) if one in levels and one != id}
    for later in range(point.root + 1):
        node = tape.nodes[later]
        if later != id and not isinstance(node, Leaf) and not reached.isdisjoint(node.inputs):
            reached.add(later)
    return point.root not in reached


def _source(tape: Tape, id: int, levels: Mapping[int, Scales]) -> int | None:
    """Return the nearest value that has the signs of levels, which it may decide; None without.

    Levels of one sign have no convention of their own.
    """
    value = tape.value(id)
    if not np.any(value < 0) or not np.any(value > 0):
        return None
    for one in range(id - 1, -1, -1):
        if tape.active[one] and one not in levels and tape.shape(one) == tape.shape(id):
            own = np.sign(tape.value(one))
            if np.array_equal(own[value != 0], np.sign(value)[value != 0]):
                return one
    return None
