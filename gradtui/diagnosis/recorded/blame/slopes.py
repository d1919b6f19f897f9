"""Finds the line that makes gradients wrong if only central differences give the truth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from gradtui.base.source import InputError
from gradtui.diagnosis.recorded.around import drawn
from gradtui.diagnosis.recorded.blame.hits import Blame
from gradtui.diagnosis.recorded.blame.judged import Gradients
from gradtui.diagnosis.recorded.blame.preview import Preview
from gradtui.diagnosis.recorded.blame.search import Search
from gradtui.diagnosis.recorded.blame.suspects import Suspects
from gradtui.diagnosis.recorded.blame.told import Told
from gradtui.diagnosis.recorded.blame.trial import faithful
from gradtui.diagnosis.recorded.blame.watch import Watched
from gradtui.diagnosis.recorded.differences import COARSE, SOLVED, slope_at
from gradtui.diagnosis.recorded.point import Values
from gradtui.diagnosis.recorded.runs import CodeFailed, Runs
from gradtui.diagnosis.recorded.symmetric import shaped

Array = NDArray[Any]

_ELEMENTS = 400
"""Most elements of gradients whose slopes are measured at a point."""
_MOST = 6_000
"""Most edited runs, if there is time."""
_SPREAD, _SEED = 0.5, 11


class _Sampled(Struct, frozen=True, eq=False):
    """One run, the slopes of its loss, and their errors."""

    values: Values
    loss: float
    hand: Values
    true: Values
    errors: Values
    symmetric: frozenset[str] = frozenset()
    near: bool = True


def blamed_by_slopes(runs: Runs, names: Sequence[str], wrong: Sequence[str]) -> Sequence[Blame]:
    """Return the lines that make gradients wrong, each with the edit that repairs them.

    `names` are all that are compared.  Empty if that takes too many runs.
    """
    if not wrong or sum(runs.given[name].size for name in names) > _ELEMENTS:
        return ()
    points = [*_sampled(runs, names)]

    def forgives(index: int, name: str, apart: Array) -> bool:
        point = points[index]
        return bool(np.all(apart <= COARSE * np.abs(point.true[name]) + point.errors[name]))

    trials = Gradients(runs, points, forgives, wrong, _MOST)
    called = runs.target.called
    given = points[0].values
    library = runs.target.library
    with trials.at_work():
        watched = Watched((), library)
        watched.run(lambda: runs.as_is(given))
        last = getattr(called, "__code__", None)
        suspects = Suspects(Told(), watched, faithful(watched, trials), back=last,
                            of_loss=last if runs.target.returns_loss else None)  # fmt: skip
        preview = Preview(Told(), watched.held, trials.watchdog, library)
        return tuple(Search(trials, suspects, preview).found())


def _sampled(runs: Runs, names: Sequence[str]) -> Iterator[_Sampled]:
    """Yield the truth at the given arguments, and at some around them if the code runs there."""
    yield _at(runs, {name: runs.given[name] for name in names})
    rng = np.random.default_rng(_SEED)
    try:
        yield _at(runs, {name: drawn(runs.given[name], _SPREAD, rng) for name in names})
    except (CodeFailed, InputError):
        return


def _at(runs: Runs, values: Values) -> _Sampled:
    loss, claimed = runs.as_is(values)
    hand, true, errors = dict[str, Array](), dict[str, Array](), dict[str, Array]()
    for name, value in values.items():
        hand[name] = shaped(claimed[name], value.shape)
        true[name], errors[name] = np.zeros(value.shape), np.full(value.shape, np.inf)
        for at in np.ndindex(*value.shape):
            slope = slope_at(runs, values, name, at)
            if slope.sure:
                true[name][at], errors[name][at] = slope.value, slope.error
    room = SOLVED * max(float(np.max(np.abs(one), initial=0.0)) for one in true.values())
    errors = {name: own + room for name, own in errors.items()}
    return _Sampled(values, loss, hand, true, errors)
