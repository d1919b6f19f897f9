"""Tells which edits are worth a run, by a glance at what their line would compute."""

from __future__ import annotations

from collections.abc import Sequence

from gradtui.diagnosis.recorded.blame.afters import After
from gradtui.diagnosis.recorded.blame.candidates import Statement
from gradtui.diagnosis.recorded.blame.expressions import summands
from gradtui.diagnosis.recorded.blame.forms import is_partial
from gradtui.diagnosis.recorded.blame.instead import Instead
from gradtui.diagnosis.recorded.blame.preview import Preview
from gradtui.diagnosis.recorded.blame.slots import Slot
from gradtui.diagnosis.recorded.blame.suspect import Suspect
from gradtui.diagnosis.recorded.blame.units import Edit

_BLIND = 1
"""Most far-fetched edit that is run although a glance cannot tell.

One more where no glance can, if the recording tells that the line is wrong.
"""
_UNSEEN, _SHARE = 60, 20
"""Most such edits of a suspect that are run while the others wait: more where runs are cheap."""


class Worth:
    """Which edits are worth a run in a pass of the search."""

    def __init__(self, preview: Preview) -> None:
        self._preview = preview
        self.glancing = True
        """Whether only edits with a right line at a glance are tried."""
        self.certain = True
        """Whether a glance that is certain is believed: not of an approximation."""
        self._blind, self._unseen = _BLIND, 0
        """Most far-fetched edit that is run unseen, and how many more are."""
        self.open = 0
        """How many edits of all suspects may still be run unseen while others wait."""

    def turn_to(self, suspect: Suspect) -> None:
        """Look at the edits of another suspect."""
        s = suspect.statement
        blind = suspect.tier <= 1 and (self._preview.is_blind_to(s) or is_partial(s.node))
        self._blind, self._unseen = _BLIND + blind, max(_UNSEEN, self.open // _SHARE)

    def is_worth(self, s: Statement, edits: Sequence[Edit], cost: int) -> bool:
        """Return whether an edit is worth a run: by a glance, with far-fetched ones last."""
        if not self.glancing and not self.is_certain(s):
            return True
        return self._is_promising(self._preview.is_hopeful(s, edits), cost)

    def is_ruled_out(self, s: Statement, edits: Sequence[Edit]) -> bool:
        """Return whether no result can be right with an edit, however likely it is."""
        return self.certain and self._preview.is_needless(s, edits)

    def leaves_wrong(self, s: Statement, edits: Sequence[Edit]) -> bool:
        """Return whether some wrong result cannot be right with an edit, however likely it is."""
        return self.certain and self._preview.leaves_wrong(s, edits)

    def is_worth_in(self, slot: Slot, edit: Edit, cost: int) -> bool:
        """Return whether an edit of a slot is worth a run."""
        if not isinstance(slot, After):
            return self.is_worth(slot.s, [edit], cost)
        if not self.glancing or slot.gap is not None:
            return True  # where something was, it is likely
        hopeful = self._preview.is_hopeful_after(slot.s, slot.name, edit.text.decode().strip())
        return self._is_promising(hopeful, cost)

    def is_worth_times(self, slot: Slot, factor: str, cost: int) -> bool:
        """Return whether some multiple of a factor may be missing in a slot."""
        if isinstance(slot, After) or not (self.glancing or self.is_certain(slot.s)):
            return self.is_worth_in(slot, slot.times(factor), cost)
        return self._is_promising(self._preview.is_hopeful_times(slot.s, slot.node, factor), cost)

    def is_worth_instead(self, one: Instead) -> bool:
        """Return whether one of many edits may be right at a glance, or no glance can tell."""
        if one.term and one.slot.whole:
            s = one.slot.s
            return self.glancing and self._preview.is_hopeful_sum(
                s, one.slot.node, one.term, (one.sign,)
            )
        hopeful = self._preview.is_hopeful_with(one.slot.s, one.slot.node, one.text)
        return hopeful is True if self.glancing else hopeful is None

    def is_worth_adding(self, slot: Slot, term: str) -> bool:
        """Return whether a multiple of a term by a number in scope may be the missing one."""
        if self.is_worth_in(slot, slot.plus(term), 2):
            return True
        times = [*slot.missing.multiples()] if slot.whole else []
        if term in map(slot.s.text, summands(slot.node)):
            times = [one for one in times if one != -1.0]  # that would take it away
        return self._preview.is_hopeful_sum(slot.s, slot.node, (term,), times)

    def is_worth_keeping(self, after: After, text: str) -> bool:
        """Return whether a value may have to be added to another one after its line."""
        return not self.glancing or bool(self._preview.is_hopeful_kept(after.s, text))

    def is_doubted(self, s: Statement) -> bool:
        """Return whether an edit of a statement is run without a glance that is for it."""
        return not self.glancing and not self.is_certain(s)

    def is_certain(self, s: Statement) -> bool:
        """Return whether a glance at a statement settles the matter."""
        return self.certain and self._preview.is_exact(s)

    def _is_promising(self, hopeful: bool | None, cost: int) -> bool:
        """Return whether a glance is for a run; if it cannot tell, all but the likeliest wait."""
        if hopeful is not None or not self.glancing:
            return hopeful is not False
        if cost > self._blind or self._unseen <= 0 or self.open <= 0:
            return False
        self._unseen -= 1
        self.open -= 1
        return True
