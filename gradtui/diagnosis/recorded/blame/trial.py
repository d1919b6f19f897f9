"""Edits of the user's code, executed: which gradients are right then."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from gradtui.base.source import InputError
from gradtui.diagnosis.recorded.blame.units import Edit, Unit
from gradtui.diagnosis.recorded.judge import Judge
from gradtui.diagnosis.recorded.runs import CodeFailed, Point, Runs, shaped

Array = NDArray[Any]
Gradients = Mapping[str, Array]

_SAME = 1e-9
"""The relative difference of two losses that does not count."""


class Patch(Struct, frozen=True, eq=False):
    """A function and the edits of its text that belong together."""

    unit: Unit
    edits: tuple[Edit, ...]


class Trials:
    """Runs the user's code edited, at a few points, as often as it may."""

    def __init__(
        self, runs: Runs, points: Sequence[Point], judge: Judge, wrong: Sequence[str], most: int
    ) -> None:
        self._runs, self._points, self._judge = runs, points, judge
        self.wrong = tuple(wrong)
        self.left = most
        """How many more runs are allowed."""
        self.standing: tuple[Patch, ...] = ()
        """Edits that have been found, which every run has in it."""

    @property
    def right(self) -> tuple[str, ...]:
        """The gradients that are not to be spoilt."""
        return tuple(name for name in self._points[0].true if name not in self.wrong)

    def stand(self, patch: Patch, mended: Set[str]) -> None:
        """Let an edit be part of the code from now on."""
        self.standing = (*self.standing, patch)
        self.wrong = tuple(name for name in self.wrong if name not in mended)

    def gradients(self, patch: Patch | None, index: int = 0) -> Gradients | None:
        """Return the gradients at a point with an edit; None if it fails or changes the loss."""
        point = self._points[index]
        self.left -= 1
        try:
            with self._edited(patch):
                loss, returned = self._runs.as_is(point.values)
        except (CodeFailed, InputError, MemoryError, SyntaxError, ValueError):
            return None
        if not abs(loss - point.loss) <= _SAME * abs(point.loss):
            return None
        try:
            return {
                name: shaped(returned[name], true.shape)
                for name, true in point.true.items()
                if name in returned
            }
        except (TypeError, ValueError):
            return None

    def mended(self, patch: Patch) -> frozenset[str]:
        """Return the wrong gradients that an edit makes right everywhere; none if it spoils one."""
        found = frozenset(self.wrong)
        for index in range(len(self._points)):
            gradients = self.gradients(patch, index)
            if gradients is None:
                return frozenset()
            if not all(self._is_kept(index, name, gradients) for name in self.right):
                return frozenset()
            found = frozenset(n for n in found if self.is_right(n, gradients, index))
            if not found:
                return found
        return found

    def true(self, name: str) -> Array:
        """Return a true gradient at the first point."""
        return self._points[0].true[name]

    def is_right(self, name: str, gradients: Gradients, index: int = 0) -> bool:
        """Return whether a gradient is right at a point."""
        own, true = gradients.get(name), self._points[index].true[name]
        if own is None or own.shape != true.shape:
            return False
        with np.errstate(all="ignore"):
            apart = np.where(own == true, 0.0, np.abs(own - true))
        apart = np.where(np.isnan(apart), np.inf, apart)
        return self._judge.forgives(self._points[index], name, apart)

    def _is_kept(self, index: int, name: str, gradients: Gradients) -> bool:
        return name not in self._points[index].hand or self.is_right(name, gradients, index)

    @contextmanager
    def _edited(self, patch: Patch | None) -> Iterator[None]:
        """Let the standing edits and another one be in the code."""
        edits: dict[Unit, list[Edit]] = {}
        for one in (*self.standing, *([patch] if patch is not None else [])):
            edits.setdefault(one.unit, []).extend(one.edits)
        with ExitStack() as stack:
            for unit, own in edits.items():
                stack.enter_context(unit.running(unit.edited(own)))
            yield
