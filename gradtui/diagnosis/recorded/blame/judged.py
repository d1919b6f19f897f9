"""Runs of the user's edited code, judged by their gradients."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from gradtui.base.source import InputError
from gradtui.diagnosis.recorded.approximate import is_approached
from gradtui.diagnosis.recorded.blame.guard import attributes_filled, guarded
from gradtui.diagnosis.recorded.blame.trial import Patch, Results, Trials
from gradtui.diagnosis.recorded.halves import Begun
from gradtui.diagnosis.recorded.point import Values
from gradtui.diagnosis.recorded.runs import CodeFailed, Lost, Runs
from gradtui.diagnosis.recorded.surrogates import is_in_direction
from gradtui.diagnosis.recorded.symmetric import as_compared
from gradtui.diagnosis.recorded.watchdog import Endless
from gradtui.recording.checked import Checked
from gradtui.recording.slopes import Untold

Array = NDArray[Any]

POINTS = 3
"""How many points tell whether an edit is right; the others tell whether it always is."""
_DEAR, _SPOILT = 0.01, 20
"""Seconds of a run whose forward half is done once for many edits, and the most times it is."""
_FAILURES = (CodeFailed, InputError, MemoryError, SyntaxError, ValueError)
"""What an edited run may end in."""
_SAME = 1e-9
"""The largest relative difference of two equal losses."""


class Known(Protocol):
    """One run with its true gradients; everything except the loss is by name."""

    @property
    def values(self) -> Values:
        """The arguments that are drawn."""

    @property
    def loss(self) -> float:
        """The loss."""

    @property
    def hand(self) -> Values:
        """The gradients that the code returns."""

    @property
    def true(self) -> Values:
        """The true gradients."""

    @property
    def near(self) -> bool:
        """Whether it is close to the user's own arguments."""

    @property
    def symmetric(self) -> frozenset[str]:
        """Matrices that the code takes to be symmetric."""


