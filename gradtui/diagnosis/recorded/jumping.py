"""Gradients that pass jumps of custom functions as these functions' backward halves say.

Such a half has no truth to be compared with; what the code computes around it has.
"""

from __future__ import annotations

import inspect
import linecache
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from gradtui.base.source import InputError, Place
from gradtui.diagnosis.finding import Finding
from gradtui.diagnosis.recorded.judge import SINGLE, Wrong
from gradtui.diagnosis.recorded.notes import note
from gradtui.diagnosis.recorded.passes import Way
from gradtui.diagnosis.recorded.point import Point
from gradtui.diagnosis.recorded.runs import CodeFailed, Lost, Runs
from gradtui.recording.slopes import Untold

Array = NDArray[Any]


class Jumping(Struct, frozen=True, eq=False):
    """Custom functions that jump, and the gradients that pass them."""

    names: str
    place: Place | None
    """Where the backward half of the first of them begins."""
    least: float
    """The least tolerance: numbers in single precision tell their own change only roughly."""
    true: Mapping[int, Mapping[str, Array]]
    """The identity of a point's run -> the true gradients there, with the functions' slopes."""

    def note(self, wrong: Wrong, points: Sequence[Point], tolerance: float) -> Finding | None:
        """Return the note on a gradient that is right with these slopes."""
        if not all(self._agrees(point.hand[wrong.name], point, wrong.name, tolerance)
                   for point in points):  # fmt: skip
            return None
        text = f"the gradient of {wrong.name} {self._told}: that slope is not judged"
        return note("straight-through", "info", wrong.name, text, self.place,
                    wrong.evidence)  # fmt: skip

    def way(self, name: str, points: Sequence[Point], tolerance: float) -> Way | None:
        """Return the way of a gradient past these functions; None if it does not pass any."""
        if all(self._agrees(point.true[name], point, name, tolerance) for point in points):
            return None
        return Way(self._told, self.place, self._passed)

    @property
    def _told(self) -> str:
        return f"passes through {self.names}, which jumps, with a slope of its own"

    def _passed(self, point: Point, name: str) -> Array:
        return self.true[id(point.result)][name]

    def _agrees(self, own: Array, point: Point, name: str, tolerance: float) -> bool:
        true = self._passed(point, name)
        room = max(tolerance, self.least) * float(np.max(np.abs(true), initial=0.0))
        return own.shape == true.shape and bool(np.all(np.abs(own - true) <= room))


def jumping(runs: Runs, points: Sequence[Point]) -> Jumping | None:
    """Return the custom functions that jump in some runs; None if there are none."""
    sloped, true = runs.target.jumping, dict[int, Mapping[str, Array]]()
    least = 0.0
    if sloped is None:
        return None
    with sloped as names:
        for point in points:
            try:
                own = runs.point(point.values, tuple(point.true), near=point.near, flat=True)
            except (CodeFailed, Lost, Untold, InputError):
                return None
            if not names:
                return None
            true[id(point.result)] = own.true
            least = least if own.loss == point.loss else SINGLE
    told = sorted(names)
    return Jumping(", ".join(told), _beginning(names[told[0]]), least, true)


def _beginning(function: Callable[..., Any]) -> Place | None:
    """Return the line of a function's `def`, which decorators may stand above."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    if code is None:
        return None
    first, file = code.co_firstlineno, code.co_filename
    lines = inspect.getblock(linecache.getlines(file)[first - 1 :])
    above = next((at for at, line in enumerate(lines) if line.lstrip().startswith("def ")), 0)
    text = lines[above].rstrip() if lines else ""
    inside = text.lstrip()
    return Place(first + above, len(text) - len(inside) + 1, max(1, len(inside)), file)
