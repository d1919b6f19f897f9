"""Judges gradients: which are wrong, at which element, by how much. Explains nothing.

An element is wrong if it is farther from the truth than the tolerance, and than ten times the
spread of rounding, and if central differences of the user's own code confirm that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from gradtui.diagnosis.backward.trial import ROUNDED, SHAKES
from gradtui.diagnosis.finding import Finding
from gradtui.diagnosis.recorded.corners import beyond_both, counts_ties
from gradtui.diagnosis.recorded.differences import (
    SOLVED,
    Element,
    Slope,
    slope_along,
    slope_at,
)
from gradtui.diagnosis.recorded.point import Point
from gradtui.diagnosis.recorded.runs import CodeFailed, Runs
from gradtui.diagnosis.recorded.together import confirmed

Array = NDArray[Any]

SINGLE = 1e-3
"""The least relative difference that counts in float32."""
_CANCELLED, _KEPT = 1e-13, 1e-9
"""Shares of the largest gradient: at most, what is 0 but for rounding, and what may be left."""
_UNDERFLOWN, _SATURATED = 1e-150, 1e-11
"""What is 0 but for overflow, for a square of its inverse is beyond the largest number, and the
share of an element's size elsewhere that is."""
_DIFFERENCED = 1e-8
"""The share of a gradient's largest element by which central differences of a call may be off."""
_TOLD = 1e-2
"""A mistake would show if the tolerance is below this share of the gradient."""
_NEARLY = 1e-4
"""Gradients off by less than this, relative to the largest, may be off by rounding."""
_CHECKED, _LEAVING = 2, 8
"""Points at which the truth itself is checked, and most where numbers leave the recording."""
_FEW, _CLEARLY = 2, 1e3
"""Times that roundings are moved first: enough for what is off by far more than these allow."""
_BESIDE = "the nearest slope beside the kink there"
_TIED = "beside that of an equal number, a true one"
_TRIED = 3
"""Most points at which central differences must confirm a verdict."""


class Wrong(Struct, frozen=True, eq=False):
    """A wrong gradient, at the element that is farthest off."""

    name: str
    point: Point
    element: tuple[int, ...]
    claimed: float
    true: float
    at_own: bool = False
    """Whether element and numbers are those of the user's own point."""
    basis: str = "the true one"
    """The reference of the comparison, in words."""

    @classmethod
    def at(cls, point: Point, name: str, element: tuple[int, ...], true: float | None = None,
           at_own: bool = False, basis: str = "the true one") -> Wrong:  # fmt: skip
        """Return the mistake at an element of a point, whose numbers are those of the loss itself.

        What is `true` there is by default known at the point.
        """
        known = float(point.true[name][element]) if true is None else true
        claimed = float(point.hand[name][element])
        return cls(
            name, point, element, claimed / point.weight, known / point.weight, at_own, basis
        )

    @property
    def evidence(self) -> Mapping[str, Any]:
        """The numbers that prove it."""
        return {"claimed": self.claimed, "true": self.true, "element": list(self.element)}


class Sifted(Struct, frozen=True, eq=False):
    """Wrong gradients, without those that are told otherwise than by a line at fault."""

    findings: tuple[Finding, ...]
    """What is told of these."""
    points: Sequence[Point]
    """The points at which the others are judged, with what is true there beside these."""
    wrong: tuple[Wrong, ...]
    otherwise: tuple[tuple[Sequence[Point], tuple[Wrong, ...]], ...] = ()
    """Points and wrong gradients with other truths that the code may mean, the plainest first."""


class Judged(Struct, frozen=True, eq=False):
    """The verdict on the gradients at all points."""

    wrong: tuple[Wrong, ...] = ()
    untold: tuple[str, ...] = ()
    """Gradients swamped by rounding, or not finite, at every point."""
    mistrusted: bool = False
    """Whether central differences disagree with the recording."""


