"""Gradients that are not 0 where no branch of the code adds anything to the loss."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from gradtui.base.source import Place
from gradtui.diagnosis.finding import Finding
from gradtui.diagnosis.recorded.judge import Sifted, Wrong
from gradtui.diagnosis.recorded.notes import note, seen_text
from gradtui.diagnosis.recorded.point import Point
from gradtui.diagnosis.recorded.target import Target


def levelled(
    target: Target, points: Sequence[Point], wrong: Sequence[Wrong], tolerance: float
) -> Sifted:
    """Return findings of gradients that are wrong only where the loss is level, and the others."""
    sloping = [point for point in points if not point.is_level]
    if points[0].is_level or len(sloping) == len(points):
        return Sifted((), points, tuple(wrong))
    told, left = list[Wrong](), list[Wrong]()
    for one in wrong:
        off = [point for point in sloping if _is_off(point, one.name, tolerance)]
        if not one.point.is_level:
            left.append(one)
        elif off:
            left.append(_at(one, off[0]))
        else:
            told.append(one)
    return Sifted(tuple(_findings(target, points, told)), sloping, tuple(left))


def _is_off(point: Point, name: str, tolerance: float) -> bool:
    hand, true = point.hand[name], point.true[name]
    return bool(np.any(np.abs(hand - true) > tolerance * np.max(np.abs(true), initial=0.0)))


def _at(wrong: Wrong, point: Point) -> Wrong:
    """Return a mistake with the numbers of another point, at the element that is farthest off."""
    hand, true = point.hand[wrong.name], point.true[wrong.name]
    at = np.unravel_index(int(np.argmax(np.abs(hand - true))), true.shape)
    element = tuple(int(one) for one in at)
    return Wrong.at(point, wrong.name, element, at_own=wrong.at_own, basis=wrong.basis)


def _findings(target: Target, points: Sequence[Point], wrong: Sequence[Wrong]) -> Iterator[Finding]:
    """Yield one finding for all that are wrong at the same point."""
    for point in {id(one.point): one.point for one in wrong}.values():
        first, *others = [one for one in wrong if one.point is point]
        names = [first.name, *(one.name for one in others)]
        also = f" (also wrong: {', '.join(names[1:])})" if others else ""
        text = f"the gradient of {seen_text(first, target)}{also}: where the code goes another way "
        text += "here than at the given arguments, nothing of them reaches the loss"
        place = _turn(points[0], point) or target.place
        yield note("missing-factor", "error", first.name, text, place,
                   {**first.evidence, "gradients": names})  # fmt: skip


def _turn(start: Point, point: Point) -> Place | None:
    """Return the first comparison before the loss that has another result than at the start."""
    for one, other in zip(start.result.tape.choices, point.result.tape.choices, strict=False):
        if one.place == other.place and one.signs != other.signs:
            return other.place
    return None
