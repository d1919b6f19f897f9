"""Finds the line of an update that is at fault: edits are judged by the resulting weights."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradtui.diagnosis.executed.judge import Case
from gradtui.diagnosis.recorded.blame.flow import Told
from gradtui.diagnosis.recorded.blame.guard import guarded
from gradtui.diagnosis.recorded.blame.hits import Blame
from gradtui.diagnosis.recorded.blame.preview import Preview
from gradtui.diagnosis.recorded.blame.search import Search
from gradtui.diagnosis.recorded.blame.suspects import Suspects
from gradtui.diagnosis.recorded.blame.trial import Patch, Results, Trials, faithful
from gradtui.diagnosis.recorded.blame.watch import Watched
from gradtui.diagnosis.recorded.blame.watchdog import Endless
from gradtui.diagnosis.updates.evidence import Course, astray
from gradtui.recording.kept import Kept

Array = NDArray[Any]

_WEIGHTS = "w"
_MOST = 2_000
"""Most edited runs of a few steps."""
_STEPS, _SEQUENCES = 6, 24
"""The edits glanced at first."""


def blamed(case: Case, failed: Course) -> Blame | None:
    """Return the line that makes an update differ from the optimizer, with the repairing edit.

    `failed` is the course on which it differs.
    """
    trials = _Walks(case, failed)
    called = case.update.called
    arrays = Kept(called).arrays
    with guarded(called, arrays, lambda: trials.results(None)), trials.watchdog.at_work():
        trials.measure()
        watched = Watched(())
        watched.run(lambda: trials.results(None))
        suspects = Suspects(Told(), watched, faithful(watched, trials))
        return next(
            Search(trials, suspects, Preview(Told(), watched.held, trials.watchdog)).found(), None
        )


class _Walks(Trials):
    """Runs an edited update along sequences of gradients."""

    def __init__(self, case: Case, failed: Course) -> None:
        super().__init__([_WEIGHTS], _MOST)
        self._case = case
        wrong = np.flatnonzero(astray(case.walk, failed).any(axis=0))
        others = np.setdiff1d(np.arange(len(failed.probes.w)), wrong)
        chosen = np.concatenate([wrong, others])[:_SEQUENCES]
        until = 1 + int(np.argmax(astray(case.walk, failed)[:, wrong].any(axis=1)))
        self._first = failed.only(chosen, max(_STEPS, until))
        self.numbers = list(dict.fromkeys(case.update.setting.constants.values()))

    def results(self, patch: Patch | None) -> Results | None:
        """Return the weights along the first sequences; None if the edited update fails."""
        self.count()
        try:
            with self.edited(patch):
                return {_WEIGHTS: self._case.walk.afresh().again(self._first.probes)}
        except (Exception, Endless):  # whatever an edit makes the user's code raise
            return None

    def mended(self, patch: Patch) -> frozenset[str]:
        """Return whether an edit makes the update equal the optimizer on every course."""
        found = self.results(patch)
        if found is None or not self.is_right(_WEIGHTS, found):
            return frozenset()
        try:
            with self.edited(patch):
                walk = self._case.walk.afresh()
                right = not any(astray(walk, course).any() for course in self._case.courses)
        except (Exception, Endless):  # the same
            return frozenset()
        return frozenset([_WEIGHTS]) if right else frozenset()

    def true(self, name: str) -> Array:
        """Return the optimizer's weights along the first sequences."""
        return self._first.target.w

    def is_right(self, name: str, results: Results) -> bool:
        """Return whether weights are the optimizer's along the first sequences."""
        return bool(self._first.target.agrees_always(results[name]).all())
