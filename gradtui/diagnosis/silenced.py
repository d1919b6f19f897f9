"""Findings that a comment on their line silences."""

from __future__ import annotations

import linecache
from collections.abc import Callable, Iterable

from gradtui.diagnosis.finding import Finding
from gradtui.scenario.ignoring import ignored_rules


def sifted(
    findings: Iterable[Finding], line_at: Callable[[Finding], str]
) -> tuple[tuple[Finding, ...], int]:
    """Return the findings that no comment silences, and how many one does.

    `line_at` gives the text of a finding's line, nothing where it has none.
    """
    found = tuple(findings)
    kept = tuple(one for one in found if one.rule not in ignored_rules(line_at(one)))
    return kept, len(found) - len(kept)


def line_of_place(finding: Finding) -> str:
    """Return the text of the line of code that was run at which a finding is."""
    place = finding.place
    return "" if place is None else linecache.getline(place.file, place.line)
