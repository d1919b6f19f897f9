"""Which claims hold on the user's own data, and which cannot be judged. Explains nothing.

An element is wrong if it is farther from the truth than the tolerance and than ten times the spread
of rounding; a claim is wrong if it is wrong anywhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from gradtui.diagnosis.backward.corners import Corners
from gradtui.diagnosis.backward.drawn import Drawn
from gradtui.diagnosis.backward.program import Line
from gradtui.diagnosis.backward.trial import ROUNDED, SHAKES, TOLERANCE, Trial
from gradtui.engine.graph import Kind
from gradtui.engine.interpreter import Interpreter
from gradtui.engine.ops import OPS
from gradtui.engine.rounding import spread_of

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

_FIRST = 5
"""Passes with moved roundings before a difference is examined more closely."""
_TOLD = 1e-2
"""A mistake would show if the tolerance is below this share of the gradient."""
_IDLE = 1e-3
"""A smaller relative change of the loss, when a parameter moves by its own size, counts as none."""
_FEW = 3
"""Passes with moved roundings to measure the spread of the loss."""
_ELEMENTS = 8
"""Most elements of a gradient tried by central differences."""
_SHARES = (1.0, 0.5)
"""Multiples of the best step of a central difference: the results at both show its error."""


class Judged(Struct, frozen=True, eq=False):
    """The verdict on one claim."""

    right: bool
    """Whether it is right wherever it can be judged."""
    told: bool
    """Whether there is a point at which it can be judged."""
    untold: int
    """The number of its elements that cannot be judged at any point."""
    tightest: float
    """The smallest difference that counts, relative to the gradient's element."""
    loosest: float
    doubt: str = ""
    """Why it cannot be judged, if so."""


