"""How likely an edit is to undo a mistake, by its place and by what it does to the code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property

from msgspec import Struct

from gradtui.diagnosis.recorded.blame import amounts
from gradtui.diagnosis.recorded.blame.candidates import Candidate
from gradtui.diagnosis.recorded.blame.forms import is_copy, only_moves, renames
from gradtui.diagnosis.recorded.blame.signs import Signs
from gradtui.diagnosis.recorded.blame.suspect import Suspect
from gradtui.diagnosis.recorded.blame.weights import LIKELIER, UNLIKELIER

KNOWN = 4
"""By how much the code beside makes an edit likelier at most."""
_SMALL = 2
"""Most characters by which a replacing edit lengthens a line."""
_FEW, _MANY = 3, 6
"""Most words and signs that are a slip of the pen, and that a likely edit puts in."""
_NAME = re.compile(r"[^\W\d]\w*")


class Odds(Struct, frozen=True, eq=False, dict=True):
    """How likely an edit of a suspect is to undo a mistake; what it repairs apart."""

    suspect: Suspect
    candidate: Candidate
    cost: int

    @cached_property
    def signs(self) -> Signs:
        """What tells for it and against it."""
        return Signs(self.suspect, self.candidate)

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
        least, apart = int(self.signs.turns and not self.signs.becomes_alike), self.apart
        least = (
            -2 if self.suspect.label < 0 or self.signs.fills or self.signs.joins_terms else least
        )
        hoped = sum(weight for weight, _ in LIKELIER if weight > 0)
        for weight, holds in LIKELIER:
            apart, hoped = apart - weight * holds(self.signs), hoped - max(0, weight)
            yield max(least, apart - hoped)
        total = max(least, apart)
        for weight, holds in UNLIKELIER:
            total += weight * holds(self.signs)
            yield total

    @property
    def apart(self) -> int:
        """How unlikely it is, apart from other lines."""
        return self.suspect.tier + self.cost + self.signs.adds

    @cached_property
    def stands_still(self) -> bool:
        """Whether a line of a loop no longer uses the number of the round.

        So the first round that runs, which a glance sees, may be right alone.
        """
        return not self.signs.removed.keys().isdisjoint(self.suspect.statement.loops)

    @cached_property
    def key(self) -> tuple[int | bool, ...]:
        """The sort key that puts the best of edits as unlikely as each other first."""
        s, edits = self.suspect.statement, self.candidate.edits
        size = sum(len(one.text) + one.start - one.end for one in edits)
        names = set(_NAME.findall(s.text(s.node)))
        strange = {name for one in edits for name in _NAME.findall(one.text.decode())} - names
        words = sum(amounts.changed(s.unit, one) for one in edits)
        return (
            self.signs.orphans,
            not self.candidate.named,
            words > _MANY,
            words > _FEW,
            self.signs.keeps or self.signs.drops,
            self.signs.adds_line,
            self.suspect.tier,
            not is_copy(s.unit, s.node),
            self.signs.is_of_use,
            size > _SMALL,
            self.suspect.promoted,
            not self.signs.recurs,
            not renames(s.node),
            self.signs.adds and bool(strange),
            self.signs.is_sign and only_moves(s.node),
            words,
            self.suspect.order,
            len(strange),
            size,
        )

    @property
    def wastes(self) -> bool:
        """Whether it leaves something idle, or calculates it twice: there must be a better one."""
        return self.signs.orphans or self.signs.recalculates
