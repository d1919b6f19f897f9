"""Mistakes in lines that the loss uses, too, such as a helper for a value and its gradient.

Their edits change the loss: they are right if the gradients become those of the loss that they
make.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager

import numpy as np
from msgspec.structs import replace

from gradtui.base.source import InputError
from gradtui.diagnosis.recorded.blame.hits import Blame, Hit
from gradtui.diagnosis.recorded.blame.trial import Patch
from gradtui.diagnosis.recorded.point import Point, Values
from gradtui.diagnosis.recorded.runs import CodeFailed, Lost, Runs
from gradtui.diagnosis.recorded.watchdog import Endless
from gradtui.recording.slopes import Untold

_STEP = 1e-5
"""The length of a step along a random direction, beside the largest argument."""
_CLOSE = 1e-4
"""How far the slope along it may be from what the gradients tell, beside their parts of it."""
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
            if self._may_fit(hit.patch) and self.fits(hit.patch):
                found = hit.blame()
                return replace(found, told=found.told + _TOLD)
        return None

    def _may_fit(self, patch: Patch) -> bool:
        """Return whether the loss changes along a random direction as the gradients tell."""
        point, rng = self._points[0], np.random.default_rng(0)
        step = _STEP * max(1.0, *(float(np.max(np.abs(point.values[n]))) for n in point.true))
        ways = {name: rng.normal(size=true.shape) for name, true in point.true.items()}
        sides = [
            {
                **point.values,
                **{name: point.values[name] + side * way for name, way in ways.items()},
            }
            for side in (step, -step)
        ]
        try:
            gradients = self._run(patch, point.values)[1]
            parts = [
                np.asarray(gradients[name]).reshape(way.shape) * way for name, way in ways.items()
            ]
            above, below = (self._run(patch, side)[0] for side in sides)
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

    def fits(self, patch: Patch) -> bool:
        """Return whether an edit changes the loss to one for which all gradients are right."""
        try:
            for before in self._points:
                loss, _ = self._run(patch, before.values)  # recording would go on for ever
                if loss == before.loss or not np.isfinite(loss):
                    return False
                with self._standing(patch):
                    after = self._runs.point(before.values, tuple(before.true), near=before.near)
                if not after.hand.keys() >= before.hand.keys() or not self._accepts(after):
                    return False
        except _FAILING:
            return False
        finally:
            self._runs.kept.undo()
        return True
