"""Findings that a comment on a line of their statement silences."""

from __future__ import annotations

import linecache
from collections.abc import Callable, Iterable, Sequence

from gradtui.diagnosis.finding import Finding
from gradtui.scenario.ignoring import ignored_rules


def sifted(
    findings: Iterable[Finding], lines_at: Callable[[Finding], Sequence[str]]
) -> tuple[tuple[Finding, ...], int]:
    """Return the findings that no comment silences, and the number silenced.

    `lines_at` returns the lines of a finding's statement; empty if it has none.
    """
    found = tuple(findings)
    kept = tuple(
        one for one in found if not any(one.rule in ignored_rules(line) for line in lines_at(one))
    )
    return kept, len(found) - len(kept)


def lines_of_place(finding: Finding) -> Sequence[str]:
    """Return the lines of a finding's statement in code that was run."""
    place = finding.place
    if place is None:
        return ()
    from gradtui.tracing.syntax import syntax_of

    statement = syntax_of(place.file).at(place.line)
    return linecache.getlines(place.file)[statement.first - 1 : statement.last]
