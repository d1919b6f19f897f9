"""A case: a scenario, and what is true of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from mutants.judge import Verdict, judge
from mutants.update_judge import judge_update


@dataclass(frozen=True)
class Bug:
    """One wrong line."""

    line: int
    """In the file, from 1."""
    target: str
    """The name that the line assigns."""
    original: str
    mutated: str
    kind: str
    """What was done."""
    rules: tuple[str, ...]
    """Rule ids that are right, the one an expert would give first in front."""
    elsewhere: tuple[tuple[int, tuple[str, ...]], ...] = ()
    """Other lines where one edit makes the same claims, and the rules that name that edit."""

    @property
    def places(self) -> dict[int, tuple[str, ...]]:
        """Line -> rules, for every line that may be blamed."""
        return {self.line: self.rules, **dict(self.elsewhere)}


@dataclass(frozen=True)
class Case:
    """A scenario and what is true of it."""

    name: str
    model_kind: str
    style: str
    toml_text: str
    sound: bool
    bugs: tuple[Bug, ...] = ()


def verdict_after(case: Case, fixes: Iterable[tuple[int, str]]) -> Verdict:
    """Return the judge's verdict on a case after lines have been replaced, as (line, text)."""
    rows = case.toml_text.splitlines()
    for line, text in fixes:
        rows[line - 1] = text
    text = "\n".join(rows) + "\n"
    return judge_update(text) if "[update]" in rows else judge(text)
