"""Whether an update that is executed is the optimizer's, and where not. Explains nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from gradtui.diagnosis.executed.calls import Update
from gradtui.diagnosis.executed.walk import Walk
from gradtui.diagnosis.updates.evidence import Level, Trial, astray, beyond_noise, trial_of
from gradtui.diagnosis.updates.motion import Motion
from gradtui.diagnosis.updates.probes import Drawing, Probes, at_other_rates, long, sized
from gradtui.engine.handwritten import UpdateProgram
from gradtui.engine.program import update_of

Array = NDArray[Any]

_PLAIN = (2.0, -1.0, 0.5, 3.0, 1.0, -2.0)
"""Gradients on which a mistake is shown, if it shows on them."""
_SINGLE = np.array([1e-3])
"""What of the way walked is allowed in float32."""
_EPS = float(np.finfo(np.float32).eps)
LARGE = 1e3
"""The size of gradients beside which no eps shows."""


class Case(Struct, frozen=True, eq=False):
    """An update, the optimizer that it is to be, and the trials of both."""

    update: Update
    ours: UpdateProgram
    walk: Walk
    trials: tuple[Trial, ...]

    @property
    def failed(self) -> Trial | None:
        """The first trial on which it is not the optimizer's, by more than rounding."""
        for trial in self.trials:
            if astray(self.walk, trial).any():
                measured = beyond_noise(self.walk, self.ours, trial)
                if astray(self.walk, measured).any():
                    return measured
        return None

    def made(self, *, large: bool = False) -> list[Trial]:
        """Return the trials with the update in the optimizer's place: what explains it fits them.

        Those of large gradients alone are the same whatever eps does.
        """
        found = []
        for trial in self.trials:
            probes = trial.probes
            if large:
                sizes = [isinstance(k, float) and k >= LARGE for k in probes.kinds]
                probes = probes.only(np.flatnonzero(sizes))
            if len(probes.w):
                found.append(self.own(probes))
        return found

    def own(self, probes: Probes) -> Trial:
        """Return a trial with the update in the optimizer's place."""
        return _trial(Level.DRAWN, self.walk, probes, self.walk)

    def true(self, probes: Probes) -> Trial:
        """Return the trial on some sequences."""
        return _trial(Level.DRAWN, Motion(self.ours, probes.constants), probes, self.walk)

    def plain(self, size: float = 1.0) -> Trial:
        """Return the trial on a plain sequence, of gradients so much larger."""
        first = self.trials[0].probes
        g, lr = size * np.array(_PLAIN)[:, None], np.repeat(first.lr[:1, :1], len(_PLAIN), axis=0)
        return self.true(Probes(np.ones(1), g, lr, first.constants, slack=first.slack))


def case_of(update: Update, *, together: bool = True) -> Case:
    """Return the case of an update, of several parameters at once or of each by itself.

    Exceptions of the user's code pass through; raises NotMovedError where no weights come back.
    """
    setting = update.setting
    ours = update_of(setting.optimizer, setting.constants)
    drawing = Drawing(setting.constants, np.array([setting.lr]))
    drawn = [(Level.DRAWN, sized(drawing)), (Level.DRAWN, long(drawing))]
    if update.takes_rate:
        drawn.append((Level.RATES, at_other_rates(drawing)))
    walk = Walk(update, ours, together=together)
    for _, probes in drawn:
        walk.weights(probes)
    if walk.single:
        drawn = [(level, replace(probes, slack=_SINGLE)) for level, probes in drawn]
    motion = Motion(ours, setting.constants)
    trials = tuple(_trial(level, motion, probes, walk) for level, probes in drawn)
    return Case(update, ours, walk, trials)


def _trial(level: Level, motion: Motion, probes: Probes, walk: Walk) -> Trial:
    """Return the trial on some sequences; in float32 a weight is rounded at every step."""
    trial = trial_of(level, motion, probes)
    if not walk.single:
        return trial
    target, first = trial.target, np.abs(probes.w)
    with np.errstate(all="ignore"):
        sizes = np.maximum.accumulate(np.maximum(np.abs(target.w), first), axis=0)
        rounded = _EPS * np.cumsum(sizes, axis=0)
    room = target.room + np.where(np.isfinite(rounded), rounded, 0.0)
    return replace(trial, target=replace(target, room=room))
