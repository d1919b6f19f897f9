"""Judges gradients as they are before they are changed on purpose on their way."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from gradtui.diagnosis.finding import Finding
from gradtui.diagnosis.recorded.capped import uncapped
from gradtui.diagnosis.recorded.clipped import unclipped
from gradtui.diagnosis.recorded.clips import Unclipped
from gradtui.diagnosis.recorded.handed import unhanded
from gradtui.diagnosis.recorded.judge import Judge, Judged
from gradtui.diagnosis.recorded.notes import together
from gradtui.diagnosis.recorded.point import Point, is_close
from gradtui.diagnosis.recorded.runs import Runs
from gradtui.diagnosis.recorded.surrogates import of_own_norm


class Compared(Struct, frozen=True, eq=False):
    """The verdict on gradients, at points that have them as they are judged."""

    points: Sequence[Point]
    judge: Judge
    judged: Judged
    notes: Sequence[Finding] = ()
    """What is told of the changes."""
    otherwise: Compared | None = None
    """The verdict if nothing scales an adjoint by its own size on purpose, but data."""


def compared(
    runs: Runs, points: Sequence[Point], names: Sequence[str], tolerance: float
) -> Compared:
    """Judge gradients; those that are wrong without what changes them on purpose."""
    notes = list[Finding]()
    judge = Judge(runs, points, tolerance)
    judged = judge.judged(names)
    handed = unhanded(runs, points, names, tolerance) if judged.wrong else None
    if handed is not None:
        points, notes = handed.points, [*handed.notes]
        judge = Judge(runs, points, tolerance)
        judged = judge.judged(names)
    wrong = [one.name for one in judged.wrong]
    normed = of_own_norm(wrong, points, tolerance) if runs.target.deliberate else ()
    clipped = unclipped(points, wrong, normed)
    if clipped is not None and not _spoils(points, clipped, tolerance):
        points, notes = clipped.points, [*notes, *clipped.notes]
        judge = Judge(runs, points, tolerance)
        judged = judge.judged(names)
    capped = uncapped(points, [one.name for one in judged.wrong])
    otherwise = None
    if capped is not None and not _spoils(points, capped, tolerance):
        otherwise = Compared(points, judge, judged, _once(notes))
        points, notes = capped.points, [*notes, *capped.notes]
        judge = Judge(runs, points, tolerance)
        judged = judge.judged(names)
    return Compared(points, judge, judged, _once(notes), otherwise)


def _spoils(points: Sequence[Point], bare: Unclipped, tolerance: float) -> bool:
    """Return whether gradients that are right become wrong without what clips them.

    What clips a gradient on purpose leaves a right one only where it changes nothing.
    """
    return any(
        is_close(point.hand[name], point.true[name], tolerance)
        and not is_close(other.hand[name], point.true[name], tolerance)
        for point, other in zip(points, bare.points, strict=True)
        for name in point.hand
    )


def _once(notes: Sequence[Finding]) -> Sequence[Finding]:
    """Return what is told of several gradients in one."""
    told = {(one.target, one.message): one for one in notes}
    return [*together([*told.values()])]
