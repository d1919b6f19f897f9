"""What tells for an edit and against it, by its place and by what it does to the code."""

from __future__ import annotations

import ast
from collections import Counter
from functools import cached_property

from msgspec import Struct

from gradtui.diagnosis.recorded.blame import amounts, unused
from gradtui.diagnosis.recorded.blame.alike import (
    becomes_alike,
    becomes_same,
    becomes_sum,
    becomes_unlike,
    recurs,
    stands_elsewhere,
)
from gradtui.diagnosis.recorded.blame.candidates import Candidate
from gradtui.diagnosis.recorded.blame.dropped import is_dropped
from gradtui.diagnosis.recorded.blame.expressions import multiplied
from gradtui.diagnosis.recorded.blame.filed import values_kept
from gradtui.diagnosis.recorded.blame.forgotten import defined_below, is_of_another
from gradtui.diagnosis.recorded.blame.forms import (
    has_bare_minus,
    idle_ones,
    is_idle_copy,
    is_odd_minus,
    is_renamed,
    keeps_transposed,
    misplaces,
    renames,
)
from gradtui.diagnosis.recorded.blame.given import uncrosses
from gradtui.diagnosis.recorded.blame.leftover import is_leftover
from gradtui.diagnosis.recorded.blame.names import agreement, is_spelled, made_alike, numbering
from gradtui.diagnosis.recorded.blame.opposed import opposes
from gradtui.diagnosis.recorded.blame.powers import ruled
from gradtui.diagnosis.recorded.blame.remembered import continues, remembers
from gradtui.diagnosis.recorded.blame.resets import spares
from gradtui.diagnosis.recorded.blame.rows import breaks_row
from gradtui.diagnosis.recorded.blame.scaling import (
    joins_terms,
    scales_alike,
)
from gradtui.diagnosis.recorded.blame.suspect import Suspect
from gradtui.diagnosis.recorded.blame.trees import target_of
from gradtui.diagnosis.recorded.blame.units import Unit
from gradtui.diagnosis.recorded.blame.unnamed import statement_after
from gradtui.diagnosis.recorded.blame.uses import is_as_named, is_made_before

_NAMED = ast.Name | ast.Attribute


