"""The one schema for everything that gradtui finds wrong."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal, get_args

from msgspec import Struct

from gradtui.base.source import Place
from gradtui.base.text import clean
from gradtui.scenario.problem import Problem
from gradtui.scenario.rules import GRADIENT_RULES, RUN_RULES, UPDATE_RULES

Severity = Literal["error", "warning", "info"]


class Trial(Struct, frozen=True):
    """A change to a run from a step on."""

    change: str
    """The change as a what-if reads it: `lr 0.05`."""
    step: int


class Finding(Struct, frozen=True):
    """One mistake: its place, and the numbers that prove it."""

    rule: str
    severity: Severity
    target: str
    """The name or the fact concerned."""
    line: int | None
    """The line of the scenario file."""
    message: str
    evidence: Mapping[str, Any]
    """Numbers by name."""
    step: int = 0
    edge: tuple[str, str] | None = None
    within: tuple[tuple[str, str], ...] = ()
    factor: str | None = None
    fix: str | None = None
    alternatives: tuple[str, ...] = ()
    place: Place | None = None
    """The place of the culprit in its line, if known."""
    replaces: tuple[int, int] | None = None
    """For code that is run: the first and the last line that the fix replaces."""
    trial: Trial | None = None
    """The change of a run that it advises, if it is one that a what-if makes."""

    def __str__(self) -> str:
        """Return it as a person reads it: its place, the message, the rule, and the fix."""
        file = self.place.file if self.place is not None else ""
        where = ":".join(filter(None, (file, f"{self.line or ''}")))
        said = f"{self.severity}: {self.message} [{self.rule}]"
        fix = f"\n  fix: {self.fix.strip()}" if self.fix else ""
        return clean(f"{where}: {said}{fix}" if where else f"{said}{fix}", newlines=True)

    @property
    def file(self) -> str | None:
        """The user's Python file that its line is in; None if it is in a scenario, or nowhere."""
        return (self.place.file or None) if self.place is not None else None

    @property
    def of_update(self) -> bool:
        """Whether it concerns a hand-written update.

        A remark on an update has a rule of gradients, too, and names rules of updates besides.
        """
        return any(rule in UPDATE_RULES for rule in (self.rule, *self.alternatives))

    @property
    def of_gradient(self) -> bool:
        """Whether it concerns a hand-written gradient."""
        return self.rule in GRADIENT_RULES and not self.of_update

    @property
    def of_run(self) -> bool:
        """Whether it concerns a training run."""
        return self.rule in RUN_RULES

    def as_dict(self) -> dict[str, Any]:
        """Return the finding in the form of JSON."""
        return {
            "rule": self.rule,
            "severity": self.severity,
            "target": self.target,
            "line": self.line,
            "edge": list(self.edge) if self.edge else None,
            "within": [list(edge) for edge in self.within],
            "factor": self.factor,
            "message": self.message,
            "evidence": dict(self.evidence),
            "fix": self.fix,
            "alternatives": list(self.alternatives),
            "step": self.step,
        }


def gravest_first(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return errors, then warnings, then notes, each in the order given."""
    order = get_args(Severity)
    return tuple(sorted(findings, key=lambda finding: order.index(finding.severity)))


def line_of(problem: Problem, finding: Finding) -> str:
    """Return the text of a finding's line; empty if it has none."""
    if finding.line is None:
        return ""
    return problem.line_at(Place(finding.line, file=source_of(problem, finding)))


def source_of(problem: Problem, finding: Finding) -> str:
    """Return the Python file of a finding's line; empty for the scenario itself."""
    if finding.place is not None and finding.place.file:
        return "" if finding.place.file == problem.path else finding.place.file
    hand = problem.update if finding.of_update else problem.backward
    by_hand = finding.of_update or finding.of_gradient
    file = hand.file if hand is not None and by_hand else problem.path
    return "" if file == problem.path else file
