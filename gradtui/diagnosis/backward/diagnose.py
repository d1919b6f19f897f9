"""`[backward]` of a scenario -> its verdict and findings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from gradtui.diagnosis.backward.account import best_account
from gradtui.diagnosis.backward.explain import Explanation, explain_helper
from gradtui.diagnosis.backward.meaning import Readings
from gradtui.diagnosis.backward.numbers import judge_numbers
from gradtui.diagnosis.backward.program import Line
from gradtui.diagnosis.backward.repair import Repair
from gradtui.diagnosis.backward.shapes import Reshaped, reshape_helper
from gradtui.diagnosis.backward.trial import NoPoints, Trial, constant_ratio
from gradtui.diagnosis.backward.wording import describe, evidence_of
from gradtui.diagnosis.edits import INSERTIONS
from gradtui.diagnosis.finding import Finding
from gradtui.engine.expression import Name, parse_program
from gradtui.engine.graph import Kind
from gradtui.engine.handwritten import HandLine
from gradtui.scenario.problem import Handwritten, Problem
from gradtui.source import InputError
from gradtui.text import number

Array = NDArray[np.float64]
MOST_HELPERS = 2
"""Helpers that are changed to make the shapes of a program fit."""
Verdict = Literal["correct", "wrong", "no-claim"]


class Diagnosis(Struct, frozen=True):
    """What is to be said of a hand-written backward pass."""

    verdict: Verdict
    claims: int
    """How many claims were compared."""
    findings: tuple[Finding, ...] = ()
    """Causes first."""
    wrong: frozenset[str] = frozenset()
    """Names of the claims that do not hold."""
    inherited: tuple[str, ...] = ()
    """Those of them that are wrong only through another's mistake."""
    noted: frozenset[str] = frozenset()
    """Names of the claims that are not what they say, of which no parameter's gradient suffers."""


@np.errstate(all="ignore")  # any line of a file may overflow: what is compared is asked for nan
def diagnose(problem: Problem) -> Diagnosis:
    """Judge the hand-written backward pass of a scenario and explain what is wrong with it."""
    hand = problem.backward
    if hand is not None and hand.numbers:
        compared, found, inherited = judge_numbers(problem)
        wrong = frozenset((*(finding.target for finding in found), *inherited))
        verdict: Verdict = "wrong" if found else "correct"
        return Diagnosis(verdict, compared, tuple(found), wrong, tuple(inherited))
    if hand is None or not hand.claims:
        return Diagnosis("no-claim", 0)
    try:
        return _diagnose(problem, hand, MOST_HELPERS)
    except NoPoints:
        return Diagnosis("no-claim", 0, (_no_points(),))


def _diagnose(
    problem: Problem,
    hand: Handwritten,
    helpers: int,
    *,
    like: Trial | None = None,
    strict: bool = False,
) -> Diagnosis:
    """Return the diagnosis of a program; up to `helpers` are changed first to make shapes fit.

    It is tried as another that is `like` it was.  Where it is `strict`, a claim in a shape that
    does not stretch is wrong.
    """
    model = problem.trainer.program
    trial = Trial(model.graph, model.reverse, problem.values, hand, like=like, strict=strict)
    claims = [line for line in trial.lines if line.claimed]
    judged = _judged(trial, claims)
    wrong = [line for line in claims if not trial.is_right(line, trial.world)]
    doubtful = [line for line in wrong if line in judged and _is_doubtful(trial, line)]
    if doubtful:
        return Diagnosis("no-claim", len(claims), tuple(_doubt(trial, one) for one in doubtful))
    if not trial.program.lost and not any(line in judged or line.misfit for line in wrong):
        noted = frozenset(line.name for line in wrong)
        return Diagnosis("correct", len(claims), tuple(_notes(trial, wrong)), noted=noted)
    if trial.program.odd and not strict:
        strictly = _diagnose(problem, hand, helpers, like=trial, strict=True)
        if [one.rule == "unexplained" for one in strictly.findings] == [False]:
            return strictly
    names = [line.name for line in judged]
    fits = not trial.program.lost and not any(line.misfit for line in trial.lines)
    reshaped = reshape_helper(trial, hand, names) if helpers and not fits else None
    if reshaped is not None and _helps(trial, reshaped):
        return _with_helper(problem, trial, hand, reshaped, wrong, helpers - 1)
    trial.follow_convention()
    readings = Readings(trial)
    account = best_account(trial, readings, judged)
    repairs, explanations = account.repairs, account.explanations
    explained = _explained(problem, trial, hand, wrong, repairs, explanations)
    for repair, explanation in zip(repairs, explanations, strict=True) if helpers else ():
        if fits:
            others = [one for one in repairs if one is not repair]
            reshaped = _instead(trial, hand, names, repair, explanation, others)
        if reshaped is None or not (fits or explanation.far_fetched):
            continue
        other = _with_helper(problem, trial, hand, reshaped, wrong, 0)
        return other if not fits or _blamed(other) <= _blamed(explained) else explained
    return explained


