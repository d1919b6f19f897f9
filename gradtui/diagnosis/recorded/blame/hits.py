"""An edit that repairs something, and the line that it puts at fault."""

from __future__ import annotations

import ast
import linecache
import re
from collections.abc import Sequence
from functools import cached_property
from keyword import iskeyword

from msgspec import Struct
from msgspec.structs import replace

from gradtui.base.source import Place
from gradtui.diagnosis.recorded.blame.candidates import Candidate
from gradtui.diagnosis.recorded.blame.odds import Odds
from gradtui.diagnosis.recorded.blame.suspect import Suspect
from gradtui.diagnosis.recorded.blame.trial import Patch
from gradtui.diagnosis.recorded.blame.units import Edit, Unit

LIKELIER = 4
"""How much likelier an edit has to be if no glance takes its line for right."""
_ADDED = re.compile(rb"(\w+|[\])])(\s*[-+]\s*)\Z")
_ENDS = re.compile(rb"\s*(?:[\])},:+-]|if\b|else\b|\Z|\n)")
"""What stands before a term of a sum, and behind it."""
_CLOSING = (b")", b"]", b"}")
"""The last lines of statements that tell nothing of these."""
ABOUT, _TOLD = 1, 2
"""How much less likely an edit is that is told beside the best one, and most of them."""


class Blame(Struct, frozen=True, eq=False):
    """A line that makes results wrong, and the edit that makes them right."""

    results: tuple[str, ...]
    place: Place
    rule: str
    told: str
    factor: str | None
    fix: str
    lines: tuple[int, int]
    """The first and the last line that the fix replaces."""
    elsewhere: tuple[tuple[int, str], ...] = ()
    """Other lines of the file with edits that repair the same and are about as likely."""

    @property
    def said(self) -> str:
        """What is wrong, with the other lines that may be wrong instead."""
        others = (f"; or, in line {line} instead: {fix}" for line, fix in self.elsewhere)
        return self.told + "".join(others)

    @property
    def evidence(self) -> dict[str, list[list[int | str]]]:
        """The other lines with their fixes, if there are any."""
        return {"elsewhere": [[*one] for one in self.elsewhere]} if self.elsewhere else {}


class Hit(Struct, frozen=True, eq=False, dict=True):
    """An edit that repairs something."""

    suspect: Suspect
    candidate: Candidate
    cost: int
    mended: frozenset[str]
    nearly: bool = False
    """Whether an approximation keeps the results from being quite right."""
    doubted: bool = False
    """Whether no glance takes its line for right."""
    partly: bool = False
    """Whether it is not right at all points."""
    fewer: int = 0
    """By how much less likely it is, for after another edit more lines hold what they are named."""
    elsewhere: tuple[Hit, ...] = ()
    """Edits of other lines that repair the same and are about as likely."""

    @property
    def patch(self) -> Patch:
        """The edit in its function."""
        return Patch(self.suspect.statement.unit, self.candidate.edits)

    @cached_property
    def odds(self) -> Odds:
        """How likely it is, what it repairs apart."""
        return Odds(self.suspect, self.candidate, self.cost)

    def rank(self) -> tuple[int | bool, ...]:
        """Return the sort key that puts the best edit first."""
        against = LIKELIER * (self.doubted + self.partly)
        return (-len(self.mended), self.total + against, *self.odds.key)

    @property
    def total(self) -> int:
        """How unlikely it is, what speaks against all of its line's edits apart."""
        return self.odds.total + self.fewer

    @property
    def line(self) -> int:
        """The number of the line at fault."""
        return self.blame().place.line

    def blame(self) -> Blame:
        """Return the line at fault and its fix."""
        unit = self.suspect.statement.unit
        node = self.candidate.node or self.suspect.statement.node
        edits = [_without_zero(unit, unit.narrowed(one)) for one in self.candidate.edits]
        gap = _gap_behind(unit, edits[0]) if len(edits) == 1 else None
        edits = [_apart(unit, one) for one in edits]
        place, lines = unit.place(unit.start(node), unit.end(node)), unit.lines(edits)
        if place.line < lines[0] and not edits[0].text.startswith(b"\n"):
            place = unit.place(edits[0].start, max(edits[0].start, unit.end(node)))
        if isinstance(node, ast.stmt) and edits[0].text.startswith(b"\n") and len(edits) == 1:
            place = _below(unit, edits[0].start)  # where the line that is missing will stand
        elif gap is not None:
            place = unit.place(gap, gap)  # where the line may have stood
        told = self.candidate.told
        if self.nearly:
            told += "; what is left is as small as the error of an approximation"
        return Blame(
            tuple(sorted(self.mended)),
            place,
            self.candidate.rule,
            told,
            self.candidate.factor,
            unit.line_after(edits),
            lines,
            tuple((one.line, one.blame().fix) for one in self.elsewhere),
        )

    def beside(self, hits: Sequence[Hit]) -> Hit:
        """Return it with what is as likely at other lines, of all edits that were found."""
        found, file = dict[int, Hit](), self.blame().place.file
        for one in sorted(hits, key=Hit.rank):
            near = one.total <= self.total + ABOUT and one.mended == self.mended
            alike = (
                near
                and not one.odds.signs.orphans
                and one.doubted <= self.doubted
                and one.partly <= self.partly
                and one.line != self.line
            )
            other = one.blame()
            if alike and other.place.file == file and "\n" not in other.fix:
                found.setdefault(one.line, one)
        return replace(self, elsewhere=tuple(found.values())[:_TOLD])