class ClaimJudge:
    """All claims of a program at the points of the user's own data."""

    def __init__(self, trial: Trial, drawn: Drawn) -> None:
        self._trial, self._drawn = trial, drawn
        self._spread: dict[str, Array] = {}
        self._corners: dict[int, Corners] = {}
        self._repeated: dict[int, Interpreter] = {}
        """Times -> all points as many times, one after the other."""
        self._fair = np.ones(len(drawn), dtype=bool)
        self._kinked = any(
            node.kind is Kind.OPERATION and OPS[node.op].kink is not None
            for node in trial.graph.nodes
        )

    def judged(self, lines: Iterable[Line]) -> dict[str, Judged]:
        """Return the verdict on each claim that has the shape of its target."""
        lines = [line for line in lines if not line.misfit]
        apart = {line.name: self._apart(line) for line in lines}
        for first, last in ((0, _FIRST), (_FIRST, SHAKES)):
            doubted = [one for one in lines if self._exceeds(one, apart[one.name]).any()]
            if doubted:
                self._shake(doubted, range(first, last))
        return {line.name: self._verdict(line, apart[line.name]) for line in lines}

    def _apart(self, line: Line) -> Array:
        """Return the distance of a claim from the truth; inf where it is not a number."""
        held, true = self._trial.held(line), self._trial.truth(line.target or 0)
        with np.errstate(all="ignore"):
            apart = np.where(held == true, 0.0, np.abs(held - true))
        return np.where(np.isnan(apart), np.inf, apart)

    def _room(self, line: Line) -> Array:
        """Return the largest difference that does not count."""
        true = np.abs(self._trial.truth(line.target or 0))
        spread = self._spread.get(line.name)
        room = TOLERANCE * true
        return room if spread is None else np.maximum(room, ROUNDED * spread)

    def _exceeds(self, line: Line, apart: Array) -> Mask:
        """Return where a claim differs from the truth, if there is one."""
        true = self._trial.truth(line.target or 0)
        there = np.isfinite(true) & self._of_points(~self._overflows(line, apart), apart)
        return np.asarray(there & ~(apart <= self._room(line)))

    def _overflows(self, line: Line, apart: Array) -> Mask:
        """Return the points far from the start at which a claim overflows that is finite nearby.

        A right formula such as exp(z)/(1 + exp(z)) may overflow there.
        """
        finite = np.asarray(np.isfinite(apart).reshape(len(apart), -1).all(axis=1))
        true = self._trial.truth(line.target or 0)
        near = self._drawn.near & np.isfinite(true).reshape(len(true), -1).all(axis=1)
        if not near.any() or not np.all(finite[near]):
            return np.zeros(len(apart), dtype=bool)
        return ~finite & ~near

    def _of_points(self, points: Mask, like: Array) -> Mask:
        return points.reshape(-1, *(1,) * (like.ndim - 1))

    def _shake(self, lines: Sequence[Line], seeds: range) -> None:
        """Measure the spread by rounding of the difference of some claims from the truth.

        It is measured at all points, also where the two are equal by chance.
        """
        trial = self._trial
        for world in trial.shaken(seeds):
            for line in lines:
                target = line.target or 0
                moved = trial.held(line, world) - trial.truth_in(world, target)
                far = spread_of(moved, trial.held(line) - trial.truth(target))
                known = self._spread.setdefault(line.name, np.zeros_like(far))
                np.fmax(known, far, out=known)

    def _verdict(self, line: Line, apart: Array) -> Judged:
        true = np.abs(self._trial.truth(line.target or 0))
        room, wrong = self._room(line), self._exceeds(line, apart)
        doubt = ""
        self._fair &= ~self._overflows(line, apart)
        for row in np.flatnonzero(wrong.reshape(len(wrong), -1).any(axis=1)):
            if not self._kinked or not self._excused(line, int(row), wrong[row]):
                break
            wrong[row], room[row], self._fair[row] = False, np.inf, False
            doubt = "the loss has a corner there"
        lost = self._of_points(self._overflows(line, apart), apart) | ~np.isfinite(true)
        with np.errstate(all="ignore"):
            told = ~lost & (room <= _TOLD * true)
            if not told.all():
                told |= ~lost & (room <= self._idle(line))
        elements = told.any(axis=0)
        if not elements.all() and not doubt:
            doubt = "rounding is as large as the gradient" if not lost.all() else "it is not finite"
        relative = (room / true)[told & (room <= _TOLD * true) & (true > 0)]
        return Judged(
            right=not wrong.any(),
            told=bool(elements.any()) or elements.size == 0,
            untold=int(np.sum(~elements)),
            tightest=max(TOLERANCE, float(np.min(relative, initial=np.inf))),
            loosest=float(np.max(relative, initial=0.0)),
            doubt=doubt,
        )

    def _idle(self, line: Line) -> Array:
        """Return the size of gradient with which a value of this size does not change the loss.

        It is 0 if the loss itself is hardly more than rounding.
        """
        trial = self._trial
        value = trial.world.value(line.target or 0)
        largest = np.max(np.abs(value), initial=0.0)
        loss, spread = np.abs(trial.world.value(trial.graph.loss)), self._loss_spread
        sure = np.where(spread <= _TOLD * loss, loss, 0.0)
        idle = _IDLE * sure / largest if largest else np.zeros_like(sure)
        return np.asarray(idle.reshape(-1, *(1,) * (value.ndim - 1)))

    @cached_property
    def _loss_spread(self) -> Array:
        """The spread by rounding of the loss at each point, (points,)."""
        loss = self._trial.graph.loss
        calm = self._trial.world.value(loss)
        worlds = self._trial.shaken(range(_FEW))
        moved = [one.value(loss).reshape(-1, len(calm)) for one in worlds]
        return np.asarray(np.max(np.abs(np.concatenate(moved) - calm), axis=0))

    def _excused(self, line: Line, point: int, wrong: Mask) -> bool:
        """Return whether a claim differs at a point only at corners of the loss."""
        trial, target = self._trial, line.target or 0
        if point not in self._corners:
            leaves = {id: value[point : point + 1] for id, value in trial.leaves.items()}
            self._corners[point] = Corners(trial.world, leaves, trial.graph)
        claim, true = trial.held(line)[point], trial.truth(target)[point]
        return self._corners[point].excuse(target, trial.adjoint(target), claim, true, wrong)

    @property
    def fair(self) -> Mask:
        """The points at which every claim that is right elsewhere can be right, (points,)."""
        return self._fair

    def engine_agrees(self, target: int) -> bool:
        """Return whether the engine's own gradient agrees with central differences.

        It can disagree only at corners or jumps of the model.  A few elements are tried at all
        points; the error of the differences is measured by rounding and by another step.
        """
        if not self._kinked:
            return True
        value = self._trial.world.value(target)
        numbers = value[0].size
        elements = range(0, numbers, max(1, numbers // _ELEMENTS))[:_ELEMENTS]
        return bool(np.mean(self._slopes_agree(target, value, elements)) > 0.5)

    def _slopes_agree(self, target: int, value: Array, elements: Sequence[int]) -> Mask:
        """Return the elements and points at which the slope of the loss is the gradient."""
        true = self._trial.truth(target).reshape(len(value), -1)[:, elements].T
        at = value.reshape(len(value), -1)[:, elements].T
        full = np.cbrt(np.finfo(np.float64).eps) * np.maximum(1.0, np.abs(at))
        moves = [sign * share * full for share in _SHARES for sign in (1.0, -1.0)]
        each = [(one, by) for step in moves for one, by in zip(elements, step, strict=True)]
        losses = self._losses(target, value, each).reshape(len(moves), *at.shape)
        slopes = [
            (losses[2 * half] - losses[2 * half + 1]) / (2 * share * full)
            for half, share in enumerate(_SHARES)
        ]
        noise = ROUNDED * self._loss_spread / (_SHARES[-1] * full)
        slope, changed = slopes[1], np.abs(slopes[0] - slopes[1])
        size = np.maximum(np.abs(slope), np.abs(true))
        error = np.where(changed <= 0.1 * size + noise, 4 * changed, 0.0)
        return np.asarray(np.abs(slope - true) <= 1e-4 * np.abs(true) + error + noise)

    def _losses(self, target: int, value: Array, moves: Sequence[tuple[int, Array]]) -> Array:
        """Return the loss after each move of one element at all points, (moves*points,)."""
        trial, found = self._trial, list[Array]()
        together = min(trial.together, len(moves))
        for start in range(0, len(moves), together):
            some = moves[start : start + together]
            if len(some) not in self._repeated:
                self._repeated[len(some)] = trial.repeated(len(some))
                self._repeated[len(some)].value(trial.graph.loss)
            moved = np.concatenate([value] * len(some))
            rows = moved.reshape(len(some), len(value), -1)
            for row, (element, by) in zip(rows, some, strict=True):
                row[:, element] += by
            world = self._repeated[len(some)].replacing({target: moved})
            found.append(world.value(trial.graph.loss))
        return np.concatenate(found)
