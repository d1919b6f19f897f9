"""Small numbers that keep a function finite, such as log(p + 1e-7), in one pass and not the other.

A gradient may omit those of the forward pass, or divide by what only it adds them to.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from gradtui.base.source import Place
from gradtui.diagnosis.backward.trial import ROUNDED, SHAKES, TOLERANCE
from gradtui.diagnosis.recorded.domain import SMALL
from gradtui.diagnosis.recorded.point import Point, Values
from gradtui.recording.slopes import Untold
from gradtui.recording.tape import Call, Leaf, Tape

Array = NDArray[Any]

_SLIGHT = 1e-2
"""The largest relative change of a gradient by such a number near the user's own point.

Elsewhere, where a sigmoid may be saturated, it may be most of a logarithm's argument.
"""
_NOISE = 1e-12
"""The rounding of a gradient beside the largest of all."""
_SHRUNK = 1e-9
"""What is left of such a number where a gradient without any of it is not finite."""
_ADDING = frozenset({"add", "subtract", "maximum", "clip"})
_BOUNDING = frozenset({"minimum", "clip"})
_KEPT_FROM_0 = {
    "divide": 1,
    "reciprocal": 0,
    "rsqrt": 0,
    "sqrt": 0,
    "log": 0,
    "log2": 0,
    "log10": 0,
}
"""Functions that are not finite at 0, or steep there, each with the operand that must not be 0."""


class Stabilisers:
    """The gradients at some points without the small numbers."""

    def __init__(self, points: Sequence[Point], names: Collection[str]) -> None:
        """`names` are the gradients that are asked for."""
        self._points = points
        self._numbers = _numbers(points[0], _uses(points[0]))
        self._without = [_Without(point, names) for point in points] if self._numbers else []
        alone = [_alone(point) for point in points]
        self._added = _numbers(points[0], alone[0])
        self._unstable = [
            _Without(point, names, [id for id, _ in extra])
            for point, extra in zip(points, alone, strict=True)
        ] if self._added else []  # fmt: skip

    def omitted(self, name: str) -> tuple[float, Place | None] | None:
        """Return a small number whose omission makes a gradient right, and its place.

        It must do so at all points: another mistake may show at far ones alone.
        """
        if not self._numbers or not all(one.is_right(name) for one in self._without):
            return None
        unused = _ignored(self._points[0])
        uses = [call in unused for _, call in _uses(self._points[0])]
        return self._numbers[uses.index(True) if any(uses) else 0]

    def added(self, name: str) -> tuple[float, Place | None] | None:
        """Return a small number that a gradient is right without, and its place.

        The forward pass has none such, and near the user's own point it changes but little.
        """
        if not self._added or not is_nearly_right(name, self._points):
            return None
        return self._added[0] if all(one.is_right(name) for one in self._unstable) else None

    def is_exact_without(self, name: str) -> bool:
        """Return whether the small numbers are all that it is off by near the user's point.

        It is no approximation then: what goes wrong farther out is another mistake.
        """
        near = [one for one in self._without if one.point.near]
        return (
            bool(self._numbers)
            and is_nearly_right(name, self._points)
            and all(one.is_right(name) for one in near)
        )


def is_nearly_right(name: str, points: Sequence[Point]) -> bool:
    """Return whether a gradient is near the true one at all points near the user's own."""
    return all(_is_slight(point, name, point.hand[name]) for point in points)


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
    tape = point.result.tape
    forward = set(tape.sources(point.root))
    used = {*tape.sources(*(node for node in point.nodes.values() if node is not None))}
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