class Signs(Struct, frozen=True, eq=False, dict=True):
    """What tells whether an edit of a suspect undoes a mistake."""

    suspect: Suspect
    candidate: Candidate

    @cached_property
    def adds(self) -> bool:
        """Whether it keeps the existing code and adds to it, perhaps in a wrong place."""
        return self.keeps and not self.turns

    @property
    def keeps(self) -> bool:
        """Whether it keeps all the code that is there."""
        return not all(amounts.is_change(self.unit, one) for one in self.candidate.edits)

    @property
    def turns(self) -> bool:
        """Whether it puts a minus to a value that is right but for its sign.

        That is likely, but what the code beside tells of the values that it is made of is likelier.
        """
        return self.suspect.opposite and self.is_sign and self.keeps

    @cached_property
    def orphans(self) -> bool:
        """Whether nothing would use a value any more that the function has."""
        return unused.orphans(self.suspect.statement, self.candidate, self.removed)

    @cached_property
    def removed(self) -> Counter[str]:
        """The names that it takes away, attributes with a dot; what is swapped stays.

        A line that only stores a value under a name, or changes it, makes no use of it.
        """
        own = self.suspect.statement.node
        target = target_of(own) if isinstance(own, ast.Assign | ast.AugAssign) else None
        stores = isinstance(target, ast.Name) and self.candidate.node is target
        return Counter() if stores else amounts.taken(self.unit, self.candidate.edits)

    @property
    def unit(self) -> Unit:
        """The function that it edits."""
        return self.suspect.statement.unit

    @cached_property
    def becomes_alike(self) -> bool:
        """Whether it makes a line like another one."""
        unit, own, edits = self.unit, self.suspect.statement.node, self.candidate.edits
        return becomes_alike(unit, own, edits) or becomes_same(unit, own, edits)

    @cached_property
    def becomes_unlike(self) -> bool:
        """Whether it makes a line that is like another one unlike all."""
        return becomes_unlike(self.unit, self.suspect.statement.node, self.candidate.edits)

    @cached_property
    def becomes_sum(self) -> bool:
        """Whether it adds to a value that is added to elsewhere."""
        return becomes_sum(self.unit, self.suspect.statement.node, self.candidate.edits)

    @property
    def breaks_row(self) -> bool:
        """Whether it gives one of a row another sign or name, or divides by a power in one."""
        return breaks_row(self.unit, self.suspect.statement.node, self.candidate.edits)

    @cached_property
    def joins_terms(self) -> bool:
        """Whether a term becomes divided by what another one of its sum is divided by."""
        return joins_terms(self.suspect, self.candidate)

    @property
    def opposes(self) -> bool:
        """Whether it gives what is returned the minus of the value before it."""
        return opposes(self.unit, self.suspect.statement.node, self.candidate.edits)

    @property
    def uncrosses(self) -> bool:
        """Whether it hands arguments to the parameters of their names."""
        return uncrosses(self.unit, self.suspect.statement.node, self.candidate.edits)

    @property
    def is_known(self) -> bool:
        """Whether the code elsewhere tells what it puts in."""
        copied = self.keeps and is_idle_copy(self.unit, self.suspect.statement.node)
        return (self.becomes_alike or self.remembers or copied
                or scales_alike(self.suspect, self.candidate) or self.is_spelled)  # fmt: skip

    @property
    def recurs(self) -> bool:
        """Whether it makes an expression that the function has elsewhere, too."""
        return recurs(self.suspect.statement, self.candidate)

    @cached_property
    def agreement(self) -> int:
        """Whether it makes the line speak of one thing (1), or of two (-1); else 0."""
        return agreement(self.suspect.statement, self.candidate.edits)

    @cached_property
    def numbering(self) -> int:
        """Whether it swaps what is numbered into its order (1), or out of it (-1); else 0."""
        return numbering(self.suspect.statement, self.candidate.edits)

    @cached_property
    def rule(self) -> int:
        """How many slopes of powers it makes; below 0, how many it breaks."""
        return ruled(self.suspect.statement, self.candidate.edits)

    @cached_property
    def names(self) -> frozenset[str]:
        """The names that it brings in, with their attributes and entries."""
        return amounts.brought(self.unit, self.candidate.edits)

    @property
    def is_spelled(self) -> bool:
        """Whether two operands come into the order of the name of what is stored."""
        first, last = self.candidate.edits[0], self.candidate.edits[-1]
        texts = [self.unit.between(one.start, one.end) for one in (first, last)]
        swaps = texts[::-1] == [one.text.decode() for one in (first, last)]
        match self.candidate.node:
            case ast.BinOp(ast.Name(left), ast.Sub(), ast.Name(right)) if first is last:
                texts = [left, right]
                swaps = first.text.decode() == f"{right} - {left}"
            case _ if first is last:
                return False
        return swaps and is_spelled(self.suspect.statement, texts[::-1])

    @property
    def is_beside(self) -> bool:
        """Whether other values are kept than those whose names tell that they may be wrong."""
        return self.suspect.tier == 0 and not self.candidate.named and self.keeps_values

    @cached_property
    def keeps_values(self) -> bool:
        """Whether the line only keeps values for the backward pass."""
        kept = values_kept(self.suspect.statement.node)
        return bool(kept) and all(isinstance(one, _NAMED) for one in kept)

    @property
    def spoils(self) -> bool:
        """Whether it is unlikely for a line that keeps values."""
        if self.spares:
            return False
        adapts = self.keeps_values and amounts.calculates(self.candidate.edits)
        return (adapts and not self.becomes_sum) or self.is_beside

    @property
    def empties(self) -> bool:
        """Whether a number takes the place of a calculation, as no other line has it."""
        return not self.becomes_alike and amounts.empties(self.unit, self.candidate.edits)

    @property
    def calls_its_name(self) -> bool:
        """Whether a value that only has the name of a function becomes what that makes."""
        node = self.suspect.statement.node
        if not renames(node) or not isinstance(node, ast.Assign):
            return False
        name = ast.unparse(node.targets[0]).strip("_").lower()
        owner = getattr(self.unit.owner, "name", "")
        texts = (one.text.decode().lower() for one in self.candidate.edits)
        return any("(" in one and (name in one or name == owner.lower()) for one in texts)

    @cached_property
    def spares(self) -> bool:
        """Whether it only copies an array that is written into later."""
        return spares(self.suspect.statement, self.candidate.edits)

    @property
    def leaves_twin(self) -> bool:
        """Whether another function has the same line, which would be as wrong.

        Unless it uses what this function alone does not.
        """
        return not self.remembers and stands_elsewhere(self.unit, self.suspect.statement.node)

    @property
    def is_of_use(self) -> bool:
        """Whether it adds something to a name that it uses, and not where its value is made.

        A line that only renames may have lost what it did with the name.
        """
        node, own = self.candidate.node, self.suspect.statement.node
        used = is_made_before(self.unit, own, node) and not renames(own)
        return self.adds and (used or is_as_named(own))

    @property
    def is_late(self) -> bool:
        """Whether it scales in a line that is for something else: in its middle, or a call."""
        inside = self.adds and not self.adds_line
        return inside and misplaces(self.suspect.statement, self.candidate, used=self.is_of_use)

    @property
    def adds_line(self) -> bool:
        """Whether it adds a line, where another edit changes one that is there."""
        return any(one.text[:1] == b"\n" for one in self.candidate.edits)

    @property
    def remembers(self) -> bool:
        """Whether it uses what the function is given or keeps, and nothing else uses."""
        return remembers(self.suspect.statement, self.names)

    @property
    def continues(self) -> bool:
        """Whether it uses what the line just before stores and nothing else uses."""
        return self.adds and continues(self.suspect.statement, self.names)

    @property
    def repeats(self) -> bool:
        """Whether it repeats a factor of the value in which right ones become others: a power."""
        own, candidate = self.suspect.statement, self.candidate
        return self.suspect.failing and candidate.rule == "missing-factor" and any(
            own.text(one).strip("-") == candidate.factor
            for value in own.values for one in multiplied(value)
        )  # fmt: skip

    @cached_property
    def recalculates(self) -> bool:
        """Whether it computes once more what another line has computed."""
        return unused.recalculates(self.unit, self.candidate)

    @property
    def fills(self) -> bool:
        """Whether it puts something in the place of what does nothing: a statement or a factor.

        Or beside what stands in parentheses without need.
        """
        own, edits = self.suspect.statement.node, self.candidate.edits
        after = statement_after(self.unit, own, edits) if idle_ones(own) else None
        does = after is not None and idle_ones(after) < idle_ones(own)
        dropped = self.candidate.rule == "missing-path" and not self.adds_line
        dropped = dropped and is_dropped(self.suspect.statement)
        return (
            does
            or dropped
            or (self.keeps and is_leftover(self.suspect.statement, edits))
            or [self.unit.between(one.start, one.end) for one in edits] == ["pass"]
        )

    @property
    def resumes(self) -> bool:
        """Whether it gives a line something to do that only renames."""
        node = self.suspect.statement.node
        if not isinstance(node, ast.Assign) or not renames(node) or self.is_sign:
            return False
        beside = not self.added.isdisjoint(made_alike(node.value, self.unit))
        return self.keeps and (beside or isinstance(node.targets[0], ast.Name))

    @property
    def mixes(self) -> bool:
        """Whether it adds to a value one that is made in the same way beside it.

        Their sum has a name of its own, unless nothing else uses the other, nor renames the value.
        """
        node = self.suspect.statement.node
        target = node.targets[0] if isinstance(node, ast.Assign) else None
        if target is None or renames(node):
            return False
        alone = self.remembers and not is_renamed(self.unit, target)
        return not alone and not self.added.isdisjoint(made_alike(target, self.unit))

    @property
    def added(self) -> frozenset[str]:
        """The names that it adds as terms."""
        return self.names if self.candidate.rule in unused.ADDING else frozenset()

    @property
    def is_outside(self) -> bool:
        """Whether it uses data defined only below the function, or another object's own affair."""
        s, names = self.suspect.statement, self.names
        return not names.isdisjoint(defined_below(s.unit)) or any(
            is_of_another(s, one) for one in names
        )

    @property
    def bares(self) -> bool:
        """Whether it takes the minus from what is only stored, kept or returned, or an odd one.

        Or the transposition from what is put into a list.
        """
        s, turned = self.suspect.statement, self.candidate.rule == "transposed"
        minus = has_bare_minus(s) or is_odd_minus(s, self.candidate.node)
        bare = (self.is_sign and minus) or (turned and keeps_transposed(s.node))
        return bare and not self.keeps

    @property
    def is_sign(self) -> bool:
        """Whether it changes nothing but a sign."""
        return self.candidate.rule == "sign"

    @property
    def drops(self) -> bool:
        """Whether it takes a factor away: one too many is no likelier than that one is missing.

        A number that is divided by something has to be there.
        """
        ones = [one.text for one in self.candidate.edits] == [b"1"] and not self._is_divided
        return ones or self.candidate.rule == "extra-factor"

    @property
    def _is_divided(self) -> bool:
        """Whether it changes what is divided by something."""
        node = self.candidate.node
        above = self.suspect.statement.parents.get(node) if node is not None else None
        return isinstance(above, ast.BinOp) and isinstance(above.op, ast.Div) and above.left is node
