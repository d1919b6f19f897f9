"""Gradients that pass jumps of custom functions as these functions' backward halves say.

Such a half has no truth to be compared with; what the code computes around it has.
"""

from __future__ import annotations

import inspect
import linecache
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from gradtui.base.source import InputError, Place
from gradtui.diagnosis.finding import Finding
from gradtui.diagnosis.recorded.bells import bell_of
from gradtui.diagnosis.recorded.bumps import OWN
from gradtui.diagnosis.recorded.judge import SINGLE, Wrong
from gradtui.diagnosis.recorded.notes import note
from gradtui.diagnosis.recorded.passes import Way
from gradtui.diagnosis.recorded.point import Point, is_close
from gradtui.diagnosis.recorded.runs import CodeFailed, Lost, Runs
from gradtui.recording.functions import line_of_definition
from gradtui.recording.slopes import Untold

Array = NDArray[Any]


class Jumping(Struct, frozen=True, eq=False):
    """Custom functions that jump, and the gradients that pass them."""

    idle: Mapping[str, float]
    """The numbers that custom functions are given for nothing but their gradients, by name."""
    names: str = ""
    slope: str = OWN
    """The slope of these, in words."""
    beside: str = ""
    """What else the backward halves do on purpose, in words."""
    place: Place | None = None
    """Where the backward half of the first of those that jump begins."""
    least: float = 0.0
    """The least tolerance: numbers in single precision tell their own change only roughly."""
    true: Mapping[int, Mapping[str, Array]] = MappingProxyType({})
    """The identity of a point's run -> the true gradients there, with the functions' slopes."""

    def note(self, wrong: Wrong, points: Sequence[Point], tolerance: float) -> Finding | None:
        """Return the note on a gradient that is right with these slopes."""
        if not self.names or not all(
            self._agrees(point.hand[wrong.name], point, wrong.name, tolerance) for point in points
        ):
            return None
        text = f"the gradient of {wrong.name} {self._told}: that slope is not judged"
        return note("straight-through", "info", wrong.name, text, self.place,
                    wrong.evidence)  # fmt: skip

    def way(self, name: str, points: Sequence[Point], tolerance: float) -> Way | None:
        """Return the way of a gradient past these functions; None if it does not pass any."""
        if not self.names or all(
            self._agrees(point.true[name], point, name, tolerance) for point in points
        ):
            return None
        return Way(self._told, self.place, self._passed)

    @property
    def _told(self) -> str:
        return f"passes through {self.names}, which jumps, {self.slope}{self.beside}"

    def _passed(self, point: Point, name: str) -> Array:
        return self.true[id(point.result)][name]

    def _agrees(self, own: Array, point: Point, name: str, tolerance: float) -> bool:
        return is_close(own, self._passed(point, name), max(tolerance, self.least))


_NONE = Jumping({})


def jumping(runs: Runs, points: Sequence[Point]) -> Jumping:
    """Return what custom functions do in some runs, and the gradients past those that jump."""
    sloped, true = runs.target.jumping, dict[int, Mapping[str, Array]]()
    least = 0.0
    if sloped is None or not points:
        return _NONE
    with sloped as heard:
        for point in points:
            try:
                own = runs.point(
                    point.values, tuple(point.true), near=point.near, flat=True, kind="sloped"
                )
            except (CodeFailed, Lost, Untold, InputError):
                return Jumping(heard.idle)
            if not heard.jumping:
                return Jumping(heard.idle)
            true[id(point.result)] = own.true
            least = least if own.loss == point.loss else SINGLE
    told = sorted(heard.jumping)
    slopes = {_slope(heard.curves.get(name, ())) for name in told}
    slope = slopes.pop() if len(slopes) == 1 else OWN
    place = beginning(heard.jumping[told[0]])
    beside = "".join(f"; {one}" for one in sorted(set[str]().union(*heard.told.values())))
    return Jumping(heard.idle, ", ".join(told), slope, beside, place, least, true)


def _slope(curves: Sequence[Any]) -> str:
    """Return in words which bell the slopes at the calls of a function are."""
    if not curves:
        return OWN
    thresholds = {one.threshold for one in curves}
    threshold = curves[0].threshold if len(thresholds) == 1 else None
    # Where jumps are at several numbers, a slope is told by the distances from them.
    at = np.concatenate([one.at - (0.0 if threshold else one.threshold or 0.0) for one in curves])
    slopes = np.concatenate([one.slopes for one in curves])
    return bell_of(at, slopes, [0.0, threshold or 0.0]) or OWN


def beginning(function: Callable[..., Any]) -> Place | None:
    """Return the line of a function's `def`, which decorators may stand above."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    if code is None:
        return None
    line = line_of_definition(code)
    text = linecache.getline(code.co_filename, line).rstrip()
    inside = text.lstrip()
    return Place(line, len(text) - len(inside) + 1, max(1, len(inside)), code.co_filename)
