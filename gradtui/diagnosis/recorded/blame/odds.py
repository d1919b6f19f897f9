"""How likely an edit is to undo a mistake, by its place and by what it does to the code."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property

from msgspec import Struct

from gradtui.diagnosis.recorded.blame import amounts, unused
from gradtui.diagnosis.recorded.blame.against import (
    is_senseless,
    misnames,
    only_renames,
    takes_back,
    wraps,
)
from gradtui.diagnosis.recorded.blame.alike import (
    becomes_alike,
    becomes_same,
    becomes_sum,
    stands_elsewhere,
)
from gradtui.diagnosis.recorded.blame.candidates import Candidate
from gradtui.diagnosis.recorded.blame.conditions import is_told
from gradtui.diagnosis.recorded.blame.expressions import multiplied
from gradtui.diagnosis.recorded.blame.forgotten import defined_below, is_of_another
from gradtui.diagnosis.recorded.blame.forms import (
    adds_up,
    hands_negated,
    has_bare_minus,
    idle_factors,
    is_copy,
    is_idle_copy,
    is_renamed,
    misplaces,
    only_moves,
    renames,
)
from gradtui.diagnosis.recorded.blame.given import uncrosses
from gradtui.diagnosis.recorded.blame.kept import values_kept
from gradtui.diagnosis.recorded.blame.names import agreement, is_spelled, made_alike
from gradtui.diagnosis.recorded.blame.opposed import opposes
from gradtui.diagnosis.recorded.blame.powers import ruled
from gradtui.diagnosis.recorded.blame.remembered import continues, remembers
from gradtui.diagnosis.recorded.blame.resets import spares
from gradtui.diagnosis.recorded.blame.rows import breaks_row
from gradtui.diagnosis.recorded.blame.scaling import (
    resizes,
    scales_alike,
    scales_for_later,
    shares_factor,
)
from gradtui.diagnosis.recorded.blame.suspect import Suspect
from gradtui.diagnosis.recorded.blame.units import Unit
from gradtui.diagnosis.recorded.blame.unnamed import statement_after
from gradtui.diagnosis.recorded.blame.uses import is_as_named, is_made_before

KNOWN = 4
"""By how much the code beside makes an edit likelier at most."""
_SMALL = 2
"""Most characters by which a replacing edit lengthens a line."""
_FEW, _MANY = 3, 6
"""Most words and signs that are a slip of the pen, and that a likely edit puts in."""
_NAME = re.compile(r"[^\W\d]\w*")
_NAMED = ast.Name | ast.Attribute


class Odds(Struct, frozen=True, eq=False, dict=True):
    """How likely an edit of a suspect is to undo a mistake; what it repairs apart."""

    suspect: Suspect
    candidate: Candidate
    cost: int

    @cached_property
    def total(self) -> int:
        """How unlikely it is: by its place, its cost, and whether it adds something.

        A mistake in existing code is likelier than a missing part that could be in many places.
        """
        return max(self._bounds())

    def is_within(self, most: int) -> bool:
        """Return whether it is at most so unlikely, asking for no sign that cannot matter."""
        return all(least <= most for least in self._bounds())

    def _bounds(self) -> Iterator[int]:
        """Yield how unlikely it is at least, sign by sign: the last one is the total."""
        least, apart = int(self._turns and not self._becomes_alike), self.apart
        least = -2 if self.suspect.label < 0 or self._fills else least
        hoped = sum(weight for weight, _ in _LIKELIER if weight > 0)
        for weight, holds in _LIKELIER:
            apart, hoped = apart - weight * holds(self), hoped - max(0, weight)
            yield max(least, apart - hoped)
        total = max(least, apart)
        for weight, holds in _UNLIKELIER:
            total += weight * holds(self)
            yield total

    @property
    def apart(self) -> int:
        """How unlikely it is, apart from other lines."""
        return self.suspect.tier + self.cost + self.adds

    @cached_property
    def adds(self) -> bool:
        """Whether it keeps the existing code and adds to it, perhaps in a wrong place."""
        return self._keeps and not self._turns

    @property
    def _keeps(self) -> bool:
        return not all(amounts.is_change(self._unit, one) for one in self.candidate.edits)

    @property
    def _turns(self) -> bool:
        """Whether it puts a minus to a value that is right but for its sign.

        That is likely, but what the code beside tells of the values that it is made of is likelier.
        """
        return self.suspect.opposite and self._is_sign and self._keeps

    @cached_property
    def orphans(self) -> bool:
        """Whether nothing would use a value any more that the function has."""
        return unused.orphans(self.suspect.statement, self.candidate, self._removed)

    @cached_property
    def stands_still(self) -> bool:
        """Whether a line of a loop no longer uses the number of the round.

        So the first round that runs, which a glance sees, may be right alone.
        """
        return not self._removed.keys().isdisjoint(self.suspect.statement.loops)

    @cached_property
    def _removed(self) -> Counter[str]:
        """The names that it takes away, attributes with a dot; what is swapped stays."""
        return amounts.taken(self._unit, self.candidate.edits)

    @cached_property
    def key(self) -> tuple[int | bool, ...]:
        """The sort key that puts the best of edits as unlikely as each other first."""
        s, edits = self.suspect.statement, self.candidate.edits
        size = sum(len(one.text) + one.start - one.end for one in edits)
        names = set(_NAME.findall(s.text(s.node)))
        strange = {name for one in edits for name in _NAME.findall(one.text.decode())} - names
        words = sum(amounts.changed(s.unit, one) for one in edits)
        return (
            self.orphans,
            not self.candidate.named,
            words > _MANY,
            words > _FEW,
            self._keeps or self._drops,
            self._adds_line,
            self.suspect.tier,
            not is_copy(s.unit, s.node),
            self._is_of_use,
            size > _SMALL,
            self.suspect.promoted,
            not renames(s.node),
            self.adds and bool(strange),
            self._is_sign and only_moves(s.node),
            words,
            self.suspect.order,
            len(strange),
            size,
        )

    @property
    def _unit(self) -> Unit:
        return self.suspect.statement.unit

    @cached_property
    def _becomes_alike(self) -> bool:
        """Whether it makes a line like another one."""
        unit, own, edits = self._unit, self.suspect.statement.node, self.candidate.edits
        return becomes_alike(unit, own, edits) or becomes_same(unit, own, edits)

    @cached_property
    def _becomes_sum(self) -> bool:
        """Whether it adds to a value that is added to elsewhere."""
        return becomes_sum(self._unit, self.suspect.statement.node, self.candidate.edits)

    @property
    def _breaks_row(self) -> bool:
        """Whether it gives one of a row another sign or name, or divides by a power in one."""
        return breaks_row(self._unit, self.suspect.statement.node, self.candidate.edits)

    @property
    def _opposes(self) -> bool:
        """Whether it gives what is returned the minus of the value before it."""
        return opposes(self._unit, self.suspect.statement.node, self.candidate.edits)

    @property
    def _uncrosses(self) -> bool:
        """Whether it hands arguments to the parameters of their names."""
        return uncrosses(self._unit, self.suspect.statement.node, self.candidate.edits)

    @property
    def _is_known(self) -> bool:
        """Whether the code elsewhere tells what it puts in."""
        copied = self._keeps and is_idle_copy(self._unit, self.suspect.statement.node)
        return (self._becomes_alike or self._remembers or copied
                or scales_alike(self.suspect, self.candidate) or self._is_spelled)  # fmt: skip

    @cached_property
    def _agreement(self) -> int:
        return agreement(self.suspect.statement, self.candidate.edits)

    @cached_property
    def _rule(self) -> int:
        return ruled(self.suspect.statement, self.candidate.edits)

    @cached_property
    def _names(self) -> frozenset[str]:
        """The names that it brings in, with their attributes and entries."""
        return amounts.brought(self._unit, self.candidate.edits)

    @property
    def _is_spelled(self) -> bool:
        """Whether two operands come into the order of the name of what is stored."""
        first, last = self.candidate.edits[0], self.candidate.edits[-1]
        texts = [self._unit.between(one.start, one.end) for one in (first, last)]
        swaps = texts[::-1] == [one.text.decode() for one in (first, last)]
        match self.candidate.node:
            case ast.BinOp(ast.Name(left), ast.Sub(), ast.Name(right)) if first is last:
                texts = [left, right]
                swaps = first.text.decode() == f"{right} - {left}"
            case _ if first is last:
                return False
        return swaps and is_spelled(self.suspect.statement, texts[::-1])

    @property
    def _is_beside(self) -> bool:
        """Whether other values are kept than those whose names tell that they may be wrong."""
        return self.suspect.tier == 0 and not self.candidate.named and self._keeps_values

    @cached_property
    def _keeps_values(self) -> bool:
        """Whether the line only keeps values for the backward pass."""
        kept = values_kept(self.suspect.statement.node)
        return bool(kept) and all(isinstance(one, _NAMED) for one in kept)

    @property
    def _spoils(self) -> bool:
        """Whether it is unlikely for a line that keeps values."""
        if self._spares:
            return False
        adapts = self._keeps_values and amounts.calculates(self.candidate.edits)
        return (adapts and not self._becomes_sum) or self._is_beside

    @cached_property
    def _spares(self) -> bool:
        """Whether it only copies an array that is written into later."""
        return spares(self.suspect.statement, self.candidate.edits)

    @property
    def _leaves_twin(self) -> bool:
        """Whether another function has the same line, which would be as wrong.

        Unless it uses what this function alone does not.
        """
        return not self._remembers and stands_elsewhere(self._unit, self.suspect.statement.node)

    @property
    def _is_of_use(self) -> bool:
        """Whether it adds something to a name that it uses, and not where its value is made.

        A line that only renames may have lost what it did with the name.
        """
        node, own = self.candidate.node, self.suspect.statement.node
        used = is_made_before(self._unit, own, node) and not renames(own)
        return self.adds and (used or is_as_named(own))

    @property
    def _is_late(self) -> bool:
        """Whether it scales in a line that is for something else: in its middle, or a call."""
        inside = self.adds and not self._adds_line
        return inside and misplaces(self.suspect.statement, self.candidate, used=self._is_of_use)

    @property
    def _adds_line(self) -> bool:
        """Whether it adds a line, where another edit changes one that is there."""
        return any(one.text[:1] == b"\n" for one in self.candidate.edits)

    @property
    def _remembers(self) -> bool:
        """Whether it uses what the function is given or keeps, and nothing else uses."""
        return remembers(self.suspect.statement, self._names)

    @property
    def _continues(self) -> bool:
        """Whether it uses what the line just before stores and nothing else uses."""
        return self.adds and continues(self.suspect.statement, self._names)

    @property
    def _repeats(self) -> bool:
        """Whether it repeats a factor of the value in which right ones become others: a power."""
        own, candidate = self.suspect.statement, self.candidate
        return self.suspect.failing and candidate.rule == "missing-factor" and any(
            own.text(one).strip("-") == candidate.factor
            for value in own.values for one in multiplied(value)
        )  # fmt: skip

    @property
    def wastes(self) -> bool:
        """Whether it leaves something idle, or calculates it twice: there must be a better one."""
        return self.orphans or self._recalculates

    @cached_property
    def _recalculates(self) -> bool:
        return unused.recalculates(self._unit, self.candidate)

    @property
    def _fills(self) -> bool:
        """Whether it puts something in the place of what does nothing: a statement or a factor."""
        own, edits = self.suspect.statement.node, self.candidate.edits
        after = statement_after(self._unit, own, edits) if idle_factors(own) else None
        does = after is not None and idle_factors(after) < idle_factors(own)
        return does or [self._unit.between(one.start, one.end) for one in edits] == ["pass"]

    @property
    def _resumes(self) -> bool:
        """Whether it gives a line something to do that only renames."""
        node = self.suspect.statement.node
        if not isinstance(node, ast.Assign) or not renames(node) or self._is_sign:
            return False
        beside = not self._added.isdisjoint(made_alike(node.value, self._unit))
        return self._keeps and (beside or isinstance(node.targets[0], ast.Name))

    @property
    def _mixes(self) -> bool:
        """Whether it adds to a value one that is made in the same way beside it.

        Their sum has a name of its own, unless nothing else uses the other, nor renames the value.
        """
        node = self.suspect.statement.node
        target = node.targets[0] if isinstance(node, ast.Assign) else None
        if target is None or renames(node):
            return False
        alone = self._remembers and not is_renamed(self._unit, target)
        return not alone and not self._added.isdisjoint(made_alike(target, self._unit))

    @property
    def _added(self) -> frozenset[str]:
        """The names that it adds as terms."""
        return self._names if self.candidate.rule in unused.ADDING else frozenset()

    @property
    def _is_outside(self) -> bool:
        """Whether it uses data defined only below the function, or another object's own affair."""
        s, names = self.suspect.statement, self._names
        return not names.isdisjoint(defined_below(s.unit)) or any(
            is_of_another(s, one) for one in names
        )

    @property
    def _bares(self) -> bool:
        """Whether it takes the minus from what is only stored, kept or returned."""
        taken = self._is_sign and not self._keeps
        return taken and has_bare_minus(self.suspect.statement)

    @property
    def _is_sign(self) -> bool:
        return self.candidate.rule == "sign"

    @property
    def _drops(self) -> bool:
        """Whether it takes a factor away: one too many is no likelier than that one is missing."""
        texts = [one.text for one in self.candidate.edits]
        return texts == [b"1"] or self.candidate.rule == "extra-factor"


