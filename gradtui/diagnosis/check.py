"""What a scenario's diagnosis is: of what is written by hand, of its run, of the facts it states.

The debugger finds out the first two, `gradtui check` all of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from gradtui.diagnosis.facts import check_expected, check_facts
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
    """How many hand-written gradients and updates were compared."""
    inherited: tuple[str, ...] = ()
    """Claims that are wrong only through another's mistake."""
    compared: Compared | None = None
    """Where the gradients were compared, and how closely."""
    silenced: int = 0
    """How many findings a comment on their line silences."""

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
            **({"silenced": self.silenced} if self.silenced else {}),
        }


def check_problem(problem: Problem) -> Check:
    """Verify a scenario."""
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
    """Return the findings that no comment in a scenario silences, and how many one does."""
    return sifted(found, lambda finding: [line_of(problem, finding)])


def judge(problem: Problem) -> Judgement:
    """Compare what was written by hand with what is true; takes up to a second or so."""
    # The first paint looks at the run of a model without either, and need not wait for them.
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
    """Return what is wrong with a run, as `diagnose_run`, beside what was `judged` before it.

    What a run does where a wrong gradient or update drives it is that one's; what could not be
    compared may be so because of what the run does.
    """
    wrong = any(one.severity == "error" and one.rule != "not-compared" for one in judged)
    return () if wrong and problem.drive == "hand" else diagnose_run(problem, history, first)
