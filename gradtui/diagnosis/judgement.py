"""What the debugger says of hand-written gradients and updates. Knows no facts."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from gradtui.diagnosis.finding import Finding
from gradtui.scenario.problem import Problem


class Judgement(Struct, frozen=True):
    """What holds of what was written by hand, at random points and not only at one step."""

    findings: tuple[Finding, ...]
    """Causes first."""
    claims: int
    """How many gradients and updates were compared."""
    wrong: frozenset[str]
    """Names of the claims that do not hold."""
    inherited: tuple[str, ...]
    """Those of them that are wrong only through another's mistake."""
    noted: frozenset[str] = frozenset()
    """Names of the claims that are not what they say, of which no parameter's gradient suffers."""
    uncompared: frozenset[str] = frozenset()
    """Names of the claims of which nothing can be said."""


def judge(problem: Problem) -> Judgement:
    """Compare what was written by hand with what is true; takes up to a second or so."""
    from gradtui.diagnosis.backward.diagnose import diagnose
    from gradtui.diagnosis.updates import diagnose_update

    backward, update = diagnose(problem), diagnose_update(problem)
    return Judgement(
        findings=(*backward.findings, *update.findings),
        claims=backward.claims + update.claims,
        wrong=backward.wrong,
        inherited=backward.inherited,
        noted=backward.noted,
        uncompared=backward.uncompared,
    )


def tells_of_itself(problem: Problem, judged: Iterable[Finding]) -> bool:
    """Return whether what a run does is its own doing.

    What it does where a wrong gradient or update drives it is that one's; what could not be
    compared may be so because of what the run does.
    """
    wrong = (one for one in judged if one.severity == "error" and one.rule != "not-compared")
    return problem.drive != "hand" or next(wrong, None) is None
