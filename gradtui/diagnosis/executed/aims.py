"""What an edited update may be: the optimizer as it is, or in the form that the user's code has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from msgspec.structs import replace

from gradtui.diagnosis.executed.judge import Case, short_case_of
from gradtui.diagnosis.executed.setting import Setting
from gradtui.diagnosis.executed.variants import Form, forms_of
from gradtui.diagnosis.executed.walk import Walk
from gradtui.diagnosis.updates.evidence import Course
from gradtui.diagnosis.updates.probes import Probes, Target

SHARE = 0.87
"""What a constant is multiplied by for another one, with which a mended update is right, too."""

_LEAST = 1e-12
"""The smallest eps that code has on purpose."""


class Aim:
    """An optimizer in a form, as an edited update may be."""

    def __init__(self, case: Case, form: Form) -> None:
        self._case, self.form = case, form
        constants = case.update.setting.constants
        self._constants = form.constants(constants)
        program = form.variant.program(case.update.setting.optimizer, self._constants)
        self.exists = program is not None
        """Whether the optimizer has the form."""
        self._program = case.ours if program is None else program
        self._targets = dict[int, Target]()

    def on(self, probes: Probes) -> Target:
        """Return its weights along some sequences."""
        return self._case.against(self._program, self._constants, probes).target

    def fits(self, walk: Walk) -> bool:
        """Return whether an update has its weights on every course."""
        for at, course in enumerate(self._case.courses):
            if at not in self._targets:
                self._targets[at] = self.on(course.probes)
            if not self._targets[at].agrees_always(walk.weights(course.probes)).all():
                return False
        return True


def aims_of(case: Case, *, forms: Sequence[Form]) -> list[Aim]:
    """Return the optimizer in those of some forms that it has."""
    return [aim for form in forms if (aim := Aim(case, form)).exists]


def forms_for(setting: Setting) -> Iterator[Form]:
    """Yield the forms of an optimizer in which an update is no mistake; given eps are as given.

    With a tiny eps an optimizer is one of gradients that are divided by something, too.
    """
    for form in forms_of(setting.constants):
        if form.eps is None or ("eps" not in setting.given and form.eps >= _LEAST):
            yield form


class Redrawn:
    """The update with other constants in place of the given ones that it takes."""

    def __init__(self, case: Case) -> None:
        update = case.update
        setting, taken = update.setting, dict[str, float]()
        turned = "nesterov" in setting.given and self._is_taken(case, _turned(setting))
        for name in sorted(setting.given - {"nesterov"}):
            value = setting.constants[name] * SHARE
            if (
                value
                and update.takes(name)
                and self._is_taken(case, _redrawn(setting, {name: value}))
            ):
                taken[name] = value
        others = [_redrawn(setting, taken)] if taken else []
        others += [_turned(others[0] if others else setting)] if turned else []
        self._cases = [short_case_of(replace(update, setting=one), case) for one in others]

    def _is_taken(self, case: Case, other: Setting) -> bool:
        """Return whether the update moves otherwise in another setting."""
        sequences = case.courses[0].probes
        try:
            walk = short_case_of(replace(case.update, setting=other), case).walk
        except Exception:  # the user's code may refuse this constant
            return False
        own = case.walk.weights(sequences)
        return not np.array_equal(walk.weights(sequences), own, equal_nan=True)

    def fits(self, form: Form) -> bool:
        """Return whether the update as it stands has a form with the other constants, too."""
        return all(Aim(one, form).fits(one.walk.afresh()) for one in self._cases)


def _turned(setting: Setting) -> Setting:
    """Return a setting that looks ahead, or does not, unlike another."""
    return _redrawn(setting, {"nesterov": not setting.constants.get("nesterov")})


def _redrawn(setting: Setting, constants: Mapping[str, float]) -> Setting:
    return replace(setting, constants={**setting.constants, **constants})


def is_that_constant(
    case: Case, name: str, courses: Sequence[Course], form: Form, walk: Walk
) -> bool:
    """Return whether an update has a form's weights with another value of a constant."""
    setting = case.update.setting
    other = _redrawn(setting, {name: setting.constants[name] * SHARE})
    constants = form.constants(other.constants)
    program = form.variant.program(setting.optimizer, constants)
    assert program is not None
    return all(
        case.against(program, constants, one.probes)
        .target.agrees_always(walk.weights(one.probes))
        .all()
        for one in courses
    )
