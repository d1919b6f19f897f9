"""The line that makes gradients wrong where an argument has other numbers than the given ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice

from msgspec import Struct

from gradtui.base.source import Place
from gradtui.diagnosis.recorded.fewer import blamed_on_fewer, mend
from gradtui.diagnosis.recorded.judge import Judge, Wrong
from gradtui.diagnosis.recorded.omitted import omitted
from gradtui.diagnosis.recorded.point import Point
from gradtui.diagnosis.recorded.points import points_around
from gradtui.diagnosis.recorded.runs import Runs
from gradtui.diagnosis.recorded.unmended import Unmended

_AROUND = 2
"""How many points there are around the start."""
_BRIEF = 0.25
"""The share of the usual time of a search: nothing is wrong where the user is."""


class Cause(Struct, frozen=True, eq=False):
    """What makes a gradient wrong elsewhere."""

    told: str
    place: Place
    fix: str | None = None
    lines: tuple[int, int] | None = None
    """The first and the last line that the fix replaces."""


def causes(
    runs: Runs, start: Point, changed: Runs, tolerance: float, names: Sequence[str]
) -> Mapping[str, Cause]:
    """Return the causes of gradients that are wrong at the start of changed runs alone.

    They are one edit that makes all of them right in both runs, or what one lacks.
    """
    point = changed.point(start.values, (*start.true,), near=True)
    points = [point, *islice(points_around(changed, point, (*start.true,)), _AROUND)]
    judge = Judge(changed, points, tolerance)
    wrong = judge.judged(names).wrong
    found = blamed_on_fewer(changed, points, judge, names, _BRIEF)
    if len(found.lines) == 1 and {*found.lines[0].results} == {*names}:
        (line,) = found.lines
        if mend(runs, [start], Judge(runs, [start], tolerance), names, found.patches):
            return dict.fromkeys(names, Cause(line.told, line.place, line.fix, line.lines))
    told = {one.name: _lacking(changed, points, one, tolerance) for one in wrong}
    return {name: cause for name, cause in told.items() if cause is not None}


def _lacking(
    changed: Runs, points: Sequence[Point], wrong: Wrong, tolerance: float
) -> Cause | None:
    """Return the slope that a gradient leaves out; None if that does not explain it."""
    lacks = omitted(wrong.name, points)
    if lacks is None:
        return None
    (found,) = Unmended(changed, points, [wrong], tolerance).findings(searched=True)
    return None if found.place is None else Cause(lacks.told, found.place)
