"""An edit that repairs something, and the line that it puts at fault."""

from __future__ import annotations

import ast
import re
from copy import deepcopy
from difflib import SequenceMatcher

from msgspec import Struct
from msgspec.structs import replace

from gradtui.base.source import Place
from gradtui.diagnosis.recorded.blame.candidates import Candidate
from gradtui.diagnosis.recorded.blame.idle import defined_below, forgotten, is_of_another
from gradtui.diagnosis.recorded.blame.suspects import Suspect
from gradtui.diagnosis.recorded.blame.trial import Patch
from gradtui.diagnosis.recorded.blame.units import Edit, Unit

LIKELIER = 4
"""How much likelier an edit has to be if no glance takes its line for right."""
_ALIKE = 2
"""How much likelier an edit is that makes a line like another one, or uses what nothing does."""
_OUTSIDE = 2
"""How much less likely an edit is with what is defined only below the function."""
_SUMMED = 3
"""How much likelier it is that a value is added, if it is added to elsewhere."""
_SMALL = 2
"""Most characters by which a replacing edit lengthens a line."""
_MANY = 6
"""Most words and signs that a likely edit puts in."""
_STORING = (ast.Assign, ast.AugAssign)
_NAME = re.compile(r"[^\W\d]\w*")
_WORD = re.compile(r"\w+|\*\*|//|[^\w\s]")
_TEXT = re.compile(r"""[^\W\d]\w*(?:\.[^\W\d]\w*|\[['"]\w+['"]\])*""")
"""A name with its attributes and entries."""


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


class Hit(Struct, frozen=True, eq=False):
    """An edit that repairs something."""

    suspect: Suspect
    candidate: Candidate
    cost: int
    mended: frozenset[str]
    nearly: bool = False
    """Whether an approximation keeps the results from being quite right."""
    doubted: bool = False
    """Whether no glance takes its line for right."""

    @property
    def patch(self) -> Patch:
        """The edit in its function."""
        return Patch(self.suspect.statement.unit, self.candidate.edits)

    @property
    def total(self) -> int:
        """How unlikely it is: by its place, its cost, and whether it adds something.

        A mistake in existing code is likelier than a missing part that could be in many places.
        """
        likelier = _ALIKE * (self.is_alike or self.remembers) - _OUTSIDE * self._is_outside
        likelier += _SUMMED * self._is_summed
        return max(0, self.apart - likelier) + self._orphans

    @property
    def apart(self) -> int:
        """How unlikely it is, apart from other lines."""
        return self.suspect.tier + self.cost + self.adds

    @property
    def _names(self) -> frozenset[str]:
        """The names that it brings in, with their attributes and entries."""
        unit = self.suspect.statement.unit
        before, after = set[str](), set[str]()
        for one in self.candidate.edits:
            before.update(_TEXT.findall(unit.between(one.start, one.end)))
            after.update(_TEXT.findall(one.text.decode()))
        return frozenset(after - before)

    @property
    def _is_summed(self) -> bool:
        """Whether it adds to a value that its function adds to elsewhere, too."""
        own, unit = self.suspect.statement.node, self.suspect.statement.unit
        if [one.text for one in self.candidate.edits] != [b"+="] or not isinstance(own, ast.Assign):
            return False
        sums = [ast.dump(one.target) for one in unit.nodes if isinstance(one, ast.AugAssign)]
        return ast.dump(own.targets[0]) in sums

    @property
    def _orphans(self) -> bool:
        """Whether nothing would use a value any more that the function computes."""
        unit, removed = self.suspect.statement.unit, set[str]()
        for one in self.candidate.edits:
            before = set(_NAME.findall(unit.between(one.start, one.end)))
            removed |= before - set(_NAME.findall(one.text.decode()))
        uses = [one for one in unit.nodes if isinstance(one, ast.Name) and one.id in removed]
        read = [one.id for one in uses if isinstance(one.ctx, ast.Load)]
        return any(isinstance(one.ctx, ast.Store) and read.count(one.id) == 1 for one in uses)

    @property
    def remembers(self) -> bool:
        """Whether it uses what the function is given or keeps, and nothing else uses."""
        s = self.suspect.statement
        return not self._names.isdisjoint(map(s.spelled, forgotten(s)))

    @property
    def _is_outside(self) -> bool:
        """Whether it uses data that the function's module defines only below the function.

        Or what another object keeps, which is that object's own affair.
        """
        s, names = self.suspect.statement, self._names
        return not names.isdisjoint(defined_below(s.unit)) or any(
            is_of_another(s, one) for one in names
        )

    @property
    def is_alike(self) -> bool:
        """Whether its line becomes like another one of the function, except for names and signs."""
        unit, own = self.suspect.statement.unit, self.suspect.statement.node
        if isinstance(own, ast.For):
            return self._is_round_alike(own)
        others = (one for one in ast.walk(unit.node) if isinstance(one, _STORING))
        forms = {_form(one) for one in others if one is not own}
        try:
            edited = ast.parse(unit.line_after([*self.candidate.edits]).strip()).body
        except SyntaxError:
            return False
        calculated = isinstance(own, _STORING) and any(
            isinstance(one, ast.BinOp) for one in ast.walk(own.value)
        )
        form = _form(edited[0]) if calculated and len(edited) == 1 else None
        return form in forms and form != _form(own)

    def _is_round_alike(self, own: ast.For) -> bool:
        """Return whether the rounds of a loop become like those of another one."""
        unit = self.suspect.statement.unit
        try:
            (edited,) = ast.parse(f"{unit.line_after([*self.candidate.edits])} pass").body
        except (SyntaxError, ValueError):
            return False
        others = (one for one in unit.nodes if isinstance(one, ast.For) and one is not own)
        forms = {_form(one.iter) for one in others}
        form = _form(edited.iter) if isinstance(edited, ast.For) else None
        return form in forms and form != _form(own.iter)

    @property
    def adds(self) -> bool:
        """Whether it keeps the existing code and adds to it, perhaps in a wrong place."""
        if self.suspect.opposite and self.candidate.rule == "sign":
            return False
        return not all(_is_change(self.suspect.statement.unit, one) for one in self.candidate.edits)

    @property
    def _drops(self) -> bool:
        """Whether it takes a number away, which is no likelier than that one is missing."""
        number = (self.candidate.factor or "").replace(".", "", 1).isdigit()
        texts = [one.text for one in self.candidate.edits]
        return texts == [b"1"] or (number and self.candidate.rule == "extra-factor")

    def rank(self) -> tuple[int | bool, ...]:
        """Return the sort key that puts the best edit first."""
        s, edits = self.suspect.statement, self.candidate.edits
        size = sum(len(one.text) + one.start - one.end for one in edits)
        names = set(_NAME.findall(s.text(s.node)))
        strange = {name for one in edits for name in _NAME.findall(one.text.decode())} - names
        changed = sum(_changed(s.unit, one) for one in edits)
        return (
            -len(self.mended),
            self.total + LIKELIER * self.doubted,
            self._orphans,
            self.adds or self._drops,
            changed > _MANY,
            self.suspect.tier,
            self.adds,
            size > _SMALL,
            self.suspect.promoted,
            not _renames(s.node),
            self.adds and bool(strange),
            self.candidate.rule == "sign" and _only_moves(s.node),
            changed,
            self.suspect.order,
            len(strange),
            size,
        )

    @property
    def line(self) -> int:
        """The number of the line at fault."""
        return self.blame().place.line

    def blame(self) -> Blame:
        """Return the line at fault and its fix."""
        unit = self.suspect.statement.unit
        node = self.candidate.node or self.suspect.statement.node
        edits = [unit.narrowed(one) for one in self.candidate.edits]
        place, lines = unit.place(unit.start(node), unit.end(node)), unit.lines(edits)
        if place.line < lines[0] and not edits[0].text.startswith(b"\n"):
            place = unit.place(edits[0].start, unit.end(node))
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
        )


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


