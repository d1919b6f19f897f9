"""Implicit layers: a solution that autograd does not see, with a placeholder for its gradient.

What is meant is the gradient of the whole, as for a deep equilibrium model (Bai et al., 2019).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradtui.diagnosis.recorded.around import between
from gradtui.diagnosis.recorded.handed import NAMELESS, done_to_all
from gradtui.diagnosis.recorded.point import Point, Values
from gradtui.diagnosis.recorded.runs import CodeFailed, Lost, Runs
from gradtui.recording.library import World
from gradtui.recording.tape import Tape

Array = NDArray[Any]

_SHORT = 1e-5
"""The part of the way to another point at which a solution is looked at again."""
_LITTLE = 1e-2
"""The most by which a solution moves on such a way, relative to its size."""
_SAME = 1e-6
"""The relative difference of elements of an adjoint that are the same."""


class Standing(NamedTuple):
    """What stands for a solution that autograd does not see."""

    name: str
    beside: bool
    """Whether it gives the gradient to other arguments, so that the rest can be compared alone."""


def placeholder(runs: Runs, points: Sequence[Point]) -> Standing | None:
    """Return what stands for a solution that autograd does not see, if anything does.

    Without such a placeholder, what is detached takes no gradient.
    """
    start = points[0]
    leaves = start.result.tape.stopped or start.result.tape.converted
    if not leaves or (own := _heard(runs, start.values)) is None:
        return None
    for one in own.found:
        if _stands_for_a_solution(one, own.tape):
            return Standing(one.name, beside=False)
    if len(points) < 2 or not any(one.adds for one in own.found):
        return None
    other = _heard(runs, between(start.values, points[1].values, _SHORT))
    if other is None or len(other.found) != len(own.found):
        return None
    pairs = zip(own.found, other.found, strict=True)
    follows = (one.name for one, two in pairs if one.adds and _follows(own, one, other, two))
    return next((Standing(name, beside=True) for name in follows), None)


class _Heard(NamedTuple):
    """The placeholders of a recorded run."""

    tape: Tape
    found: Sequence[Any]


def _heard(runs: Runs, values: Values) -> _Heard | None:
    """Return the placeholders of a run; None if it cannot be recorded."""
    hearing = runs.target.placeholders
    if hearing is None:
        return None
    found = list[Any]()

    @contextmanager
    def watched(world: World) -> Iterator[None]:
        with hearing(world) as own:
            found.append(own)
            yield

    try:
        tape = runs.recorded(values, watched, kind="heard").tape
    except (CodeFailed, Lost):
        return None
    return _Heard(tape, found[-1])


def _follows(own: _Heard, one: Any, other: _Heard, two: Any) -> bool:
    """Return whether what is handed on moves a little with the arguments, which no tape tells.

    A root by bisection depends on them by comparisons alone.  What is chosen or rounded so stays.
    """
    for id, beside in zip(one.nodes, two.nodes, strict=False):
        before, after = own.tape.value(id), other.tape.value(beside)
        if own.tape.active[id] or before.shape != after.shape:
            continue
        moved = np.max(np.abs(after - before), initial=0.0)
        if 0 < moved <= _LITTLE * np.max(np.abs(before), initial=0.0):
            return True
    return False


def _stands_for_a_solution(placeholder: Any, tape: Tape) -> bool:
    """Return whether a placeholder gives what autograd does not see a gradient."""
    if tape.stopped.isdisjoint(tape.sources(*placeholder.nodes)):
        return False
    pairs = [(one.ravel(), other.ravel()) for one, other in placeholder.pairs if np.any(one)]
    return bool(placeholder.adds) or any(_is_solved(*pair, placeholder.saves) for pair in pairs)


def _is_solved(given: Array, made: Array, saves: bool) -> bool:
    """Return whether what is made of an adjoint may come from the equation of a solution.

    What scales it, clips it or stops elements of it does not, nor what only looks at it.  What may
    need the solution, as it is saved, may leave an adjoint as it is by mistake.
    """
    if given.size == 1:
        return saves
    done = done_to_all(given[None], made[None])
    if done != NAMELESS:
        return saves and done is None
    room = _SAME * np.max(np.abs(made))
    cut = np.abs(made) >= np.max(np.abs(made)) - room
    return not np.all(cut | (np.abs(made - given) <= room) | (made == 0))
