"""Gradients that functions change which hand a value on: they are compared as without that.

What such a function does to a gradient is all that it is for.  One that hands on chosen elements
alone, such as the largest, may pass the gradient of the others, too.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
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

NAMELESS = "changes its gradient in a way that has no name here"
_WHOLE = "hands a value on unchanged"
_PART = "keeps some elements of a value and passes the gradient of the others, too"


class Unhanded(Struct, frozen=True, eq=False):
    """Points with the gradients as they are without functions that hand a value on."""

    points: Sequence[Point]
    notes: Sequence[Finding]
    adds: bool
    """Whether some have a gradient for another argument, as derivatives of derivatives may, too."""


def unhanded(
    runs: Runs, points: Sequence[Point], names: Sequence[str], tolerance: float
) -> Unhanded | None:
    """Return the points without what functions that hand a value on do to gradients.

    From here on, these pass gradients unchanged in all runs.  None if that changes nothing.
    """
    target = runs.target
    found = {one: done for one in _handing(runs, points) if (done := _done(one)) is not None}
    if not found:
        return None
    runs.target, own = target.passing({one.custom: one for one in found}), list[Point]()
    with suppress(CodeFailed, Lost, Untold):
        for point in points:
            again = runs.point(
                point.values, tuple(point.true), near=point.near, flat=True, kind="passing"
            )
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
    adds = any(one.whole and one.adds() for one in found)
    return Unhanded(own, [*together(notes)], adds)


def _handing(runs: Runs, points: Sequence[Point]) -> Collection[Any]:
    """Return the functions that hand a value on at all points."""
    handing = runs.target.handing
    if handing is None:
        return ()
    with handing as found:
        try:
            for point in points:
                runs.as_is(point.values)
        except CodeFailed:
            return ()
    return found.values()


def _told(done: Mapping[Any, str]) -> tuple[str, Place | None]:
    """Return what functions do to gradients, in words, and where the first of them does."""
    each = [f"{one.custom.__qualname__} {what}" for one, what in done.items()]
    text = f"is changed on purpose on its way back, and compared as it is before: {', '.join(each)}"
    return text, beginning(next(iter(done)).custom.backward)


def _done(function: Any) -> str | None:
    """Return what a function does to a gradient, in words; None if that is nothing special."""
    if function.whole and function.adds():
        return f"{_WHOLE} and has a gradient for another argument"
    pairs = function.adjoints()
    if not pairs:
        return f"{_WHOLE} and changes its gradient" if function.whole else None
    given, found = (np.stack([pair[at].reshape(-1) for pair in pairs]) for at in (0, 1))
    if function.whole:
        done = done_to_all(given, found)
        return done and f"{_WHOLE} and {done}"
    return _done_beside(function, given, found) if function.chooses() else None


def done_to_all(given: Array, found: Array) -> str | None:
    """Return what is made of the adjoints of a value, in words; None if nothing is.

    Each adjoint is a row, none of which is 0.
    """
    sizes, norms = (np.linalg.norm(one, axis=1) for one in (given, found))
    ratios = np.sum(given * found, axis=1) / sizes**2
    if _are_same(found, ratios[:, None] * given):
        return _scaled(ratios, norms)
    bound = float(np.max(np.abs(found)))
    if np.sum(np.abs(given) > bound) >= _FEW and _are_same(found, np.clip(given, -bound, bound)):
        return f"clips the elements of its gradient at {number(bound)}"
    return NAMELESS


def _done_beside(function: Any, given: Array, found: Array) -> str | None:
    """Return what is made of the adjoints of elements that are not kept, if that has a name."""
    if _are_same(found, given):
        return f"{_PART} (straight-through; Bengio et al., 2013)"
    left = function.left_out().reshape(-1)
    rate = float(np.dot(found[0] - given[0], left) / np.dot(left, left))
    if rate > 0 and _are_same(found, given + rate * left):
        return f"{_PART}, and pulls these to 0, by {number(rate)} of each (Zhou et al., 2021)"
    return None


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
