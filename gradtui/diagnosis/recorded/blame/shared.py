"""Mistakes in lines that the loss uses, too, such as a helper for a value and its gradient.

Their edits change the loss: they are right if the gradients become those of the loss that they
make.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from functools import cached_property

import numpy as np
from msgspec.structs import replace

from gradtui.base.source import InputError
from gradtui.diagnosis.recorded.blame.hits import Blame, Hit
from gradtui.diagnosis.recorded.blame.sized import is_close
from gradtui.diagnosis.recorded.blame.trial import Patch
from gradtui.diagnosis.recorded.point import Point, Values
from gradtui.diagnosis.recorded.runs import CodeFailed, Lost, Runs
from gradtui.diagnosis.recorded.watchdog import Endless
from gradtui.recording.slopes import Untold

_STEP = 1e-5
"""The length of a step along a random direction, beside the largest argument."""
_CLOSE = 1e-4
"""How far the slope along it may be from what the gradients tell, beside their parts of it."""
_WAYS = 3
"""Directions at each point."""
_FAILING = (CodeFailed, Endless, InputError, Lost, Untold, SyntaxError, ValueError)
_TOLD = "; the loss changes with this edit, too"

Editing = Callable[[Patch | None], AbstractContextManager[None]]


class Shared:
    """Tells whether gradients are those of the loss once a line of both is edited."""

    def __init__(
        self, runs: Runs, points: Sequence[Point], accepts: Callable[[Point], bool],
        edited: Editing, standing: Editing,
    ) -> None:  # fmt: skip
        """Keep what tells it: `accepts` returns whether all gradients of a point are right.

        `edited` and `standing` put an edit into the code, for a run that has to end in time and for
        any.
        """
        self._runs, self._points, self._accepts = runs, points, accepts
        self._edited, self._standing = edited, standing

    def blame(self, hits: Iterable[Hit]) -> Blame | None:
        """Return the first of some edits with which all gradients are right; None if none is."""
        for hit in hits:
            if self._is_along(hit.patch, self._points[0]) and self.fits(hit.patch):
                found = hit.blame()
                return replace(found, told=found.told + _TOLD)
        return None

    def beside(
        self, found: Sequence[Blame], hits: Iterable[Hit], *, likelier: bool
    ) -> tuple[Blame, ...]:
        """Return what was found with the first of some edits with which all gradients are right.

        It is `likelier` if one mistake would do instead of several, or if the loss forgets an
        argument; else lines are that the loss does not use.
        """
        other = self.blame(hits)
        if other is None:
            return (*found,)
        if not likelier:
            told = f"{found[0].told}; or, in line {other.place.line} instead, with another loss: "
            return (replace(found[0], told=f"{told}{other.fix}"), *found[1:])
        fixes = "; ".join(f"{one.fix} (line {one.place.line})" for one in found)
        results = tuple(sorted({name for one in found for name in one.results}))
        return (replace(other, results=results, told=f"{other.told}; or, instead: {fixes}"),)

    def fits(self, patch: Patch) -> bool:
        """Return whether an edit changes the loss to one for which all gradients are right."""
        try:
            for before in self._points:
                loss, _ = self._run(patch, before.values)  # recording would go on for ever
                if loss == before.loss or not np.isfinite(loss) or not self._fits(patch, before):
                    return False
        except _FAILING:
            return False
        finally:
            self._runs.kept.undo()
        return True

    def _fits(self, patch: Patch, before: Point) -> bool:
        if not self._is_recorded:
            return all(self._is_along(patch, before, seed) for seed in range(_WAYS))
        after = self._as_recorded(before, patch)
        return after.hand.keys() >= before.hand.keys() and self._accepts(after)

    def _as_recorded(self, before: Point, patch: Patch | None) -> Point:
        with self._standing(patch):
            return self._runs.point(before.values, tuple(before.true), near=before.near)

    @cached_property
    def _is_recorded(self) -> bool:
        """Whether all of the loss is recorded, or else differences of the code tell the truth."""
        point = self._points[0]
        own = self._as_recorded(point, None)
        return all(is_close(own.true[name], true) for name, true in point.true.items())

    def _is_along(self, patch: Patch, point: Point, seed: int = 0) -> bool:
        """Return whether the loss changes along a random direction as the gradients tell."""
        rng = np.random.default_rng(seed)
        sizes = [float(np.max(np.abs(point.values[name]), initial=0.0)) for name in point.true]
        step = _STEP * max([1.0, *sizes])
        ways = {name: rng.normal(size=true.shape) for name, true in point.true.items()}
        try:
            gradients = self._run(patch, point.values)[1]
            parts = [
                np.asarray(gradients[name]).reshape(one.shape) * one for name, one in ways.items()
            ]
            above, below = (
                self._run(patch, {**point.values, **{
                    name: point.values[name] + side * one for name, one in ways.items()
                }})[0]
                for side in (step, -step)
            )  # fmt: skip
        except (*_FAILING, KeyError, TypeError):
            return False
        slope, told = (above - below) / (2 * step), sum(float(np.sum(one)) for one in parts)
        size = max(float(np.sum(np.abs(one))) for one in parts)
        alive = all(np.any(one) for name, one in zip(ways, parts, strict=True)
                    if np.any(point.hand.get(name, 0)))  # fmt: skip
        return alive and abs(slope - told) <= _CLOSE * size

    def _run(self, patch: Patch, values: Values) -> tuple[float, Values]:
        try:
            with self._edited(patch):
                return self._runs.as_is(values)
        finally:
            self._runs.kept.undo()