def _without_zero(unit: Unit, edit: Edit) -> Edit:
    """Return the edit that takes a number out of a sum or an index, for one that makes it 0."""
    before = _ADDED.search(unit.source, 0, edit.start) if edit.text == b"0" else None
    if before is None or iskeyword(before[1].decode()) or not _ENDS.match(unit.source, edit.end):
        return edit
    return Edit(before.start(2), edit.end, "")


def _below(unit: Unit, offset: int) -> Place:
    """Return the place of the line of the file below that of a byte of a function's text."""
    line = unit.place(offset, offset).line + 1
    text = linecache.getline(unit.file, line).rstrip()
    inside = text.lstrip()
    return Place(line, len(text) - len(inside) + 1, max(1, len(inside)), unit.file)


def _gap_behind(unit: Unit, edit: Edit) -> int | None:
    """Return where a blank line begins behind which an edit adds one; None without any."""
    at = edit.start + 1
    adds = edit.start == edit.end and edit.text.startswith(b"\n")
    rest = unit.source[at:].partition(b"\n")
    blank = adds and unit.source[at - 1 : at] == b"\n" and bool(rest[1]) and not rest[0].strip()
    return at if blank else None


def _apart(unit: Unit, edit: Edit) -> Edit:
    """Return the edit that adds a line before the next one, if a parenthesis ends that before it.

    Of a statement of several lines, the last one tells nothing.
    """
    source, at = unit.source, edit.start + 1
    adds = edit.start == edit.end and edit.text.startswith(b"\n")
    last, behind = source[: edit.start].rpartition(b"\n")[2], source[at:].partition(b"\n")[0]
    if not adds or last.strip() not in _CLOSING or source[edit.start : at] != b"\n":
        return edit
    text = edit.text[1:]
    margins = {len(one) - len(one.lstrip()) for one in (text, behind)}
    return Edit(at, at, f"{text.decode()}\n") if behind.strip() and len(margins) == 1 else edit


def together(one: Hit, two: Hit) -> list[Hit]:
    """Return edits that repair something only together; those of a statement become one."""
    mended, first, second = two.mended, one.candidate, two.candidate
    if one.suspect.statement.node is two.suspect.statement.node:
        told = f"{first.told}, and {second.told}"
        both = replace(first, edits=(*first.edits, *second.edits), told=told, node=None)
        return [replace(one, candidate=both, mended=mended)]
    return [
        replace(hit, candidate=replace(
            hit.candidate,
            told=f"{hit.candidate.told}, together with what is wrong in line {other.line}",
        ), mended=mended)
        for hit, other in ((one, two), (two, one))
    ]  # fmt: skip


def mend_more(nearly: Sequence[Hit], hits: Sequence[Hit]) -> bool:
    """Return whether approximations make more results right than any of the exact edits."""
    return max((len(one.mended) for one in nearly), default=0) > max(
        (len(one.mended) for one in hits), default=0
    )
