"""Implicit layers: a solution that autograd does not see, with a placeholder for its gradient.

What is meant is the gradient of the whole, as for a deep equilibrium model (Bai et al., 2019).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradtui.diagnosis.recorded.handed import NAMELESS, done_to_all
from gradtui.diagnosis.recorded.point import Point
from gradtui.diagnosis.recorded.runs import CodeFailed, Lost, Runs
from gradtui.recording.library import World
from gradtui.recording.tape import Tape

Array = NDArray[Any]

_SAME = 1e-6
"""The relative difference of elements of an adjoint that are the same."""


def placeholder(runs: Runs, start: Point) -> str | None:
    """Return the name of what stands for a solution that autograd does not see, if anything does.

    Without such a placeholder, what is detached takes no gradient.
    """
    hearing = runs.target.placeholders
    if not start.result.tape.stopped or hearing is None:
        return None
    found = list[Any]()

    @contextmanager
    def watched(world: World) -> Iterator[None]:
        with hearing(world) as own:
            found.append(own)
            yield

    try:
        tape = runs.recorded(start.values, watched, kind="heard").tape
    except (CodeFailed, Lost):
        return None
    names = (one.name for one in found[-1] if _stands_for_a_solution(one, tape))
    return next(names, None)


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
