"""Gradients that functions change which hand a value on: they are compared as without that.

What such a function does to a gradient is all that it is for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from gradtui.base.source import Place
from gradtui.base.text import number
from gradtui.diagnosis.finding import Finding
from gradtui.diagnosis.recorded.jumping import beginning
from gradtui.diagnosis.recorded.notes import note, together
from gradtui.diagnosis.recorded.point import Point, is_close
from gradtui.diagnosis.recorded.runs import CodeFailed, Lost, Runs
from gradtui.recording.slopes import Untold

Array = NDArray[Any]

_SAME = 1e-4
"""The relative difference of numbers in single precision that are the same."""
_FEW = 2
"""Elements at a bound that tell it: the largest of all is at it by chance."""


class Unhanded(Struct, frozen=True, eq=False):
    """Points with the gradients as they are without functions that hand a value on."""

    points: Sequence[Point]
    notes: Sequence[Finding]


def unhanded(
    runs: Runs, points: Sequence[Point], names: Sequence[str], tolerance: float
) -> Unhanded | None:
    """Return the points without what functions that hand a value on do to gradients.

    From here on, these pass gradients unchanged in all runs.  None if that changes nothing.
    """
    target, found = runs.target, _handing(runs, points)
    if not found:
        return None
    runs.target, own = target.passing(found), list[Point]()
    with suppress(CodeFailed, Lost, Untold):
        for point in points:
            again = runs.point(point.values, tuple(point.true), near=point.near, flat=True)
            own.append(replace(again, outer=point.outer))
    whole = len(own) == len(points) and all(
        one.hand.keys() == point.hand.keys() for one, point in zip(own, points, strict=True)
    )
    changed = [name for name in names if whole and not all(
        is_close(point.hand[name], one.hand[name], tolerance)
        for one, point in zip(own, points, strict=True))]  # fmt: skip
    if not changed:
        runs.target = target
        return None
    told, place = _told(found)
    notes = [note("straight-through", "info", name, f"the gradient of {name} {told}", place)
             for name in changed]  # fmt: skip
    return Unhanded(own, [*together(notes)])


def _handing(runs: Runs, points: Sequence[Point]) -> Mapping[Any, Any]:
    """Return the functions that hand a value on at all points."""
    handing = runs.target.handing
    if handing is None:
        return {}
    with handing as found:
        try:
            for point in points:
                runs.as_is(point.values)
        except CodeFailed:
            return {}
    return found


def _told(functions: Mapping[Any, Any]) -> tuple[str, Place | None]:
    """Return what functions do to gradients, in words, and where the first of them does."""
    does = {custom: _done(one.adjoints()) for custom, one in functions.items()}
    own = {custom: done for custom, done in does.items() if done is not None} or does
    each = [f"{custom.__qualname__} hands a value on unchanged{(done and f' and {done}') or ''}"
            for custom, done in own.items()]  # fmt: skip
    text = f"is changed on purpose on its way back, and compared as it is before: {', '.join(each)}"
    return text, beginning(next(iter(own)).backward)


def _done(adjoints: Sequence[tuple[Array, Array]]) -> str | None:
    """Return what is done to adjoints of several sizes, in words; None if nothing is."""
    if not adjoints:
        return "changes its gradient"
    given, found = (np.stack([pair[at].reshape(-1) for pair in adjoints]) for at in (0, 1))
    sizes, norms = (np.linalg.norm(one, axis=1) for one in (given, found))
    ratios = np.sum(given * found, axis=1) / sizes**2
    if _are_same(found, ratios[:, None] * given):
        return _scaled(ratios, norms)
    bound = float(np.max(np.abs(found)))
    if np.sum(np.abs(given) > bound) >= _FEW and _are_same(found, np.clip(given, -bound, bound)):
        return f"clips the elements of its gradient at {number(bound)}"
    return "changes its gradient in a way that has no name here"


def _scaled(ratios: Array, norms: Array) -> str | None:
    """Return in words what scales adjoints by some `ratios` to some `norms`."""
    first = float(ratios[0])
    if _are_same(ratios, first):
        if first < 0:
            times = "" if _are_same(ratios, -1.0) else f", times {number(-first)}"
            return f"reverses its gradient{times} (Ganin et al., 2015)"
        scaled = f"multiplies its gradient by {number(first)}" if first else "stops its gradient"
        return None if _are_same(ratios, 1.0) else scaled
    if _are_same(norms, norms[0]):
        return f"brings its gradient to the norm {number(float(norms[0]))}"
    largest = float(np.max(norms))
    if _are_same(ratios[norms < (1 - _SAME) * largest], 1.0) and np.all(ratios > 0):
        return f"clips the norm of its gradient at {number(largest)}"
    return "scales its gradient by its own size"


def _are_same(values: Array, others: Array | float) -> bool:
    room = _SAME * np.max(np.abs(values), axis=-1, keepdims=True, initial=0.0)
    return bool(np.all(np.abs(values - others) <= room))