Sign = tuple[int, Callable[[Odds], bool]]
"""What tells of an edit, with how much likelier or less likely it makes that."""
_LIKELIER: Sequence[Sign] = (
    (3, lambda edit: edit._becomes_sum or edit._opposes or edit._uncrosses),
    (2, lambda edit: edit._repeats),
    (2, lambda edit: edit._resumes or edit._fills),
    (2, lambda edit: edit._continues),
    (2, lambda edit: edit._agreement > 0),
    (2, lambda edit: edit._rule > 0 and not edit.adds),
    (2, lambda edit: edit.suspect.label < 0),
    (4, lambda edit: is_told(edit.suspect, edit.candidate.edits)),
    (-4, lambda edit: edit._is_outside),
    (4, lambda edit: shares_factor(edit.suspect, edit.candidate)),
    (2, lambda edit: edit._is_known),
    (2, lambda edit: edit._bares),
    (2, lambda edit: edit._spares),
    (-2, lambda edit: edit._is_late and not edit._becomes_alike and not edit.candidate.named),
    (-3, lambda edit: edit._mixes),
    (-3, lambda edit: edit._breaks_row),
)
_UNLIKELIER: Sequence[Sign] = (
    (
        2,
        lambda edit: (
            edit.orphans
            or unused.forsakes(edit._unit, edit._removed)
            or resizes(edit.suspect, edit.candidate)
        ),
    ),
    (3, lambda edit: unused.spares_argument(edit._unit, edit._removed) or edit._recalculates),
    (3, lambda edit: edit._spoils or amounts.empties(edit._unit, edit.candidate.edits)),
    (2, lambda edit: edit.adds and scales_for_later(edit.suspect, edit.candidate)),
    (4, lambda edit: takes_back(edit.suspect.statement, edit.candidate.edits)),
    (5, lambda edit: is_senseless(edit.suspect.statement, edit.candidate.edits)),
    (3, lambda edit: only_renames(edit.suspect.statement, edit.candidate.edits)),
    (3, lambda edit: misnames(edit.suspect.statement, edit.candidate.edits)),
    (2, lambda edit: wraps(edit.suspect.statement, edit.candidate.edits)),
    (2, lambda edit: edit._is_sign and not edit._becomes_alike and adds_up(edit.suspect.statement)),
    (
        1,
        lambda edit: (
            edit._is_sign
            and not (edit._bares or hands_negated(edit.suspect.statement))
            and amounts.turns_round(edit._unit, edit.candidate.edits)
        ),
    ),
    (3, lambda edit: edit._leaves_twin),
    (5, lambda edit: edit.suspect.paired),
    (2, lambda edit: edit._agreement < 0 or edit.suspect.label > 0),
    (2, lambda edit: edit._rule < 0),
)
"""Signs against an edit, however likely it is by others."""
