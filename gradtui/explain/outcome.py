"""The report of `gradtui check` on a file, for people: each finding at its line, with its fix."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from gradtui.base.source import Place, from_here
from gradtui.base.text import clean, clip, number
from gradtui.diagnosis.finding import Finding, source_of
from gradtui.diagnosis.runs.run import SAMPLES, steps_looked_at, steps_recorded
from gradtui.explain.remarks import Remark, Report
from gradtui.explain.terms import in_terms
from gradtui.language.parser import Assignment
from gradtui.scenario.problem import Notice, Problem
from gradtui.scenario.rules import GRADIENT_RULES

if TYPE_CHECKING:
    from gradtui.diagnosis.check import Check

_LISTED = 80
NOTHING_COMPARED = "nothing was compared: no line of [backward] claims a gradient"


def report_of(outcome: Check) -> Report:
    """Return the whole report on a scenario."""
    remarks = [_remark(outcome.problem, finding) for finding in outcome.findings]
    return Report(remarks, _summary(outcome))


def unsaid(notices: Iterable[Notice], findings: Sequence[Finding]) -> list[Notice]:
    """Return the notices, except those of parameters that a finding calls disconnected."""
    said = {finding.line for finding in findings if finding.rule == "disconnected"}
    return [notice for notice in notices if notice.place.line not in said]


def finding_place(problem: Problem, finding: Finding) -> Place:
    """Return the place of a finding's culprit: in a hand-written line, the expression assigned."""
    if finding.place is not None:
        return finding.place
    assigned = _line_of(problem, finding)
    if assigned is not None:
        return assigned.value.place
    return Place(finding.line or 1, file=source_of(problem, finding))


def _line_of(problem: Problem, finding: Finding) -> Assignment | None:
    """Return the hand-written line of a finding."""
    hands = ((problem.backward, finding.of_gradient), (problem.update, finding.of_update))
    for hand, meant in hands:
        if hand is not None and meant:
            for line in hand.program:
                if line.place.line <= (finding.line or 0) <= line.value.place.line:
                    return line
    return None


def _remark(problem: Problem, finding: Finding) -> Remark:
    place, terms = finding_place(problem, finding), in_terms(problem, finding)
    message = f"{finding.message}; {terms}" if terms else finding.message
    return Remark(
        problem.file_of(place), place, problem.line_at(place), finding.severity, finding.rule,
        message, finding.fix, finding.alternatives,
    )  # fmt: skip


def _summary(outcome: Check) -> str:
    """Return the last line: what was compared, and the result."""
    problem = outcome.problem
    count, claims = len(problem.facts) + len(problem.expected), outcome.claims
    said = list[str]()
    if claims:
        many = f"{claims} claims" if claims > 1 else "one claim"
        said.append(many + _compared(outcome))
    said += [left_out(problem)] if left_out(problem) else []
    if outcome.silenced:
        said.append(f"{outcome.silenced} silenced")
    if outcome.inherited:
        said.append(f"wrong only because of another line: {', '.join(outcome.inherited)}")
    failed = sum(finding.rule == "fact" for finding in outcome.findings)
    if failed:
        said.append(f"{failed:,} of {count:,} stated facts do not hold")
    else:
        held = {
            0: "the file has no [[expect]] to check numbers against",
            1: "the one stated fact holds",
        }
        if not count and not problem.by_hand:
            said.append("the run alone was examined: no gradient is written by hand, and no "
                        "[[expect]] states a fact")  # fmt: skip
        else:
            # without the error, "failed" would contradict the facts that hold
            errors = sum(finding.severity == "error" for finding in outcome.findings)
            by = {0: "", 1: "with one error, though "}.get(errors, f"with {errors} errors, though ")
            by = "" if outcome.verdict == "wrong" or not count else by
            said.append(by + held.get(count, f"all {count:,} stated facts hold"))
    looked_at = steps_looked_at(problem)
    if looked_at < problem.steps:
        said.append(f"the run was examined up to step {looked_at:,} of {problem.steps:,}")
    recorded = steps_recorded(problem)
    if recorded < min(SAMPLES, looked_at):
        said.append(f"the model is large: about {recorded} steps of the run were recorded")
    word = "failed" if outcome.failed else "ok"
    return clean(f"{from_here(problem.path)}: {word}, {'; '.join(said)}")


def left_out(problem: Problem) -> str:
    """Return which parameters have no gradient among those written by hand; empty if all have."""
    if problem.backward is None:
        return ""
    claimed = problem.backward.claimed
    if not claimed:
        return NOTHING_COMPARED
    names = [one.name for one in problem.graph.parameters if one.name not in claimed]
    return f"not compared: {clip(', '.join(names), _LISTED)}" if names else ""


def _compared(outcome: Check) -> str:
    """Return the verdict on the claims, with the number of points and the tolerance."""
    noted = any(
        finding.severity == "info" and finding.rule in GRADIENT_RULES
        and finding.rule != "relies-on-data"
        for finding in outcome.findings
    )  # fmt: skip
    said = " compared"
    if outcome.verdict not in ("wrong", "not-compared") and not outcome.silenced:
        said += ", the parameters' gradients are right" if noted else " and right"
    made = outcome.compared
    if made is None or not made.points:
        return said
    batches = f" of {made.batches} batches" if made.batches > 1 else ""
    said += f" at {made.points} points{batches}" if made.points > 1 else " at the start alone"
    if made.loosest > 1.1 * made.tightest:
        said += (
            f", to {number(made.tightest, 2)} of each element, {number(made.loosest, 2)} at most"
        )
    elif made.loosest:
        said += f", to {number(made.loosest, 2)} of each element"
    if made.untold:
        lost = ", ".join(f"{many:,} of {name}" for name, many in made.untold)
        said += f"; lost in rounding: {clip(lost, _LISTED)}"
    return said
