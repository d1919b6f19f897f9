"""Where gradients that are right at all points might be wrong, or are known less well."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gradtui.diagnosis.finding import Finding
from gradtui.diagnosis.recorded.around import Inner
from gradtui.diagnosis.recorded.coincidences import equal_sizes
from gradtui.diagnosis.recorded.matrices import symmetric_only
from gradtui.diagnosis.recorded.notes import coarse, ended, outside
from gradtui.diagnosis.recorded.point import Point
from gradtui.diagnosis.recorded.runs import Runs
from gradtui.diagnosis.recorded.uniform import settings_only, uniform_only


def reservations(
    runs: Runs, points: Sequence[Point], right: tuple[str, ...], within: Inner, tolerance: float
) -> Iterator[Finding]:
    """Yield what the verdict on the gradients that are `right` leaves open.

    The code takes the matrices `within` arguments to be symmetric.
    """
    start = points[0]
    yield from equal_sizes(start)
    yield from coarse(start, right, tolerance)
    yield from outside(points, right)
    if len(points) == 1:
        yield from ended(runs)
    yield from symmetric_only(runs, start, within, right, tolerance)
    beside = points[:2][-1]  # weights of 0 hide what lacks of their penalty
    yield from uniform_only(runs, beside, right, tolerance)
    yield from settings_only(runs, beside, right, tolerance)
