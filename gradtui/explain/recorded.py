"""What `gradtui check` says of code that was run, for people: each finding at its line."""

from __future__ import annotations

import linecache
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from gradtui.base.source import Place, report
from gradtui.base.text import clean, number
from gradtui.diagnosis.finding import Finding
from gradtui.scenario.ignoring import notices_of

if TYPE_CHECKING:
    from gradtui.diagnosis.recorded.check import Outcome


def recorded_text(outcome: Outcome, name: str) -> str:
    """Return the outcome for code that goes by `name` as a compiler would report it."""
    rows = [*_rows(outcome.findings, outcome.target.file), _summary(outcome, name)]
    return "\n".join(rows)


def update_text(findings: Sequence[Finding], name: str, optimizer: str) -> str:
    """Return what was found of an update that goes by `name` as a compiler would report it."""
    failed = any(finding.severity == "error" for finding in findings)
    summary = clean(f"{name}: {'failed' if failed else 'ok'}, compared with {optimizer}")
    return "\n".join([*_rows(findings, name), summary])


def recorded_errors(outcome: Outcome, *, strict: bool = False) -> str:
    """Return what makes a check fail, with `strict` the warnings too; empty if nothing does."""
    grave = ("error", "warning") if strict else ("error",)
    findings = [finding for finding in outcome.findings if finding.severity in grave]
    return "\n".join(_rows(findings, outcome.target.file))


def recorded_notices(outcome: Outcome) -> Iterable[str]:
    """Yield what is wrong with the comments that are to silence findings of the code."""
    places = [outcome.target.place, *(finding.place for finding in outcome.findings)]
    for file in dict.fromkeys(place.file for place in places if place is not None):
        lines = linecache.getlines(file)
        for notice in notices_of([line.rstrip("\n") for line in lines], file):
            line = lines[notice.place.line - 1].rstrip("\n")
            yield report(file, notice.place, "warning", notice.message, line)


def _rows(findings: Iterable[Finding], file: str) -> Iterable[str]:
    for finding in findings:
        place = finding.place or Place(1, file=file)
        line = linecache.getline(place.file, place.line).rstrip("\n") if finding.place else ""
        text = f"{finding.message} [{finding.rule}]"
        yield report(place.file or file, place, finding.severity, text, line)
        if finding.fix is not None:
            yield from (clean(f"  fix: {row.strip()}") for row in finding.fix.splitlines())


def _summary(outcome: Outcome, name: str) -> str:
    """Return the last line: what was compared and what came of it."""
    count, points = outcome.claims, outcome.points
    said = "no gradient compared"
    if count:
        many = f"{count} gradients" if count > 1 else "one gradient"
        right = "" if outcome.failed or outcome.silenced else " and right"
        at = f"at {points} points" if points > 1 else "at the given arguments alone"
        said = f"{many} compared{right} {at}, to {number(outcome.tolerance, 2)} of each element"
    if outcome.unjudged:
        said += f"; no gradient is returned for {', '.join(outcome.unjudged)}"
    if outcome.silenced:
        said += f", {outcome.silenced} silenced"
    return clean(f"{name}: {'failed' if outcome.failed else 'ok'}, {said}")
