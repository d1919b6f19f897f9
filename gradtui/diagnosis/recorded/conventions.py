"""What a program means by the gradient of a complex number, of which there are several notions."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from gradtui.diagnosis.backward.trial import TOLERANCE
from gradtui.diagnosis.finding import Finding
from gradtui.diagnosis.recorded.differences import apart_by_differences
from gradtui.diagnosis.recorded.notes import note
from gradtui.diagnosis.recorded.point import Point
from gradtui.diagnosis.recorded.runs import Runs
from gradtui.diagnosis.recorded.target import Target

Array = NDArray[Any]


class _Convention(Struct, frozen=True):
    """How gradients become slopes by real and imaginary parts, and the notion that this is."""

    scale: float
    sign: float
    rule: str = ""
    meaning: str = ""


_ALL = (
    _Convention(1.0, 1.0),
    _Convention(2.0, 1.0, "constant-factor", "the derivatives by their conjugates: half of the "
               "slopes by the real parts plus 1j times those by the imaginary parts"),
    _Convention(1.0, -1.0, "sign", "the slopes by their real parts minus 1j times those by the "
               "imaginary parts: the conjugates of the way up"),
    _Convention(2.0, -1.0, "sign", "the derivatives by the numbers themselves: half of the slopes "
               "by the real parts minus 1j times those by the imaginary parts"),
)  # fmt: skip


def started(
    runs: Runs, drawn: Mapping[str, Array], names: tuple[str, ...]
) -> tuple[Point, Sequence[Finding]]:
    """Return the user's own point, with what the code means by gradients of complex numbers.

    From here on, all runs give these as the slopes by both parts.
    """
    start, target = runs.point(drawn, names, near=True), runs.target
    found = _convention_of(start, target.of_any_notion)
    if not found.meaning:
        return start, ()
    runs.target = target.by(found.scale, found.sign)
    return runs.point(drawn, names, near=True), (_note(found, target),)


def told_by_differences(runs: Runs, names: Sequence[str]) -> Sequence[Finding]:
    """Return what the code means by gradients of complex numbers, by central differences alone.

    From here on, all runs give these as the slopes by both parts.
    """
    target, fewest, best = runs.target, len(names) + 1, _ALL[0]
    for one in _ALL if target.of_any_notion else ():
        runs.target = target.by(one.scale, one.sign)
        apart, _ = apart_by_differences(runs, names)
        if len(apart) < fewest:
            fewest, best = len(apart), one
        if not apart:
            break
    runs.target = target.by(best.scale, best.sign)
    return (_note(best, target),) if best.meaning else ()


def _convention_of(point: Point, paired: Collection[str]) -> _Convention:
    """Return the notion by which most gradients of complex numbers are right; the first of equals.

    The gradients at the point are taken to be the slopes by both parts.
    """
    names = [one for one in point.hand if one in paired]
    names = [one for one in names if point.hand[one].shape == point.true[one].shape]

    def right(one: _Convention) -> int:
        turn = np.array([one.scale, one.scale * one.sign])
        return sum(_is_same(point.hand[name] * turn, point.true[name]) for name in names)

    return max(_ALL, key=right)


def _is_same(one: Array, two: Array) -> bool:
    room = TOLERANCE * float(np.max(np.abs(two), initial=0.0))
    return bool(np.all(np.abs(one - two) <= room))


def _note(one: _Convention, target: Target) -> Finding:
    """Return what the gradients of complex numbers are taken for."""
    names = ", ".join(name for name in target.arguments if name in target.paired)
    text = f"the gradients of complex numbers are taken for {one.meaning}"
    return note(one.rule, "info", names, text, target.place)
