"""Implicit layers: a solution that autograd does not see, with a placeholder for its gradient.

What is meant is the gradient of the whole, as for a deep equilibrium model (Bai et al., 2019).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from gradtui.diagnosis.recorded.handed import NAMELESS, done_to_all
from gradtui.diagnosis.recorded.point import Point
from gradtui.diagnosis.recorded.runs import CodeFailed, Lost, Runs
from gradtui.recording.library import World
from gradtui.recording.tape import Tape


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
    """Return whether a placeholder gives what autograd does not see a gradient.

    What scales a gradient, turns or clips it does not, nor does what only looks at it.
    """
    if tape.stopped.isdisjoint(tape.sources(*placeholder.nodes)):
        return False
    pairs = [(one.ravel(), other.ravel()) for one, other in placeholder.pairs if np.any(one)]
    done = [done_to_all(given[None], made[None]) for given, made in pairs]
    if not pairs:
        return bool(placeholder.adds)
    unchanged = placeholder.saves and not any(done)
    return bool(placeholder.adds) or NAMELESS in done or unchanged
