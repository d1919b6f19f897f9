"""Compares a hand-written update with the optimizer: whether it is right, and where."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from gradtui.base.source import Place
from gradtui.diagnosis.finding import Finding
from gradtui.diagnosis.updates.evidence import Course, Origin, astray, beyond_noise, course_of
from gradtui.diagnosis.updates.explanation import Comparison, Source, explained, remarked
from gradtui.diagnosis.updates.motion import Motion, elementwise
from gradtui.diagnosis.updates.probes import (
    Array,
    Probes,
    Sampling,
    at_other_rates,
    long,
    sized,
)
from gradtui.diagnosis.updates.run import continued, number_by_number, own_run, rates_of
from gradtui.engine.handwritten import UpdateProgram
from gradtui.engine.program import update_of
from gradtui.engine.schedules import SCHEDULES
from gradtui.engine.shapes import Shape
from gradtui.scenario.problem import Problem

_WAVES = ("cosine", "warmup_cosine", "one_cycle")
"""The schedules made from a cosine."""


class UpdateReport(Struct, frozen=True):
    """The verdict on a hand-written update."""

    findings: tuple[Finding, ...]
    wrong: bool
    claims: int
    """The number of updates compared: one or none."""


class Setting(Struct, frozen=True, eq=False):
    """The reference of an update, and the points of comparison."""

    optimizer: str
    constants: Mapping[str, float]
    """All constants of the optimizer."""
    rates: Array
    """(steps,), the learning rates of the run; a single one if it never changes."""
    run: list[Probes] = []
    """The run's gradients, grouped by shape; none without a run."""
    steps: int = 0
    """The run's length."""
    shapes: tuple[Shape, ...] = ((),)
    """Those of the parameters."""
    clip_norm: float = math.inf
    numbers: Sequence[float] = ()
    """The numbers of the schedule and of the clipping, which a program may contain."""


@np.errstate(all="ignore")  # a trajectory may overflow, and so may its reference
def diagnose_update(problem: Problem) -> UpdateReport:
    """Return the judgement of a scenario's hand-written update."""
    update = problem.update
    if update is None:
        return UpdateReport((), wrong=False, claims=0)
    program = UpdateProgram(update.program, update.state, "")
    findings = judge(
        program, _setting(problem, update.constants), Source(update.lines, update.state_places)
    )
    wrong = any(finding.severity == "error" for finding in findings)
    found = tuple(_in_its_file(finding, update.other_places) for finding in findings)
    return UpdateReport(found, wrong=wrong, claims=1)


def _in_its_file(finding: Finding, places: Mapping[str, Place]) -> Finding:
    """Return a finding about an initial value that is in another file than the lines."""
    place = places.get(finding.target) if finding.line is None else None
    return finding if place is None else replace(finding, line=place.line, place=place)


def _setting(problem: Problem, constants: Mapping[str, float]) -> Setting:
    trainer, steps = problem.build("autodiff"), problem.steps
    rates = rates_of(trainer, steps)
    clip_norm = problem.tables["optimizer"].get("clip_norm", math.inf)
    return Setting(
        problem.optimizer, constants, rates,
        own_run(trainer, steps, rates, constants, clip_norm), steps,
        tuple(dict.fromkeys(node.shape for node in problem.graph.parameters)), clip_norm,
        _numbers(problem.tables, steps),
    )  # fmt: skip


def _numbers(tables: Mapping[str, Any], steps: int) -> tuple[float, ...]:
    """Return the numbers that decide the rate and the clipping."""
    numbers = [tables["optimizer"].get("clip_norm")]
    if "schedule" in tables:
        given = tables["schedule"]
        constants = SCHEDULES[given["name"]].constants
        numbers += [given.get(constant.name, constant.default) for constant in constants]
        numbers += [tables["optimizer"]["lr"], steps]
        numbers += [math.pi] if given["name"] in _WAVES else []
    return tuple(dict.fromkeys(float(number) for number in numbers if number is not None))


def judge(program: UpdateProgram, setting: Setting, source: Source) -> tuple[Finding, ...]:
    """Return the findings of an update; none if it equals the optimizer everywhere.

    It is wrong if it differs on the run.  Without a run, or if the run moves nothing, drawn
    sequences decide.
    """
    shapes: Sequence[Shape] = [shape for shape in setting.shapes if math.prod(shape)]
    if elementwise(program):
        state = {name: np.ravel(value)[0] for name, value in program.state.items()}
        program, shapes = replace(program, state=state), [()]
        setting = replace(setting, run=number_by_number(setting.run))
    comparisons = [_comparison(program, setting, shape) for shape in shapes]
    telling = [
        course.origin for compared in comparisons for course in compared.courses if course.tells
    ]
    deciding = min(telling, default=Origin.RATES)
    for compared in comparisons:
        found = _failed(
            compared, [course for course in compared.courses if course.origin <= deciding]
        )
        if found:
            return explained(*found, source)
    for compared in comparisons:
        found = _failed(
            compared, [course for course in compared.courses if course.origin > deciding]
        )
        if found:
            return remarked(*found, source)
    return ()


def _comparison(program: UpdateProgram, setting: Setting, shape: Shape) -> Comparison:
    constants = setting.constants
    ours = update_of(setting.optimizer, constants)
    motion = Motion(ours, constants, shape)
    sampling = Sampling(constants, setting.rates, setting.clip_norm, shape)
    runs = [run for run in setting.run if run.shape == shape]
    if shape == ():
        runs += [
            continued(run, setting.rates, setting.steps)
            for run in runs
            if len(run.g) < setting.steps
        ]
    drawn = [sized(sampling), long(sampling)]
    courses = [
        *(course_of(Origin.RUN, motion, run) for run in runs),
        *(course_of(Origin.DRAWN, motion, probes) for probes in drawn),
        course_of(Origin.RATES, motion, at_other_rates(sampling)),
    ]
    made = Motion(program, constants, shape)
    return Comparison(
        made, setting.optimizer, ours, constants, tuple(courses), setting.steps,
        float(setting.rates[0]), setting.numbers,
    )  # fmt: skip


def _failed(compared: Comparison, courses: Sequence[Course]) -> tuple[Comparison, Course] | None:
    """Return the first course that a program fails by more than rounding, with its tolerance.

    None if it fails none.
    """
    for course in courses:
        if not astray(compared.motion, course).any():
            continue
        measured = beyond_noise(compared.motion, compared.ours, course)
        if astray(compared.motion, measured).any():
            settled = tuple(measured if one is course else one for one in compared.courses)
            return replace(compared, courses=settled), measured
    return None
