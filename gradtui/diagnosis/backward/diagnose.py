"""`[backward]` of a scenario -> its verdict and findings.

The user's own data decide what is right; other data only tell several possible mistakes apart.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from msgspec.structs import replace

from gradtui.diagnosis.backward.culprits import (
    Culprits,
    deciding,
    doubt,
    find_culprits,
    no_points,
    notes_on,
    unexplained,
    untellable,
)
from gradtui.diagnosis.backward.drawn import Draw, NoPoints, started
from gradtui.diagnosis.backward.judge import ClaimJudge
from gradtui.diagnosis.backward.numbers import judge_numbers
from gradtui.diagnosis.backward.probes import Probes
from gradtui.diagnosis.backward.program import Line
from gradtui.diagnosis.backward.reliance import other_data, reliance
from gradtui.diagnosis.backward.sides import remarks
from gradtui.diagnosis.backward.trial import Trial
from gradtui.diagnosis.finding import Finding
from gradtui.diagnosis.judgement import Compared, Judgement, Verdict
from gradtui.engine.graph import Kind
from gradtui.scenario.problem import Handwritten, Problem


@np.errstate(all="ignore")  # any line of a file may overflow: comparisons check for nan
def diagnose(problem: Problem) -> Judgement:
    """Judge the hand-written backward pass of a scenario and explain its mistakes."""
    hand = problem.backward
    if hand is not None and hand.numbers:
        return _of_numbers(problem)
    if hand is None or not hand.claims:
        return Judgement("no-claim")
    try:
        return _Diagnosing(problem, hand).diagnosis()
    except NoPoints:
        return Judgement("not-compared", 0, (no_points(hand),), uncompared=frozenset(hand.claims))


def _of_numbers(problem: Problem) -> Judgement:
    found = judge_numbers(problem)
    spoilt = (one.target for one in found.findings if one.rule != "not-compared")
    wrong = frozenset((*spoilt, *found.inherited))
    uncompared = frozenset(found.uncompared)
    verdict: Verdict = "wrong" if wrong else "not-compared" if uncompared else "correct"
    return Judgement(
        verdict, found.compared, found.findings, wrong, found.inherited, uncompared=uncompared,
        compared=Compared(1, 1, found.tolerance, found.tolerance),
    )  # fmt: skip


def _not_compared(
    found: Judgement, lines: Sequence[Line], findings: Sequence[Finding]
) -> Judgement:
    names = frozenset(line.name for line in lines)
    return replace(
        found, verdict="not-compared", claims=found.claims - len(names),
        findings=tuple(findings), uncompared=names,
    )  # fmt: skip


class _Diagnosing:
    """A program, judged on the user's own data."""

    def __init__(self, problem: Problem, hand: Handwritten) -> None:
        self.problem, self.hand = problem, hand
        self.probes = Probes.of(problem)
        parameters = {node.name for node in problem.graph.parameters}
        # Without a parameter's claim nothing shows the meaning of a claim in an odd shape.
        self.strict = parameters.isdisjoint(hand.claims.values())
        self.trial = self.tried(self.probes.own)
        self.judge = ClaimJudge(self.trial, self.probes.own())
        self.claims = [line for line in self.trial.lines if line.claimed]
        self.decisive = deciding(self.trial.graph, self.claims)
        self.judged = self.judge.judged(self.claims)

    def tried(self, draw: Draw) -> Trial:
        program = self.problem.trainer.program
        return Trial(program.graph, program.reverse, draw, self.hand, strict=self.strict)

    def diagnosis(self) -> Judgement:
        found = Judgement("correct", len(self.claims), compared=self.compared())
        wrong = [one for one in self.claims if one.misfit or not self.judged[one.name].right]
        spoilt = [line for line in wrong if line.misfit or line in self.decisive]
        if self.trial.program.lost or spoilt:
            doubtful = [line for line in spoilt if self.is_doubtful(line)]
            if doubtful:
                findings = [doubt(self.trial, line) for line in doubtful]
                return _not_compared(found, doubtful, findings)
            culprits = self.culprits(wrong)
            return replace(
                found,
                verdict="wrong",
                findings=self.told(culprits, spoilt),
                wrong=culprits.wrong | {line.name for line in spoilt},
                inherited=culprits.inherited,
                noted=culprits.noted,
            )
        found = replace(found, noted=frozenset(line.name for line in wrong))
        untold = [line for line in self.decisive if not self.judged[line.name].told]
        if untold:
            findings = [untellable(line, self.judged[line.name].doubt) for line in untold]
            return _not_compared(found, untold, findings)
        relies = reliance(self.problem, self.probes, self.trial, self.hand, self.decisive)
        beyond = remarks(self.trial.graph, self.probes.bends, self.trial.world)
        return replace(found, findings=(*relies, *beyond, *notes_on(self.trial, wrong)))

    def is_doubtful(self, line: Line) -> bool:
        """Return whether the engine's own gradient disagrees with central differences."""
        target = line.target or 0
        parameter = self.trial.graph.nodes[target].kind is Kind.PARAMETER
        return parameter and not line.misfit and not self.judge.engine_agrees(target)

    def culprits(self, wrong: Sequence[Line]) -> Culprits:
        """Return the diagnosis on the data that explain it best.

        Other data than the user's tell more; but the user's own are used if claims right on them
        are wrong on the others, or if the others explain nothing.
        """
        names, best = {line.name for line in wrong}, None
        for other in other_data(self.probes, self.trial, names):
            found = find_culprits(self.problem, self.tried(other), self.hand, strict=self.strict)
            best = found if best is None or found.rank < best.rank else best
            if not best.puzzles:
                return best
        drawn, fair = self.probes.own, self.judge.fair
        # With hardly a point left, unfair points are better than none.
        fair = fair if np.sum(fair) > 1 else np.ones_like(fair)
        own = self.tried(lambda seed: started(drawn(seed), fair))
        found = find_culprits(self.problem, own, self.hand, strict=self.strict)
        return found if best is None or found.rank < best.rank else best

    def told(self, culprits: Culprits, spoilt: Sequence[Line]) -> tuple[Finding, ...]:
        """Return the findings, or at least one for each wrong claim if nothing else is found."""
        if any(finding.severity == "error" for finding in culprits.findings):
            return culprits.findings
        return (*(unexplained(self.trial, line) for line in spoilt), *culprits.findings)

    def compared(self) -> Compared:
        of = {line.name: self.judged[line.name] for line in self.decisive if not line.misfit}
        return Compared(
            points=self.trial.points,
            batches=self.probes.own().batches,
            tightest=min((one.tightest for one in of.values()), default=np.inf),
            loosest=max((one.loosest for one in of.values()), default=0.0),
            untold=tuple((name, one.untold) for name, one in of.items() if one.untold and one.told),
        )