class Gradients(Trials):
    """Runs the user's edited code at a few points."""

    def __init__(
        self, runs: Runs, points: Sequence[Known], forgives: Callable[[int, str, Array], bool],
        wrong: Sequence[str], most: int,
    ) -> None:  # fmt: skip
        checks = Checked(runs.target.called, runs.target.library.checked())
        super().__init__(wrong, most, runs.kept.unlock, checks)
        self.watchdog.counts_line = runs.progress.counts_line
        self._runs, self._points, self._forgives = runs, points, forgives
        self._begun = _Begun(runs, [point.values for point in points])
        self.approximates = False
        """Whether some gradient is wrong only far from the user's own point, or but slightly."""

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Protect the user's program while edited code runs, of which a plain run is measured."""
        target, values = self._runs.target, self._points[0].values
        data = self._runs.kept.arrays_besides(attributes_filled(target.called))
        with (
            guarded(data, lambda: self._runs.as_is(values)),
            target.library.careful(),
            self.watchdog.at_work(),
        ):
            self.measure()
            yield

    def results(self, patch: Patch | None) -> Results | None:
        """Return the gradients at the first point; None if an edit fails or changes the loss."""
        return self._results(patch, 0)

    def _results(self, patch: Patch | None, index: int) -> Results | None:
        point = self._points[index]
        self.strays, self.endless = None, False
        self.count()
        if not self._runs.progress.counts():
            return None
        begun = self._begun.at(index, self._with(patch)) if self.watchdog.usual > _DEAR else None
        try:
            with self.edited(patch):
                loss, returned = (
                    self._runs.as_is(point.values) if begun is None else self._runs.ended(begun)
                )
        except Endless:
            self.endless = True
            return None
        except _FAILURES:
            return None
        finally:
            if patch is not None:
                self._runs.kept.undo()  # an edit may have changed what the program keeps
            if begun is not None and not begun.halved.is_intact():
                self._begun.forget(index)
        self.strays = not abs(loss - point.loss) <= _SAME * abs(point.loss)
        if self.strays:
            return None
        try:
            return {
                name: as_compared(returned[name], true.shape, symmetric=name in point.symmetric,
                                  exact=self._runs.target.exact)
                for name, true in point.true.items() if name in returned
            }  # fmt: skip
        except (TypeError, ValueError, RuntimeError):  # such as nested tensors
            return None

    def mended(self, patch: Patch) -> frozenset[str]:
        """Return the wrong gradients that an edit makes right everywhere; none if it spoils one."""
        return self._mended(patch) or self._directed(patch)

    def mended_anew(self, patch: Patch) -> frozenset[str]:
        """Return the wrong gradients that an edit makes right for the loss that it changes."""
        for index, own in enumerate(self._points[:POINTS]):
            try:
                with self.standing(patch):  # a recorded run takes longer than what is watched
                    point = self._runs.point(own.values, tuple(own.true), near=own.near)
            except (*_FAILURES, Lost, Untold):
                return frozenset()
            finally:
                self._runs.kept.undo()
            returned = point.hand.keys() >= own.hand.keys()
            if not returned or not all(
                self._is_forgiven(index, name, value, point.true[name])
                for name, value in point.hand.items()
            ):
                return frozenset()
        return frozenset(self.wrong)

    def _directed(self, patch: Patch) -> frozenset[str]:
        """Return the wrong gradients that an edit brings to a norm on purpose, if it spoils none.

        Their directions are right.
        """
        ways = {name: self.directions.get(name) for name in self.wrong}
        runs = list[Results]()
        for index in range(POINTS if any(ways.values()) else 0):
            gradients = self._results(patch, index)
            if gradients is None:
                return frozenset()
            runs.append(gradients)
        return frozenset(
            name for name, some in ways.items()
            if runs and some and all(name in one for one in runs)
            and any(is_in_direction([one[name] for one in runs], way) for way in some)
        )  # fmt: skip

    def _mended(self, patch: Patch) -> frozenset[str]:
        """Return those that it makes right as they are."""
        found = nearly = frozenset(self.wrong)
        self.nearly, self.partly = frozenset(), False
        for index in range(min(POINTS, len(self._points))):
            gradients = self._results(patch, index)
            if gradients is None:
                return frozenset()
            kept = (name for name in self._points[0].true if name not in self.wrong)
            if not all(self._is_kept(index, name, gradients) for name in kept):
                return frozenset()
            found = frozenset(n for n in found if self._is_right(index, n, gradients))
            nearly = found | {n for n in nearly - found if self._is_nearly(index, n, gradients)}
            if not nearly:
                return found
        later = range(POINTS, len(self._points)) if found else ()
        self.partly = not all(self._is_mended_at(patch, index, found, nearly) for index in later)
        # Beside right results, an approximation, such as by an eps, is no second mistake.
        self.nearly = frozenset() if found else nearly
        return nearly if found else found

    def _is_mended_at(self, patch: Patch, index: int, found: Set[str], nearly: Set[str]) -> bool:
        """Return whether an edit makes some gradients right, or nearly, and spoils none."""
        gradients = self._results(patch, index)
        return gradients is not None and all(
            self._is_right(index, name, gradients) if name in found
            else self._is_nearly(index, name, gradients) if name in nearly
            else name in self.wrong or self._is_kept(index, name, gradients)
            for name in self._points[0].true
        )  # fmt: skip

    def true(self, name: str) -> Array:
        """Return a true gradient at the first point."""
        return self._points[0].true[name]

    def is_right(self, name: str, results: Results) -> bool:
        """Return whether a gradient is right at the first point."""
        return self._is_right(0, name, results)

    def _is_right(self, index: int, name: str, gradients: Results) -> bool:
        return self._is_forgiven(index, name, gradients.get(name), self._points[index].true[name])

    def _is_forgiven(self, index: int, name: str, own: Array | None, true: Array) -> bool:
        if own is None or own.shape != true.shape:
            return False
        with np.errstate(all="ignore"):
            apart = np.abs(own - true)
        if not np.isfinite(apart).all():  # an infinite number is right if the true one is
            apart = np.where(own == true, 0.0, np.where(np.isnan(apart), np.inf, apart))
            apart[np.isnan(true)] = 0.0  # what is unknown tells nothing against an edit
        return self._forgives(index, name, apart)

    def _is_nearly(self, index: int, name: str, gradients: Results) -> bool:
        """Return whether a gradient is right but for an approximation."""
        own, point = gradients.get(name), self._points[index]
        before, true = point.hand.get(name), point.true[name]
        if own is None or before is None or not own.shape == before.shape == true.shape:
            return False
        return is_approached(before, own, true, near=point.near, exact=self.approximates)

    def _is_kept(self, index: int, name: str, gradients: Results) -> bool:
        return name not in self._points[index].hand or self._is_right(index, name, gradients)


class _Begun:
    """The runs at some points whose forward halves are done, where that gives the same results."""

    def __init__(self, runs: Runs, points: Sequence[Values]) -> None:
        self._runs, self._points = runs, points
        self._found: dict[int, Begun | None] = {}
        self._spoilt = 0

    def at(self, index: int, patches: Sequence[Patch]) -> Begun | None:
        """Return the run at a point; None if its forward half runs what is edited."""
        if index not in self._found:
            self._found[index] = self._tried(self._points[index])
        found = self._found[index]
        return None if found is None or any(found.runs(one.unit.code) for one in patches) else found

    def forget(self, index: int) -> None:
        """Note that the backward half has written what the forward half saved."""
        self._spoilt += 1
        del self._found[index]
        if self._spoilt > _SPOILT:
            self._found[index] = None

    def _tried(self, values: Values) -> Begun | None:
        try:
            loss, gradients = self._runs.as_is(values)
            begun = self._runs.begun(values)
            if begun is None:
                return None
            for _ in range(2):
                own = self._runs.ended(begun)
                self._runs.kept.undo()
                if (
                    not begun.halved.is_intact()
                    or own[0] != loss
                    or not _are_same(own[1], gradients)
                ):
                    return None
        except (CodeFailed, InputError):
            return None
        return begun


def _are_same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return one.keys() == other.keys() and all(
        np.array_equal(one[name], other[name], equal_nan=True) for name in one
    )
