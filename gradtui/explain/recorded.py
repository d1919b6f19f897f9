"""The report of `gradtui check` on code that was run, for people: each finding at its line."""

from __future__ import annotations

import linecache
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from gradtui.base.source import Place, from_here, report
from gradtui.base.text import clean, number
from gradtui.diagnosis.finding import Finding
from gradtui.explain.remarks import Remark, Report
from gradtui.explain.terms import in_terms_of_code
from gradtui.scenario.ignoring import notices_of

if TYPE_CHECKING:
    from gradtui.diagnosis.recorded.outcome import Outcome


def report_of_code(outcome: Outcome, name: str) -> Report:
    """Return the whole report on code called `name`."""
    remarks = [_remark(finding, outcome.target.file) for finding in outcome.findings]
    return Report(remarks, _summary(outcome, name))


def report_of_update(findings: Sequence[Finding], name: str, optimizer: str) -> Report:
    """Return the whole report on an update called `name`."""
    failed = any(finding.severity == "error" for finding in findings)
    summary = clean(f"{name}: {'failed' if failed else 'ok'}, compared with {optimizer}")
    return Report([_remark(finding, name) for finding in findings], summary)


def recorded_notices(outcome: Outcome) -> Iterable[str]:
    """Yield the problems with the comments that should silence findings of the code."""
    places = [outcome.target.place, *(finding.place for finding in outcome.findings)]
    for file in dict.fromkeys(place.file for place in places if place is not None):
        lines = linecache.getlines(file)
        for notice in notices_of([line.rstrip("\n") for line in lines], file):
            line = lines[notice.place.line - 1].rstrip("\n")
            yield report(file, notice.place, "warning", notice.message, line)


def _remark(finding: Finding, file: str) -> Remark:
    place = finding.place or Place(1, file=file)
    line = linecache.getline(place.file, place.line).rstrip("\n") if finding.place else ""
    terms = in_terms_of_code(line, finding.fix) if finding.of_gradient else ""
    message = f"{finding.message}; {terms}" if terms else finding.message
    return Remark(
        from_here(place.file or file), place, line, finding.severity, finding.rule,
        message, finding.fix, replaces=finding.replaces,
    )  # fmt: skip


def _summary(outcome: Outcome, name: str) -> str:
    """Return the last line: what was compared, and the result."""
    count, points = outcome.claims, outcome.points
    said = "no gradient compared"
    if count:
        many = f"{count:,} gradients" if count > 1 else "one gradient"
        doubted = outcome.failed or outcome.warned or outcome.silenced
        right = "" if doubted else " and right"
        if right and outcome.noted:
            right += " but for what the note says,"
        at = f"at {points} points" if points > 1 else "at the given arguments alone"
        said = f"{many} compared{right} {at}, to {number(outcome.tolerance, 2)} of each element"
    if outcome.unjudged:
        said += f"; no gradient is returned for {', '.join(outcome.unjudged)}"
    if outcome.silenced:
        said += f", {outcome.silenced} silenced"
    return clean(f"{name}: {'failed' if outcome.failed else 'ok'}, {said}")
