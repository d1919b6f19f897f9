"""The outcome of checking the user's own code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import replace

from gradtui.diagnosis.backward.trial import TOLERANCE
from gradtui.diagnosis.finding import Finding
from gradtui.diagnosis.judgement import Judgement
from gradtui.diagnosis.recorded.target import Target
from gradtui.diagnosis.silenced import lines_of_place, sifted

Verdict = Literal["correct", "wrong", "not-compared"]

_APART = frozenset({"straight-through", "missing-term", "unexplained"})
"""The rules of notes on gradients that are, on purpose or nearly enough, not the true ones."""


class Outcome(Struct, frozen=True, eq=False):
    """The outcome for one target."""

    target: Target
    verdict: Verdict
    findings: tuple[Finding, ...]
    claims: int = 0
    """The number of gradients compared."""
    points: int = 0
    tolerance: float = TOLERANCE
    unjudged: tuple[str, ...] = ()
    """The arrays of floats, and the numbers, without a returned gradient."""
    silenced: int = 0
    """The number of findings that a comment on their line silences."""

    @property
    def failed(self) -> bool:
        """Whether there is a finding of severity error."""
        return any(finding.severity == "error" for finding in self.findings)

    @property
    def warned(self) -> bool:
        """Whether there is a finding of severity warning."""
        return any(finding.severity == "warning" for finding in self.findings)

    @property
    def noted(self) -> frozenset[str]:
        """The names of the gradients that differ from the true ones, as notes tell."""
        found = (one for one in self.findings if one.severity == "info")
        return frozenset(name for one in found if one.rule in _APART for name in _names(one))

    def as_dict(self, file: str) -> Mapping[str, Any]:
        """Return the outcome in the form of `check --json`."""
        return {
            "file": file,
            "verdict": self.verdict,
            "claims": self.claims,
            "findings": [one.as_dict() | {"file": one.file} for one in self.findings],
            "inherited": [],
            **({"unjudged": list(self.unjudged)} if self.unjudged else {}),
            **({"silenced": self.silenced} if self.silenced else {}),
        }


def heard(outcome: Outcome) -> Outcome:
    """Return an outcome without the findings that comments in the code silence."""
    kept, silenced = sifted(outcome.findings, lines_of_place)
    if not silenced:
        return outcome
    verdict = outcome.verdict if outcome.verdict == "not-compared" else verdict_of(kept)
    return replace(outcome, findings=kept, verdict=verdict, silenced=silenced)


def verdict_of(findings: Sequence[Finding]) -> Verdict:
    """Return the verdict that findings amount to."""
    errors = {one.rule for one in findings if one.severity == "error"}
    if errors - {"not-compared"}:
        return "wrong"
    return "not-compared" if errors else "correct"


def judgement_of(outcome: Outcome) -> Judgement:
    """Return an outcome as the judgement of one call."""
    wrong, uncompared = set[str](), set[str]()
    for finding in outcome.findings:
        if finding.severity == "error":
            (uncompared if finding.rule == "not-compared" else wrong).update(_names(finding))
    return Judgement(
        outcome.verdict, outcome.claims, outcome.findings, frozenset(wrong),
        noted=outcome.noted - wrong,
        uncompared=frozenset(uncompared), silenced=outcome.silenced,
    )  # fmt: skip


def _names(finding: Finding) -> Sequence[str]:
    """Return the gradients that a finding is about."""
    names: Sequence[str] = finding.evidence.get("gradients", [finding.target])
    return names
