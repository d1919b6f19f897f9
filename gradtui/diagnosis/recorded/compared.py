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
    changes: Sequence[Finding] = ()
    """What is told of each change on purpose."""
    otherwise: Compared | None = None
    """The verdict if nothing scales an adjoint by its own size on purpose, but data."""

    @property
    def wrong(self) -> list[str]:
        """The names of the wrong gradients."""
        return [one.name for one in self.judged.wrong]

    @property
    def notes(self) -> Sequence[Finding]:
        """What is told of the changes, in one of several gradients."""
        told = {(one.target, one.message): one for one in self.changes}
        return [*together([*told.values()])]


def compared(
    runs: Runs, points: Sequence[Point], names: Sequence[str], tolerance: float, *,
    solved: bool = False,
) -> Compared:  # fmt: skip
    """Judge gradients; those that are wrong without what changes them on purpose.

    Something is known to stand for the gradient of a solution if they are `solved`.
    """

    def verdict(
        points: Sequence[Point], changes: Sequence[Finding], otherwise: Compared | None = None
    ) -> Compared:
        judge = Judge(runs, points, tolerance)
        return Compared(points, judge, judge.judged(names), changes, otherwise)

    found = verdict(points, ())
    target = runs.target
    handed = unhanded(runs, points, names, tolerance) if found.wrong else None
    if handed is not None:
        passing = verdict(handed.points, handed.notes)
        if handed.adds and not solved and {*found.wrong} <= {*passing.wrong}:
            runs.target = target  # it explains nothing
        else:
            found = passing
    normed = of_own_norm(found.wrong, found.points, tolerance) if runs.target.deliberate else ()
    clipped = unclipped(found.points, found.wrong, normed)
    if clipped is not None and not _spoils(found.points, clipped, tolerance):
        found = verdict(clipped.points, [*found.changes, *clipped.notes])
    capped = uncapped(found.points, found.wrong)
    if capped is not None and not _spoils(found.points, capped, tolerance):
        found = verdict(capped.points, [*found.changes, *capped.notes], found)
    return found


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