def _blamed(diagnosis: Diagnosis) -> int:
    """Return how many lines a diagnosis blames."""
    return len({finding.target for finding in diagnosis.findings})


def _explained(
    problem: Problem,
    trial: Trial,
    hand: Handwritten,
    wrong: Sequence[Line],
    repairs: Sequence[Repair],
    explanations: Sequence[Explanation],
) -> Diagnosis:
    """Return the diagnosis of lines that are repaired as is explained."""
    claims = [line for line in trial.lines if line.claimed]
    judged = _judged(trial, claims)
    fixes = _fixes(trial, hand, explanations)
    findings = [
        finding
        for explanation, fix in zip(explanations, fixes, strict=True)
        for finding in describe(problem, trial, explanation, fix)
    ]
    findings += [_lost(line) for line in trial.program.lost]
    if trial.work.is_cut:
        findings = [_cut(finding, trial.work.tried) for finding in findings]
    blamed = {repair.line.name for repair in repairs}
    world = trial.world.replacing({one.line.node: one.value for one in repairs})
    right = {line.name for line in claims if trial.is_right(line, world)}
    findings += [_unexplained(trial, line) for line in judged if line.name not in right | blamed]
    inherited = (one.name for one in wrong if one.name in right - blamed)
    repaired = all(line.name in right | blamed for line in judged)
    # What is no gradient even so is the usual way of leaving a factor like 1/m for later.
    noted = frozenset(one.name for one in wrong if one.name not in right | blamed and repaired)
    spoilt = frozenset(line.name for line in wrong) - noted
    return Diagnosis("wrong", len(claims), tuple(findings), spoilt, tuple(inherited), noted)


def _cut(finding: Finding, tried: int) -> Finding:
    """Return a finding that says that there was more to try."""
    message = f"{finding.message}; the search was cut after {tried:,} changes: there may be nearer"
    return replace(finding, message=message, evidence={**finding.evidence, "tried": tried})


def _helps(trial: Trial, reshaped: Reshaped) -> bool:
    """Return whether a changed helper is the better explanation of shapes that do not fit."""
    if reshaped.after is None:
        return True
    after = reshaped.after.program.line(reshaped.line.name)
    assert after is not None
    misfits = [line for line in trial.lines if line.misfit]
    if len(misfits) > 1:
        return True
    renamed = any(isinstance(line.tree, Name) for line in misfits)
    return not renamed and Readings(reshaped.after).of(after).known


def _instead(
    trial: Trial,
    hand: Handwritten,
    judged: Sequence[str],
    repair: Repair,
    explanation: Explanation,
    others: Sequence[Repair],
) -> Reshaped | None:
    """Return the change of a helper's shape that says more than the change of what reads it.

    A far-fetched change does not say much; what is put in may be what a helper that computes
    nothing has lost; and of two changes the nearer is the likelier.
    """
    if explanation.far_fetched:
        return reshape_helper(trial, hand, judged, instead=repair, granted=others)
    (nearest, *_) = explanation.hits
    if any(edit.change in INSERTIONS for edit in nearest.edits):
        found = reshape_helper(trial, hand, judged, instead=repair, granted=others, idle=True)
        if found is not None:
            return found
    return reshape_helper(trial, hand, judged, instead=repair, granted=others, nearer=nearest.cost)


def _with_helper(
    problem: Problem,
    trial: Trial,
    hand: Handwritten,
    reshaped: Reshaped,
    wrong: Sequence[Line],
    helpers: int,
) -> Diagnosis:
    """Return the finding of a helper, and those of the program in which it is changed."""
    rest = _diagnose(problem, reshaped.hand, helpers, like=trial)
    explanation = explain_helper(Readings(trial), reshaped.line, reshaped.edit)
    fix = next(explanation.fixes(hand.lines))
    found = (*describe(problem, trial, explanation, fix), *rest.findings)
    names = (frozenset(line.name for line in wrong) | rest.wrong) - rest.noted
    inherited = tuple(line.name for line in wrong if line.name in names - rest.wrong)
    inherited += rest.inherited
    return Diagnosis("wrong", rest.claims, found, names, inherited, rest.noted)