class _Unnamed(ast.NodeTransformer):
    """Leaves out of an expression what tells it from others like it."""

    def visit_Name(self, node: ast.Name) -> ast.AST:
        """Return it without the name."""
        return ast.Name("", node.ctx)

    def visit_Sub(self, node: ast.Sub) -> ast.AST:
        """Return a sum for a difference."""
        return ast.Add()


def _form(node: ast.stmt | ast.expr) -> str:
    """Return code without its names and signs."""
    return ast.dump(_Unnamed().visit(deepcopy(node)))


def _renames(node: ast.stmt) -> bool:
    """Return whether a statement only gives a value another name, for which nobody writes one."""
    return isinstance(node, ast.Assign) and isinstance(node.value, ast.Name)


def _only_moves(node: ast.stmt) -> bool:
    """Return whether a statement calculates nothing, so that no sign belongs there."""
    return not any(isinstance(one, ast.BinOp | ast.UnaryOp) for one in ast.walk(node))


def _changed(unit: Unit, edit: Edit) -> int:
    """Return how many words and signs an edit puts in; what it only takes away counts once.

    So does it to put an expression in parentheses.
    """
    before = _WORD.findall(unit.between(edit.start, edit.end))
    after = _WORD.findall(edit.text.decode())
    apart = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    closed = after[:1] == ["("] != before[:1]
    return closed + sum(max(1, to - at) for tag, _, _, at, to in apart if tag != "equal")


def _is_change(unit: Unit, edit: Edit) -> bool:
    """Return whether an edit removes existing code: a name, an operator or a number of it."""
    before = _WORD.findall(unit.between(edit.start, edit.end))
    after = _WORD.findall(edit.text.decode())
    starts = range(len(after) - len(before) + 1)
    return not any(before == after[at : at + len(before)] for at in starts)
