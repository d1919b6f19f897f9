"""Whether an executed update equals the optimizer, and where not. Explains nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from gradtui.diagnosis.executed.calls import Update
from gradtui.diagnosis.executed.walk import Walk
from gradtui.diagnosis.updates.evidence import Course, Origin, astray, beyond_noise, course_of
from gradtui.diagnosis.updates.motion import Motion
from gradtui.diagnosis.updates.probes import Probes, Sampling, at_other_rates, long, sized
from gradtui.engine.handwritten import UpdateProgram
from gradtui.engine.program import update_of

Array = NDArray[Any]

_PLAIN = (2.0, -1.0, 0.5, 3.0, 1.0, -2.0)
"""Gradients on which a mistake is shown, if possible."""
_SINGLE = np.array([1e-3])
"""The tolerance in float32, relative to the path length."""
_EPS = float(np.finfo(np.float32).eps)
LARGE = 1e3
"""The size of gradients with which no eps shows."""


class Case(Struct, frozen=True, eq=False):
    """An update, the optimizer that it should be, and the courses of both."""

    update: Update
    ours: UpdateProgram
    walk: Walk
    courses: tuple[Course, ...]

    @property
    def failed(self) -> Course | None:
        """The first course on which it differs from the optimizer by more than rounding."""
        for course in self.courses:
            if astray(self.walk, course).any():
                measured = beyond_noise(self.walk, self.ours, course)
                if astray(self.walk, measured).any():
                    return measured
        return None

    def made(self, *, large: bool = False) -> list[Course]:
        """Return the courses with the update as the optimizer: an explanation must fit them.

        Those with only large gradients are the same for any eps.
        """
        found = []
        for course in self.courses:
            probes = course.probes
            if large:
                sizes = [isinstance(k, float) and k >= LARGE for k in probes.kinds]
                probes = probes.only(np.flatnonzero(sizes))
            if len(probes.w):
                found.append(self.own(probes))
        return found

    def own(self, probes: Probes) -> Course:
        """Return a course with the update in the optimizer's place."""
        return _course(Origin.DRAWN, self.walk, probes, self.walk)

    def true(self, probes: Probes) -> Course:
        """Return the course on some sequences."""
        return _course(Origin.DRAWN, Motion(self.ours, probes.constants), probes, self.walk)

    def against(
        self, program: UpdateProgram, constants: Mapping[str, float], probes: Probes
    ) -> Course:
        """Return the course of another program on some sequences."""
        other = replace(probes, constants=constants)
        return _course(Origin.DRAWN, Motion(program, constants), other, self.walk)

    def plain(self, size: float = 1.0) -> Course:
        """Return the course on a plain sequence with gradients scaled by a factor."""
        first = self.courses[0].probes
        g, lr = size * np.array(_PLAIN)[:, None], np.repeat(first.lr[:1, :1], len(_PLAIN), axis=0)
        return self.true(Probes(np.ones(1), g, lr, first.constants, slack=first.slack))


def case_of(update: Update, *, together: bool = True) -> Case:
    """Return the case of an update, for several parameters at once or for each by itself.

    Exceptions of the user's code pass through; raises NotMovedError if no weights are returned.
    """
    setting = update.setting
    ours = update_of(setting.optimizer, setting.constants)
    sampling = Sampling(setting.constants, np.array([setting.lr]))
    drawn = [(Origin.DRAWN, sized(sampling)), (Origin.DRAWN, long(sampling))]
    if update.takes_rate:
        drawn.append((Origin.RATES, at_other_rates(sampling)))
    walk = Walk(update, ours, together=together and not update.alone)
    for _, probes in drawn:
        walk.weights(probes)
    if walk.single:
        drawn = [(level, replace(probes, slack=_SINGLE)) for level, probes in drawn]
    motion = Motion(ours, setting.constants)
    courses = tuple(_course(level, motion, probes, walk) for level, probes in drawn)
    return Case(update, ours, walk, courses)


def short_case_of(update: Update, case: Case) -> Case:
    """Return the case of an update with other constants than another case, on the first course."""
    setting = update.setting
    ours = update_of(setting.optimizer, setting.constants)
    walk = Walk(update, ours, together=case.walk.together)
    probes = replace(case.courses[0].probes, constants=setting.constants)
    walk.weights(probes)
    motion = Motion(ours, setting.constants)
    return Case(update, ours, walk, (_course(Origin.DRAWN, motion, probes, walk),))


def _course(level: Origin, motion: Motion, probes: Probes, walk: Walk) -> Course:
    """Return the course on some sequences; in float32, weights are rounded at every step."""
    course = course_of(level, motion, probes)
    if not walk.single:
        return course
    target, first = course.target, np.abs(probes.w)
    with np.errstate(all="ignore"):
        sizes = np.maximum.accumulate(np.maximum(np.abs(target.w), first), axis=0)
        rounded = _EPS * np.cumsum(sizes, axis=0)
    room = target.room + np.where(np.isfinite(rounded), rounded, 0.0)
    return replace(course, target=replace(target, room=room))
