"""One recorded run of a target as a problem, with the check of its gradients."""

from __future__ import annotations

from collections.abc import Collection
from threading import Thread

from msgspec import Struct

from gradtui.base.source import InputError, Place
from gradtui.diagnosis.judgement import Judgement
from gradtui.diagnosis.recorded.check import check_target
from gradtui.diagnosis.recorded.elsewhere import Elsewhere, can_check_elsewhere
from gradtui.diagnosis.recorded.outcome import judgement_of
from gradtui.diagnosis.recorded.runs import CodeFailed, Lost, Runs, raised
from gradtui.diagnosis.recorded.target import Target
from gradtui.diagnosis.recorded.wanted import judged_names
from gradtui.recording.run import Answers, collected, unheard
from gradtui.recording.slopes import Untold
from gradtui.scenario.problem import Problem
from gradtui.tracing.problem import Recording, problem_of
from gradtui.tracing.visits import Visits


class Traced(Struct, frozen=True, eq=False):
    """One call of the user's code, with the judgement of its gradients."""

    problem: Problem
    judged: Judgement | Elsewhere
    """The judgement, or the check that is going on."""


def trace_target(target: Target, threads: Collection[Thread] | None = None) -> Traced:
    """Run a target, check it, and return that run; raises InputError.

    With `threads`, those that the user's code did not begin, the check goes on in a process of its
    own if it can. Exceptions of the user's code pass through.
    """
    if threads is None:
        judgement = judgement_of(check_target(target))
        return Traced(problem_of(record_call(target)), judgement)
    answers = Answers()
    problem = problem_of(record_call(target, answers, heard=True))
    if can_check_elsewhere(threads):
        return Traced(problem, Elsewhere(target, answers))
    with unheard():
        return Traced(problem, judgement_of(check_target(target, answers=answers)))


@collected()
def record_call(
    target: Target, answers: Answers | None = None, *, heard: bool = False
) -> Recording:
    """Return one recorded run of a target; raises InputError if it cannot be recorded.

    A run before it may be `heard`. NumPy's generators are restored.
    """
    visits, before = Visits(), target.library.randomness(None)
    failed, target = None, target.unweighted or target
    with target.library.in_python(target.called):
        runs = Runs(target, watched=visits.watched, answers=answers)
        try:
            _, claimed = runs.first(heard=heard)
            judged_names(runs, claimed)
            point = runs.point(runs.given, tuple(runs.given), near=True)
        except (Lost, Untold) as error:
            raise InputError(
                f"the run cannot be shown: {error}; `gradtui check` compares its gradients",
                target.place, file=target.file,
            ) from None  # fmt: skip
        except CodeFailed as error:
            failed = raised(error, target)
        finally:
            before.restore()
            runs.kept.put_back()
    if failed is not None:
        raise failed
    wanted = target.names(point.hand)
    return Recording(
        target.function, target.place or Place(1, file=target.file), point.result.tape, visits,
        point.root, tuple(name for name in runs.given if name in wanted),
        {name: (point.hand[name], point.nodes[name]) for name in point.hand if name in wanted},
    )  # fmt: skip
