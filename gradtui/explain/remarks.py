"""The remarks of a check on a file, for people, for CI and for editors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import get_args

from msgspec import Struct

from gradtui.base.source import InputError, Place, report
from gradtui.base.text import clean, clip
from gradtui.diagnosis.finding import Severity
from gradtui.explain.mistakes import MISTAKES

SEVERITIES: tuple[Severity, ...] = get_args(Severity)
_FIX = 2_000
"""Longest fix, in characters, which must be pasted whole."""


class Remark(Struct, frozen=True):
    """One finding at its place."""

    file: str
    place: Place | None
    """The place in the file; None for the whole file."""
    source_line: str
    severity: Severity
    rule: str
    message: str
    fix: str | None = None
    alternatives: tuple[str, ...] = ()
    replaces: tuple[int, int] | None = None
    """The first and the last line that the fix replaces; None for the one at its place."""

    def rows(self) -> Iterator[str]:
        """Yield the remark as a compiler would: the message, the line with a caret, the fix."""
        rule = "" if self.rule == "fact" else f" [{self.rule}]"
        message = f"{self.message}{rule}"
        yield report(self.file, self.place, self.severity, message, self.source_line)
        yield from self.advice()

    def advice(self) -> Iterator[str]:
        """Yield the fix and the alternatives."""
        first, last = self.replaces or (0, 0)
        label = f"fix, in place of lines {first} to {last}" if first < last else "fix"
        for row in (self.fix or "").splitlines():
            yield clip(clean(f"  {label}: {row.strip()}"), _FIX)
        if self.alternatives:
            others = "; or ".join(f"{MISTAKES[one]} [{one}]" for one in self.alternatives)
            yield clean(f"  the numbers fit another mistake too: {others}")


class Report(Struct, frozen=True):
    """The whole report on one file."""

    remarks: Sequence[Remark]
    summary: str
    """What was compared, and the result; or why the file cannot be used."""
    usable: bool = True

    def text(self) -> str:
        """Return it in the form of a compiler's report."""
        rows = [row for remark in self.remarks for row in remark.rows()]
        return "\n".join([*rows, self.summary])

    def errors(self, *, strict: bool = False) -> str:
        """Return the remarks that make a check fail, with `strict` warnings included."""
        grave = grave_ones(strict=strict)
        return "\n".join(
            row for remark in self.remarks if remark.severity in grave for row in remark.rows()
        )


def grave_ones(*, strict: bool) -> tuple[Severity, ...]:
    """Return the severities that make a check fail."""
    return ("error", "warning") if strict else ("error",)


def report_of_error(file: str, error: InputError) -> Report:
    """Return the report on a file that cannot be used, at its place."""
    where = error.file or file
    remark = Remark(where, error.place, error.source_line, "error", "unusable", error.message)
    return Report((remark,), f"{file}: {error.message}", usable=False)
