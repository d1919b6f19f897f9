"""Whether two runs with the same arguments compute the same, or would from the same state.

Code that goes through a set of objects, as some sort their graph, takes them in another order each
time, and a sum in another order is rounded otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from gradtui.diagnosis.finding import Finding
from gradtui.diagnosis.recorded.notes import nondeterministic
from gradtui.diagnosis.recorded.runs import Runs

Array = NDArray[Any]

_ROUNDED = 1e-12
"""The largest difference by rounding, relative to the largest element."""
_STATEFUL = (
    "what the code keeps from run to run changes its results: each run of the check begins with "
    "the same"
)


class Repeated(Struct, frozen=True, eq=False):
    """The results of runs with the same arguments."""

    loss: float
    claimed: Mapping[str, Array]
    alike: bool = True
    findings: tuple[Finding, ...] = ()
    """What is told of them: that they differ, or would without what was done against it."""


def repeated(runs: Runs, loss: float, claimed: Mapping[str, Array]) -> Repeated:
    """Run the code again, and let all runs begin in one state if that alone makes them alike."""
    first = Repeated(loss, claimed)
    if _repeats(runs, first):
        return first
    found = nondeterministic(runs)
    runs.kept.repeat()
    loss, own = runs.as_is(runs.given)
    again = Repeated(loss, {name: np.asarray(value) for name, value in own.items()})
    alike = _repeats(runs, again)
    told = replace(found, severity="info", message=_STATEFUL) if alike else found
    return replace(again, alike=alike, findings=(told,))


def _repeats(runs: Runs, before: Repeated) -> bool:
    loss, claimed = runs.as_is(runs.given)
    return are_alike(loss, before.loss) and all(
        are_alike(claimed.get(name), value) for name, value in before.claimed.items()
    )


def are_alike(one: Any, two: Any, apart: float = _ROUNDED) -> bool:
    """Return whether arrays or numbers are the same but for rounding.

    That keeps them as little `apart`, relative to the largest element.
    """
    first, second = np.asarray(one), np.asarray(two)
    if np.array_equal(first, second, equal_nan=first.dtype.kind in "fc"):
        return True
    if first.shape != second.shape or {first.dtype.kind, second.dtype.kind} - set("iufc"):
        return False
    room = apart * float(np.max(np.abs(first[np.isfinite(first)]), initial=0.0))
    return np.allclose(first, second, rtol=0.0, atol=room, equal_nan=True)