class _Without:
    """The gradients at a point without the small numbers: one run of the tape tells of all."""

    def __init__(self, point: Point, names: Collection[str], own: Sequence[int] = ()) -> None:
        """Take the numbers of the forward pass, or the gradients' `own`."""
        self.point, self._names, self._own = point, names, own
        self._replayed: dict[float, tuple[Values, Values]] = {}
        """The share left of each number -> the claims and the truth."""
        self._spreads: dict[float, Values] = {}

    def is_right(self, name: str) -> bool:
        """Return whether a gradient is right once the small numbers are 0.

        Far out a loss may have no gradient without them, as log(p) where p is 0: there nothing
        tells whether a gradient that uses none of them is right.  One that uses them has to be
        right with smaller ones.
        """
        point = self.point
        before = _apart(name, point.hand, point.true)
        for share in (0.0, _SHRUNK):
            claimed, wanted = self._with(share)
            after = _apart(name, claimed, wanted)
            if np.all(np.isfinite(after)):
                right = _is_within(before, name, point.true) | _is_within(after, name, wanted)
                if not np.all(right):
                    right |= np.abs(after) <= ROUNDED * self._spread(share)[name]
                return bool(np.all(right))
            if not self._own and len(_ignored(point)) == len(_uses(point)):
                return not point.near
        return False

    def _with(self, share: float) -> tuple[Values, Values]:
        if share not in self._replayed:
            self._replayed[share] = self.point.with_values(self._numbers_left(share))
        return self._replayed[share]

    def _spread(self, share: float) -> Values:
        """Return by how much rounding alone moves the differences, as in log(1 - p)."""
        if share not in self._spreads:
            given, still = self._numbers_left(share), self._with(share)
            apart = {name: _apart(name, *still) for name in self._names}
            found = {name: np.zeros_like(own) for name, own in apart.items()}
            for seed in range(SHAKES):
                moved = self.point.shaken(seed, given)
                with np.errstate(all="ignore"):
                    found = {name: np.fmax(own, np.abs(_apart(name, *moved) - apart[name]))
                             for name, own in found.items()}  # fmt: skip
            self._spreads[share] = found
        return self._spreads[share]

    def _numbers_left(self, share: float) -> dict[int, Array]:
        """Return the small numbers with a share of each left, and so for 1 less such a number."""
        point, tape = self.point, self.point.result.tape
        if self._own:
            return {id: np.asarray(share * tape.value(id)) for id in self._own}
        bounds = [id for id, _ in _given(point, _BOUNDING)]
        tops = [(id, 1.0) for id in bounds if abs(1 - float(tape.value(id))) <= SMALL]
        ends = [*((id, 0.0) for id, _ in _uses(point)), *tops]
        return {id: np.asarray(end + share * (tape.value(id) - end)) for id, end in ends}


def _apart(name: str, hand: Values, true: Values) -> Array:
    with np.errstate(all="ignore"):
        return np.asarray(hand[name].reshape(true[name].shape) - true[name])


def _is_within(apart: Array, name: str, true: Values) -> Array:
    return np.asarray(np.abs(apart) <= _room(TOLERANCE, name, true))


def _room(share: float, name: str, true: Values) -> float:
    """Return a share of a gradient, or the rounding left of one that cancels out beside others."""
    largest = max((float(np.max(np.abs(one), initial=0.0)) for one in true.values()), default=0.0)
    return max(share * float(np.max(np.abs(true[name]), initial=0.0)), _NOISE * largest)


def _is_slight(point: Point, name: str, other: Array) -> bool:
    """Return whether another gradient is near the true one, at a point where it has to be."""
    apart = np.abs(other - point.true[name])
    return not point.near or bool(np.all(apart <= _room(_SLIGHT, name, point.true)))


def _numbers(
    point: Point, uses: Sequence[tuple[int, int]]
) -> list[tuple[float, Place | None]]:  # fmt: skip
    tape = point.result.tape
    return [(float(tape.value(id)), tape.nodes[call].place) for id, call in uses]


def _uses(point: Point) -> list[tuple[int, int]]:
    """Return the small numbers on the way to the loss, each with the call that adds it."""
    tape = point.result.tape
    return [one for one in _given(point, _ADDING) if 0 < abs(float(tape.value(one[0]))) <= SMALL]


def _alone(point: Point) -> list[tuple[int, int]]:
    """Return the small numbers that only gradients have, each with the call that adds it.

    They keep something from 0 there that is divided by, or the like: to what is added to a gradient
    itself there must be a reason in the forward pass.
    """
    tape, forward = point.result.tape, {*point.result.tape.sources(point.root)}
    ends = [node for node in point.nodes.values() if node is not None]
    own = [id for id in tape.sources(*ends) if id not in forward]
    kept = set(tape.sources(*_kept_from_0(tape, own)))
    small = _among(tape, [id for id in own if id in kept], _ADDING)
    return [
        (number, id) for number, id in small
        if number not in forward and 0 < abs(float(tape.value(number))) <= SMALL
    ]  # fmt: skip


def _kept_from_0(tape: Tape, ids: Sequence[int]) -> list[int]:
    """Return the operands that some functions among nodes need to be apart from 0.

    What complex numbers are divided by, or raised to, is no input if it is a number.
    """
    calls = [node for id in ids if isinstance(node := tape.nodes[id], Call)]
    found = [
        node.inputs[at] for node in calls
        if (at := _KEPT_FROM_0.get(node.name, len(node.inputs))) < len(node.inputs)
    ]  # fmt: skip
    return found + [
        node.inputs[0]
        for node in calls
        if node.name == "power" and np.all([tape.value(one) < 1 for one in node.inputs[1:]])
    ]


def _given(point: Point, names: Collection[str]) -> list[tuple[int, int]]:
    tape = point.result.tape
    return _among(tape, tape.sources(point.root), names)


def _among(tape: Tape, ids: Iterable[int], names: Collection[str]) -> list[tuple[int, int]]:
    """Return the numbers that some calls among nodes are given, each with its call."""
    return [
        (source, id)
        for id in ids
        if isinstance(call := tape.nodes[id], Call) and call.name in names and tape.active[id]
        for source in call.inputs
        if isinstance(tape.nodes[source], Leaf) and tape.shape(source) == ()
    ]
