"""Finds the line that makes gradients wrong: edits are judged by the resulting gradients."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from typing import Any, Protocol

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from gradtui.base.source import InputError
from gradtui.diagnosis.recorded.approximate import approximate, is_approached, is_right_near
from gradtui.diagnosis.recorded.blame.guard import guarded
from gradtui.diagnosis.recorded.blame.hits import Blame
from gradtui.diagnosis.recorded.blame.primals import Primal, other_forward
from gradtui.diagnosis.recorded.blame.search import Search
from gradtui.diagnosis.recorded.blame.searches import Searches
from gradtui.diagnosis.recorded.blame.shared import Shared
from gradtui.diagnosis.recorded.blame.sized import Sized, is_close
from gradtui.diagnosis.recorded.blame.trial import Patch, Results, Trials
from gradtui.diagnosis.recorded.blame.units import Unit
from gradtui.diagnosis.recorded.halves import Begun
from gradtui.diagnosis.recorded.judge import Judge
from gradtui.diagnosis.recorded.omitted import omitted
from gradtui.diagnosis.recorded.point import Point, Values
from gradtui.diagnosis.recorded.runs import CodeFailed, Runs
from gradtui.diagnosis.recorded.surrogates import directions, is_in_direction
from gradtui.diagnosis.recorded.symmetric import as_compared
from gradtui.diagnosis.recorded.upstream import stops_at
from gradtui.diagnosis.recorded.watchdog import Endless
from gradtui.recording.checked import Checked
from gradtui.recording.library import NUMPY

Array = NDArray[Any]

_POINTS = 3
_WORK, _CALL, _LEAST, _MOST = 4_000_000, 100, 200, 9_000
"""Most operations in all edited runs; the overhead of a run; and bounds on their number."""
_RUNNING = 0.5
"""The share of the time in which plain runs of the code alone would make as many as are allowed.

