"""Everything that `gradtui check` verifies of one scenario."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from msgspec import Struct

from gradtui.diagnosis.backward.diagnose import Compared, diagnose
from gradtui.diagnosis.facts import check_expected, check_facts
from gradtui.diagnosis.finding import Finding, source_of
from gradtui.diagnosis.judgement import tells_of_itself
from gradtui.diagnosis.runs.registry import diagnose_run
from gradtui.diagnosis.updates import diagnose_update
from gradtui.scenario.problem import Problem

Verdict = Literal["correct", "wrong", "facts-failed", "not-compared", "no-claim"]


class Check(Struct, frozen=True):
    """The outcome for one file."""

    problem: Problem
    verdict: Verdict
    findings: tuple[Finding, ...]
    claims: int = 0
    """How many hand-written gradients and updates were compared."""
    inherited: tuple[str, ...] = ()
    """Claims that are wrong only through another's mistake."""
    compared: Compared | None = None
    """Where the gradients were compared, and how closely."""

    @property
    def warned(self) -> bool:
        """Whether there is a finding of severity warning."""
        return any(finding.severity == "warning" for finding in self.findings)

    @property
    def failed(self) -> bool:
        """Whether there is a finding of severity error."""
        return any(finding.severity == "error" for finding in self.findings)

    def _as_dict(self, finding: Finding) -> dict[str, Any]:
        """Return a finding as JSON prints it, with the file of its line where it has its own."""
        row, source = finding.as_dict(), source_of(self.problem, finding)
        evidence = row["evidence"] | {"source": source} if source else row["evidence"]
        return row | {"file": source or None, "evidence": evidence}

    def as_dict(self) -> Mapping[str, Any]:
        """Return the outcome as `check --json` prints it."""
        return {
            "file": self.problem.path,
            "verdict": self.verdict,
            "claims": self.claims,
            "findings": [self._as_dict(finding) for finding in self.findings],
            "inherited": list(self.inherited),
        }


def check_problem(problem: Problem) -> Check:
    """Verify a scenario."""
    backward, update = diagnose(problem), diagnose_update(problem)
    found = [*backward.findings, *update.findings]
    if tells_of_itself(problem, found):
        found += diagnose_run(problem)
    failed = [*check_facts(problem), *check_expected(problem, found)]
    verdict: Verdict = backward.verdict
    if update.claims and verdict == "no-claim":
        verdict = "correct"
    if update.wrong:
        verdict = "wrong"
    if failed and verdict != "wrong":
        verdict = "facts-failed"
    claims = backward.claims + update.claims
    return Check(problem, verdict, (*failed, *found), claims, backward.inherited, backward.compared)