class Judge:
    """Compares gradients at points where all claims have the right shapes."""

    def __init__(self, runs: Runs, points: Sequence[Point], tolerance: float) -> None:
        self._runs, self.tolerance = runs, tolerance
        # The user's own point comes last: its numbers are often special, with corners at 0.
        self._points = [*points[1:], *points[:1]]
        self._stops = any(point.result.tape.stopped for point in points)
        # A solver takes another number of rounds elsewhere: what it finds is the solution but for
        # its tolerance, and so is what its gradient takes for the solution.
        roots = {point.root for point in points if not point.is_level}
        self._known = SOLVED if len(roots) > 1 else 0.0
        self._blurred = _DIFFERENCED if any(point.differenced for point in points) else 0.0
        self._spreads: dict[int, tuple[int, dict[str, Array]]] = {}
        """Id of a point -> the number of times that roundings were moved there, and the spread."""
        self._rooms: dict[tuple[int, str], Array] = {}
        """Id of a point and a gradient -> its tolerance there."""
        self._largest: dict[int, Any] = {}
        """Id of a point -> the largest element of its true gradients."""
        self._sizes: dict[str, Any] = {}
        self._losses: dict[int, float] = {}
        """Id of a point -> its loss where nothing is recorded."""
        self._together: dict[int, Mapping[str, Element]] = {}
        """Id of a point -> the elements of gradients that are surely wrong there."""
        self._whole: set[str] = set()
        """Gradients that are the slopes of all that the code does, detached or not."""

    def judged(self, names: Sequence[str]) -> Judged:
        """Judge the gradients of `names`."""
        if self._is_mistrusted():
            return Judged(mistrusted=True)
        wrong, untold = list[Wrong](), list[str]()
        for name in names:
            found, told, doubted = self._judge(name)
            if doubted:
                return Judged(mistrusted=True)
            if found is not None:
                wrong.append(found)
            elif not told:
                untold.append(name)
        if wrong and self._whole - {one.name for one in wrong}:
            return Judged(mistrusted=True)  # what is true of one is true of all
        return Judged(tuple(wrong), tuple(untold))

    def forgives(self, point: Point, name: str, apart: Array) -> bool:
        """Return whether differences from the truth are within tolerance at a point."""
        key = id(point), name
        if key not in self._rooms:
            self._rooms[key] = self._room(point, name)
        room = self._rooms[key]
        if (apart <= room).all():
            return True
        # Most are far off: only nearly right ones are worth the runs that measure rounding.
        if not (apart <= max(_NEARLY, self.tolerance) * self._largest_of(point)).all():
            return False
        return bool(np.all(apart <= np.fmax(room, ROUNDED * self._spread(point)[name])))

    def accepts(self, point: Point) -> bool:
        """Return whether all gradients are right at a point of a forward pass that is edited."""
        judge = Judge(self._runs, (point,), self.tolerance)
        return all(
            hand.shape == point.true[name].shape
            and judge.forgives(point, name, np.abs(hand - point.true[name]))
            for name, hand in point.hand.items()
        )

    def _judge(self, name: str) -> tuple[Wrong | None, bool, bool]:
        """Return the mistake, whether any point can tell, and whether the truth is in doubt."""
        told = doubted = failed = False
        tried = 0
        for index, point in enumerate(self._points):
            apart, room = self._compared(index, name)
            off = ~(apart <= room)
            # A difference that nothing confirms is no agreement either.
            told |= not off.any() and self._is_told(point, name, room)
            if not off.any() or self._overflows(point, name) or tried == _TRIED:
                continue
            tried += 1
            if self._stops and self._is_whole(point, name):
                told = True
                self._whole.add(name)
                continue
            if self._stops and self._is_implicit(point, name):
                return None, False, True
            found, slope = self._confirmed(name, point, off)
            if found is not None:
                return self._at_own(found), True, False
            doubted |= slope is not None and slope.sure
            failed |= slope is not None and slope.failed
        return None, told and not failed, doubted

    def _at_own(self, wrong: Wrong) -> Wrong:
        """Return the mistake with the numbers of the user's own point, if it shows there."""
        index = len(self._points) - 1
        point = self._points[index]
        apart, room = self._compared(index, wrong.name)
        off = ~(apart <= room)
        if wrong.point is not point:
            found, _ = self._confirmed(wrong.name, point, off) if off.any() else (None, None)
            if found is None:
                return wrong
            element, claimed, true = found.element, found.claimed, found.true
            wrong = replace(wrong, element=element, claimed=claimed, true=true)
        return replace(wrong, at_own=True)

    def _compared(self, index: int, name: str) -> tuple[Array, Array]:
        """Return the difference of a gradient from the truth, and the tolerance."""
        point = self._points[index]
        hand, true = point.hand[name], point.true[name]
        with np.errstate(all="ignore"):
            apart = np.where(hand == true, 0.0, np.abs(hand - true))
        apart = np.where(np.isnan(apart), np.inf, apart)
        room = self._room(point, name)
        if np.all(apart <= room):
            return apart, room
        few = np.fmax(room, ROUNDED * self._spread(point, _FEW)[name])
        # Few moves may cancel one another, so that they tell nothing of what is small.
        size = max(self._largest_of(point), abs(point.loss))
        if np.any(apart > np.fmax(_CLEARLY * few, _CANCELLED * size)):
            return apart, few
        return apart, np.fmax(room, ROUNDED * self._spread(point)[name])

    def _room(self, point: Point, name: str) -> Array:
        """Return the tolerance that rounding does not enlarge.

        Where all parts of a gradient cancel, as those by the bias of an attention's keys do, a
        small number in the code, such as an eps, keeps what is claimed from being just 0.  Far out
        a bound such as that of exp(clip(x, -20, 20)) is reached, which a gradient may leave out.
        """
        true, largest = np.abs(point.true[name]), self._largest_of(point)
        most = np.max(true, initial=0.0)
        kept = max(self._known, _KEPT if most <= _CANCELLED * largest else 0.0) * largest
        own = most if point.outer else true
        saturated = _SATURATED * np.fmin(self._elsewhere(name), max(most, abs(point.loss)))
        cut_off = np.where(true == 0, _CANCELLED * most, 0.0)
        least = max(self._blurred * most, kept, _UNDERFLOWN)
        rooms = self.tolerance * own, least, saturated, cut_off
        return np.asarray(np.fmax.reduce([np.broadcast_to(one, true.shape) for one in rooms]))

    def _elsewhere(self, name: str) -> Any:
        """Return the largest size of each element of a gradient at any point.

        A sigmoid of 40 has no slope but for rounding, whatever its formula, and one elsewhere.
        """
        if name not in self._sizes:
            true = [np.abs(one.true[name]) for one in self._points]
            alike = [one for one in true if one.shape == true[0].shape]
            with np.errstate(all="ignore"):
                found = np.fmax.reduce([np.where(np.isfinite(one), one, 0.0) for one in alike])
            self._sizes[name] = found if len(alike) == len(true) else 0.0
        return self._sizes[name]

    def _largest_of(self, point: Point) -> Any:
        if id(point) not in self._largest:
            sizes = (np.max(np.abs(one), initial=0.0) for one in point.true.values())
            self._largest[id(point)] = max(sizes)
        return self._largest[id(point)]

    def _spread(self, point: Point, shakes: int = SHAKES) -> dict[str, Array]:
        """Return the spread of the differences at a point when every rounding is moved."""
        if id(point) not in self._spreads:
            zeros = {name: np.zeros_like(true) for name, true in point.true.items()}
            self._spreads[id(point)] = 0, zeros
        done, found = self._spreads[id(point)]
        for seed in range(done, shakes):
            try:
                claimed, moved = point.shaken(seed)
            except np.linalg.LinAlgError:
                continue  # a matrix that only rounding kept from being singular
            for name, hand in point.hand.items():
                if hand.shape == found[name].shape:
                    own = claimed[name].reshape(hand.shape)
                    with np.errstate(all="ignore"):
                        apart = (own - moved[name]) - (hand - point.true[name])
                    found[name] = np.fmax(found[name], np.abs(apart))
        self._spreads[id(point)] = max(done, shakes), found
        return found

    def _is_told(self, point: Point, name: str, room: Array) -> bool:
        """Return whether a mistake would show at a point."""
        true = np.abs(point.true[name])
        largest = _TOLD * np.max(true, initial=0.0)
        least = max(self.tolerance * abs(point.loss), _UNDERFLOWN)
        known = np.all(room <= np.fmax(largest, least))
        return bool(known) and not point.is_level

    def _overflows(self, point: Point, name: str) -> bool:
        """Return whether a claim is not finite only far from the user's own point."""
        if point.near or np.all(np.isfinite(point.hand[name])):
            return False
        return all(np.all(np.isfinite(one.hand[name])) for one in self._points if one.near)

    def _confirmed(self, name: str, point: Point, off: Array) -> tuple[Wrong | None, Slope | None]:
        """Return whether central differences confirm a verdict, or the contradicting slope."""
        # Differences know nothing of detached values.
        hand, true = point.hand[name], point.true[name]
        distance = np.where(off, np.nan_to_num(np.abs(hand - true), nan=np.inf), -1.0)
        at = tuple(int(i) for i in np.unravel_index(int(np.argmax(distance)), true.shape))
        if self._stops or self._together_at(point).get(name) == at:
            return Wrong.at(point, name, at), None
        slope = slope_at(self._runs, point.values, name, at, symmetric=name in point.symmetric,
                         loss=self._loss_at(point))  # fmt: skip
        told = slope.sure or not (slope.corner or slope.agrees(hand[at]))
        told |= slope.fits_both_sides(true[at]) and slope.beyond(hand[at]) is not None
        if told and slope.agrees(true[at]):
            return Wrong.at(point, name, at), None
        beside = beyond_both(self._runs, point, name, at, slope)
        if beside is not None:
            return Wrong.at(point, name, at, beside, basis=_BESIDE), None
        if slope.corner and counts_ties(self._runs, point, name):
            return Wrong.at(point, name, at, basis=_TIED), None
        return None, None if slope.sure and slope.agrees(true[at]) else slope

    def _together_at(self, point: Point) -> Mapping[str, Element]:
        """Return the elements of gradients at a point that a single difference confirms."""
        if id(point) not in self._together:
            self._together[id(point)] = confirmed(self._runs, point, self._loss_at(point))
        return self._together[id(point)]

    def _loss_at(self, point: Point) -> float | None:
        """Return the loss of a run that is not recorded; None if the code fails there."""
        if id(point) not in self._losses:
            with suppress(CodeFailed):
                self._losses[id(point)] = self._runs.as_is(point.values)[0]
        return self._losses.get(id(point))

    def _is_whole(self, point: Point, name: str) -> bool:
        """Return whether a claim is the slope of all that the code does, detached or not.

        An implicit layer finds its fixed point without recording it, and means the whole slope.
        """
        hand = point.hand[name]
        if not np.all(np.isfinite(hand)):
            return False
        slope, expected = slope_along(self._runs, point, {name: hand})
        return slope.sure and slope.agrees(expected)

    def _is_implicit(self, point: Point, name: str) -> bool:
        """Return whether the loss depends on what has a gradient by way of detached values alone.

        Nobody writes a gradient of 0 by hand, so the code means the whole slope.
        """
        hand = point.hand[name]
        if any(np.any(one.true[name]) for one in self._points) or not np.any(hand):
            return False
        slope, _ = slope_along(self._runs, point, {name: hand})
        return slope.sure and not slope.agrees(0.0)

    def _is_mistrusted(self) -> bool:
        """Return whether the loss changes differently from the recorded gradients."""
        if self._stops:
            return False
        leaving = [one for one in self._points if one.result.tape.converted]
        if any(self._agrees([one]) is False for one in leaving[:_LEAVING]):
            return True
        return self._agrees(self._points[:_CHECKED]) is False

    def _agrees(self, points: Sequence[Point]) -> bool | None:
        """Return whether central differences agree at some of the points; None if unsure."""
        for coarsely in (False, True):  # a part may be rounded to single precision
            slopes = [slope_along(self._runs, point, coarsely=coarsely) for point in points]
            sure = [(slope, expected) for slope, expected in slopes if slope.sure]
            if sure:
                return any(slope.agrees(expected) for slope, expected in sure)
        return None