Recorded operations tell little of the time of code that computes with Python's own numbers.
"""
_PARTED = 4
"""Recorded operations that one on complex numbers becomes."""
_NUMBERS = 1 << 9
"""Bytes of a value that cost as much as an operation."""
_DEAR, _SPOILT = 0.01, 20
"""Seconds of a run whose forward half is done once for many edits, and the most times it is."""
_SLIGHT = 0.3
"""The share of the usual time where no line of the backward pass need be wrong."""
_CLOSE = 10.0
"""How far sums may be apart that should be equal, in tolerances."""
_HALF = 2
_SAME = 1e-9
"""The largest relative difference of two equal losses."""


class Blamed(Struct, frozen=True, eq=False):
    """What makes gradients wrong."""

    lines: tuple[Blame, ...] = ()
    """The lines at fault, each with the edit that repairs some."""
    forward: Primal | None = None
    """Another line of the forward pass that all gradients are right for."""
    patches: tuple[Patch, ...] = ()
    """The edits, as they were run."""


def blamed(
    runs: Runs, points: Sequence[Point], judge: Judge, wrong: Sequence[str], share: float = 1.0
) -> Blamed:
    """Return the lines that make gradients wrong, each with the edit that repairs them.

    At the first of the points some are wrong; the user's own comes last, because its numbers are
    often special.  A smaller `share` of the usual time is for the likeliest edits alone.
    """
    early = _POINTS - 1
    every = [*points[:early], *points[early:][-1:], *points[early:-1]]
    few, point, tape = every[:_POINTS], points[0], points[0].result.tape
    calls = len(tape) // (_PARTED if tape.imaginary else 1)
    most = _WORK // (calls + tape.bytes // _NUMBERS + _CALL)

    def forgives(index: int, name: str, apart: Array) -> bool:
        return judge.forgives(every[index], name, apart)

    trials = Gradients(runs, every, forgives, wrong, min(_MOST, max(_LEAST, most)))
    fitting = [name for name in wrong if _fits(name, points)]
    trials.longest *= share
    trials.approximates = any(is_right_near(name, points) for name in fitting)
    trials.directions = {name: directions(name, few) for name in fitting}
    searches = Searches(runs, trials, wrong, _CLOSE * judge.tolerance)
    trials.fits = Sized(
        runs,
        point.true,
        wrong,
        len(tape),
        trials.edited,
        lambda: _written(searches.units),
        lambda: _is_meant(runs, point, trials),
    )
    slight = all(approximate(name, points, judge.tolerance) for name in fitting)
    if len(fitting) == len(wrong) and slight:
        trials.longest *= _SLIGHT  # most code that is off by so little is meant to be
    with (
        guarded(runs.kept.arrays, lambda: runs.as_is(point.values)),
        runs.target.library.careful(),
        trials.watchdog.at_work(),
    ):
        trials.measure()
        trials.allow(min(_MOST, int(_RUNNING * trials.longest / trials.watchdog.usual)))
        search = searches.of(point)
        shared = Shared(runs, few, judge.accepts, trials.edited, trials.standing)
        other = other_forward(searches.units, searches.forward, shared.fits)
        if other is not None:
            trials.longest *= _SLIGHT
        blame, kept = shared.blame(search.crossed()), trials.kept
        found = (blame,) if blame is not None else tuple(search.found())
        runs.cut_short = trials.made if trials.wrong and trials.left <= 0 else 0
        often = sum(not judge.accepts(one) for one in few) > 1  # and not at a kink alone
        left = not found and other is None and not slight and often
        if left and not _is_explained(runs, points, fitting):
            trials.allow(trials.made + 1)  # its time alone bounds it
            with trials.apart():
                blame = shared.blame(search.shared())
            found = () if blame is None else (blame,)
        elif found:
            unused = any(not any(np.any(one.true[name]) for one in points) for name in wrong)
            with trials.apart(), trials.returning(kept, wrong):
                found = _with_shared(found, shared, search, likelier=unused or len(found) > 1)
        return Blamed(found, other, trials.kept)


def _with_shared(
    found: tuple[Blame, ...], shared: Shared, search: Search, *, likelier: bool
) -> tuple[Blame, ...]:
    """Return lines at fault with one that the loss uses, too: only of a sign, if none is likelier.

    The search is for the mistakes of the code as it was.
    """
    if not (likelier or found[0].rule == "sign"):
        return found
    return shared.beside(found, search.shared(signs=not likelier), likelier=likelier)


def _is_explained(runs: Runs, points: Sequence[Point], wrong: Sequence[str]) -> bool:
    """Return whether what a gradient lacks is known: no other loss need be meant then."""
    return any(
        omitted(name, points) is not None
        or (runs.target.returns_loss and stops_at(points[0], name) is not None)
        for name in wrong
    )


def _is_meant(runs: Runs, point: Point, trials: Trials) -> bool:
    """Return whether the gradients of a point are to be others than the true ones.

    Those of NumPy's code are seldom.
    """
    if runs.target.library is NUMPY:
        return False
    with trials.edited(None):
        own = runs.point(point.values, (*point.true,), near=True)
    return not all(is_close(own.true[name], true) for name, true in point.true.items())


def _written(units: Iterable[Unit]) -> set[int]:
    """Return the whole numbers that functions have, but for those of squares and halves.

    What their arguments are by default counts for nothing: they are given.
    """
    found = set[int]()
    for unit in units:
        args = getattr(unit.node, "args", None)
        given = {*(ast.walk(args) if args is not None else ())}
        found |= {
            one.value for one in unit.of(ast.Constant)
            if one not in given and type(one.value) is int and one.value > _HALF
        }  # fmt: skip
    return found


def _fits(name: str, points: Sequence[Point]) -> bool:
    """Return whether a gradient has the shape of the true one."""
    return all(one.hand[name].shape == one.true[name].shape for one in points)


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
        super().__init__(wrong, most, runs.kept.unlock, Checked(runs.target.called))
        self.watchdog.counts_line = runs.progress.counts_line
        self._runs, self._points, self._forgives = runs, points, forgives
        self._begun = _Begun(runs, [point.values for point in points])
        self.approximates = False
        """Whether some gradient is wrong only far from the user's own point, or but slightly."""

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
        except (CodeFailed, InputError, MemoryError, SyntaxError, ValueError):
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

    def _directed(self, patch: Patch) -> frozenset[str]:
        """Return the wrong gradients that an edit brings to a norm on purpose, if it spoils none.

        Their directions are right.
        """
        ways = {name: self.directions.get(name) for name in self.wrong}
        runs = list[Results]()
        for index in range(_POINTS if any(ways.values()) else 0):
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
        for index in range(min(_POINTS, len(self._points))):
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
        later = range(_POINTS, len(self._points)) if found else ()
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
        own, true = gradients.get(name), self._points[index].true[name]
        if own is None or own.shape != true.shape:
            return False
        with np.errstate(all="ignore"):
            apart = np.abs(own - true)
        if not np.isfinite(apart).all():  # an infinite number is right if the true one is
            apart = np.where(own == true, 0.0, np.where(np.isnan(apart), np.inf, apart))
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