def _judged(trial: Trial, claims: Sequence[Line]) -> list[Line]:
    """Return the claims that decide: those of parameters; all others where there are none."""
    nodes = trial.graph.nodes
    parameters = [one for one in claims if nodes[one.target or 0].kind is Kind.PARAMETER]
    return parameters or list(claims)


def _fixes(
    trial: Trial, hand: Handwritten, explanations: Sequence[Explanation]
) -> list[str | None]:
    """Return the corrected line of each explanation, tried together by judging the program."""
    options = [list(dict.fromkeys(one.fixes(hand.lines))) for one in explanations]
    chosen = [texts[0] if texts else None for texts in options]
    if _passes(trial, hand, explanations, chosen):
        return chosen
    for at, texts in enumerate(options):
        for text in texts[1:]:
            others = [*chosen[:at], text, *chosen[at + 1 :]]
            if _passes(trial, hand, explanations, others):
                return others
    last = [texts[-1] if texts else None for texts in options]
    if _passes(trial, hand, explanations, last):
        return last
    # What is not proved is not offered where it is no small change either.
    return [text if one.hits else None for one, text in zip(explanations, chosen, strict=True)]


def _passes(
    trial: Trial,
    hand: Handwritten,
    explanations: Sequence[Explanation],
    fixes: Sequence[str | None],
) -> bool:
    """Return whether every judged claim is right once the lines are put in."""
    lines = {line.name: line for line in hand.program}
    for explanation, fix in zip(explanations, fixes, strict=True):
        if fix is None:
            return False
        try:
            (lines[explanation.line.name],) = parse_program(fix)
        except (InputError, ValueError):
            return False
    try:
        changed = replace(hand, program=tuple(lines.values()))
        after = Trial(trial.graph, trial.reverse, trial.values, changed, like=trial)
    except (InputError, NoPoints):
        return False
    claims = [line for line in after.lines if line.claimed]
    return all(after.is_right(line, after.world) for line in _judged(after, claims))


def _is_doubtful(trial: Trial, line: Line) -> bool:
    """Return whether the engine's own gradient does not stand central differences."""
    target = line.target or 0
    parameter = trial.graph.nodes[target].kind is Kind.PARAMETER
    return parameter and not trial.engine_agrees(target)


def _doubt(trial: Trial, line: Line) -> Finding:
    name = trial.graph.nodes[line.target or 0].name
    return Finding(
        rule="unexplained",
        severity="warning",
        target=line.name,
        line=line.place.line,
        message=f"by reverse mode the gradient of {name} is not that of central differences at "
        "most of the points tried: the model jumps there, so nothing is said of the hand-written "
        "one",
        evidence={},
    )


def _notes(trial: Trial, differing: Sequence[Line]) -> list[Finding]:
    """Return a remark on each intermediate that is not the gradient its name says."""
    found = []
    for line in differing:
        name = trial.graph.nodes[line.target or 0].name
        true = trial.truth(line.target or 0)
        ratio = constant_ratio(trial.held(line), true, trial.size(line.target or 0))
        slope = f"∂{trial.graph.nodes[trial.graph.loss].name}/∂{name}"
        what = f"not {slope}" if ratio is None else f"{number(ratio)}·{slope}"
        found.append(
            Finding(
                rule="unexplained" if ratio is None else "constant-factor",
                severity="info",
                target=line.name,
                line=line.place.line,
                message=f"{line.name} is {what}; every parameter's gradient is right all the same",
                evidence=evidence_of(trial, line),
            )
        )
    return found


def _lost(line: HandLine) -> Finding:
    return Finding(
        rule="unexplained",
        severity="error",
        target=line.line.name,
        line=line.line.place.line,
        message=f"{line.line.name} has no value: {line.misfit}",
        evidence={"misfit": line.misfit},
    )


def _unexplained(trial: Trial, line: Line) -> Finding:
    return Finding(
        rule="unexplained",
        severity="error",
        target=line.name,
        line=line.place.line,
        message=f"{line.name} is wrong, and no single mistake explains it",
        evidence=evidence_of(trial, line),
    )


def _no_points() -> Finding:
    return Finding(
        rule="unexplained",
        severity="info",
        target="backward",
        line=None,
        message="no random points were found at which the model and its gradient are finite, so "
        "the hand-written gradients were not compared",
        evidence={},
    )
