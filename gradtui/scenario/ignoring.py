"""Comments that silence findings, `# gradtui: ignore[rule, rule]` at the end of a source line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from gradtui.base.source import Place, did_you_mean
from gradtui.base.text import clip
from gradtui.scenario.problem import Notice
from gradtui.scenario.rules import SILENCED

_COMMENT = r"#\s*gradtui:\s*ignore\b\s*(?:\[(?P<rules>[^\]]*)\])?\s*(?:#.*)?$"
_RULE = r"[^\s,][^,]*"
_SHOWN = 80


def ignored_rules(line: str) -> frozenset[str]:
    """Return the rules whose findings a line's comment silences."""
    return frozenset(rule for rule, _ in _rules(line))


def notices_of(lines: Sequence[str], file: str = "") -> Iterator[Notice]:
    """Yield a notice for each faulty comment in the lines of a file."""
    for index, line in enumerate(lines):
        found = _comment(line)
        if found is None:
            continue
        if not ignored_rules(line):
            place = Place(index + 1, found.start() + 1, len(found[0].rstrip()), file)
            yield Notice("nothing is ignored here: expected ignore[RULE] with a rule's name", place)
        for rule, column in _rules(line):
            if rule not in SILENCED:
                hint = did_you_mean(rule, SILENCED)
                place = Place(index + 1, column, len(rule), file)
                yield Notice(f"no rule has the name '{clip(rule, _SHOWN)}'{hint}", place)


def _comment(line: str) -> re.Match[str] | None:
    """Return the comment of a line, if it is one; most files have none, and need no pattern."""
    return re.search(_COMMENT, line) if "gradtui:" in line else None


def _rules(line: str) -> Iterator[tuple[str, int]]:
    """Yield the rules that a line's comment names, each with its 1-based column."""
    found = _comment(line)
    if found is not None and found["rules"] is not None:
        for rule in re.finditer(_RULE, found["rules"]):
            yield rule[0].strip(), found.start("rules") + rule.start() + 1
