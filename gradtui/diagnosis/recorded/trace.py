"""One recorded run of a target as a problem, with the findings of its gradients."""

from __future__ import annotations

from msgspec import Struct

from gradtui.base.source import InputError, Place
from gradtui.diagnosis.judgement import Judgement
from gradtui.diagnosis.recorded.check import check_target
from gradtui.diagnosis.recorded.outcome import Outcome
from gradtui.diagnosis.recorded.runs import Lost, Runs
from gradtui.diagnosis.recorded.target import Target
from gradtui.recording.run import collected
from gradtui.recording.slopes import Untold
from gradtui.scenario.problem import Problem
from gradtui.tracing.problem import Recording, problem_of
from gradtui.tracing.visits import Visits


class Traced(Struct, frozen=True, eq=False):
    """One call of the user's code, with the judgement of its gradients."""

    problem: Problem
    judgement: Judgement


def trace_target(target: Target) -> Traced:
    """Check a target, run it once more and return that run; raises InputError.

    Exceptions of the user's code pass through.
    """
    outcome = check_target(target)
    told = tuple(one.place.file for one in outcome.findings if one.place)
    return Traced(problem_of(record_call(target, told)), _judgement(outcome))


@collected()
def record_call(target: Target, files: tuple[str, ...] = ()) -> Recording:
    """Return one recorded run of a target; raises InputError if it cannot be recorded.

    `files` are others whose lines are shown.  NumPy's generators are restored.
    """
    visits, before = Visits(), target.library.randomness(None)
    runs = Runs(target, watched=visits.watched)
    try:
        runs.first()
        point = runs.point(runs.given, tuple(runs.given), near=True)
    except (Lost, Untold) as error:
        raise InputError(
            f"the run cannot be shown: {error}; `gradtui check` compares its gradients",
            target.place, file=target.file,
        ) from None  # fmt: skip
    finally:
        before.restore()
        runs.kept.put_back()
    wanted = target.wanted or tuple(point.hand)
    return Recording(
        target.function, target.place or Place(1, file=target.file), point.result.tape, visits,
        point.root, tuple(name for name in runs.given if name in wanted),
        {name: (point.hand[name], point.nodes[name]) for name in point.hand if name in wanted},
        files,
    )  # fmt: skip


def _judgement(outcome: Outcome) -> Judgement:
    wrong, uncompared = set[str](), set[str]()
    for finding in outcome.findings:
        if finding.severity == "error":
            names = finding.evidence.get("gradients", [finding.target])
            (uncompared if finding.rule == "not-compared" else wrong).update(names)
    return Judgement(
        outcome.verdict, outcome.claims, outcome.findings, frozenset(wrong),
        uncompared=frozenset(uncompared), silenced=outcome.silenced,
    )  # fmt: skip
