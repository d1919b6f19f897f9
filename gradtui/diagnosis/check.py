"""The diagnosis of a scenario: of its hand-written code, of its run, of the facts it states.

The debugger makes the first two, `gradtui check` all three.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from gradtui.diagnosis.finding import Finding, line_of, source_of
from gradtui.diagnosis.judgement import Compared, Judgement, Verdict
from gradtui.diagnosis.runs.registry import diagnose_run
from gradtui.diagnosis.silenced import sifted
from gradtui.engine.history import History
from gradtui.scenario.problem import Problem


class Check(Struct, frozen=True):
    """The outcome for one file."""

    problem: Problem
    verdict: Verdict
    findings: tuple[Finding, ...]
    claims: int = 0
    """The number of hand-written gradients and updates compared."""
    inherited: tuple[str, ...] = ()
    """Claims that are wrong only because of another's mistake."""
    compared: Compared | None = None
    """The points at which gradients were compared, and the tolerance."""
    silenced: int = 0
    """The number of findings that a comment on their line silences."""

    @property
    def warned(self) -> bool:
        """Whether there is a finding of severity warning."""
        return any(finding.severity == "warning" for finding in self.findings)

    @property
    def failed(self) -> bool:
        """Whether there is a finding of severity error."""
        return any(finding.severity == "error" for finding in self.findings)

    def _as_dict(self, finding: Finding) -> dict[str, Any]:
        """Return a finding in the form of JSON, with the file of its line if it differs."""
        row, source = finding.as_dict(), source_of(self.problem, finding)
        evidence = row["evidence"] | {"source": source} if source else row["evidence"]
        return row | {"file": source or None, "evidence": evidence}

    def as_dict(self) -> Mapping[str, Any]:
        """Return the outcome in the form of `check --json`."""
        return {
            "file": self.problem.path,
            "verdict": self.verdict,
            "claims": self.claims,
            "findings": [self._as_dict(finding) for finding in self.findings],
            "inherited": list(self.inherited),
            **({"silenced": self.silenced} if self.silenced else {}),
        }


def check_problem(problem: Problem) -> Check:
    """Verify a scenario."""
    from gradtui.diagnosis.facts import check_expected, check_facts

    judged = judge(problem)
    found = (*judged.findings, *judge_run(problem, judged.findings))
    failed = (*check_facts(problem), *check_expected(problem, found))
    kept, silenced = heard(problem, found)
    verdict: Verdict = judged.verdict
    if verdict == "wrong" and not any(one.severity == "error" for one in kept):
        verdict = "correct"
    if failed and verdict != "wrong":
        verdict = "facts-failed"
    return Check(
        problem, verdict, (*failed, *kept), judged.claims, judged.inherited, judged.compared,
        silenced,
    )  # fmt: skip


def heard(problem: Problem, found: Iterable[Finding]) -> tuple[tuple[Finding, ...], int]:
    """Return the findings that no comment in a scenario silences, and the number silenced."""
    return sifted(found, lambda finding: [line_of(problem, finding)])


def judge(problem: Problem) -> Judgement:
    """Compare hand-written code with the truth, which takes up to about a second."""
    # The first paint of a model without hand-written code need not wait for these imports.
    from gradtui.diagnosis.backward.diagnose import diagnose
    from gradtui.diagnosis.updates import diagnose_update

    backward, update = diagnose(problem), diagnose_update(problem)
    verdict: Verdict = backward.verdict
    if update.claims and verdict == "no-claim":
        verdict = "correct"
    if update.wrong:
        verdict = "wrong"
    return replace(
        backward,
        verdict=verdict,
        claims=backward.claims + update.claims,
        findings=(*backward.findings, *update.findings),
    )


def judge_run(
    problem: Problem, judged: Iterable[Finding], history: History | None = None, first: int = 0
) -> tuple[Finding, ...]:
    """Return the findings of a run, as `diagnose_run`, given those `judged` before it.

    If a wrong gradient or update drives the run, its findings are consequences of that one; a
    failed comparison may itself be a consequence of the run.
    """
    wrong = any(one.severity == "error" and one.rule != "not-compared" for one in judged)
    return () if wrong and problem.drive == "hand" else diagnose_run(problem, history, first)
