"""Edits of a line after which its value is right at a glance: alone, or two of them at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations, pairwise

from msgspec.structs import replace

from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement
from gradtui.diagnosis.recorded.blame.hits import Hit
from gradtui.diagnosis.recorded.blame.preview import Preview
from gradtui.diagnosis.recorded.blame.slots import Slot
from gradtui.diagnosis.recorded.blame.suspect import Suspect
from gradtui.diagnosis.recorded.blame.trial import Trials
from gradtui.diagnosis.recorded.blame.units import Edit

_COSTS = 5
_LIKELY, _MOST = 1, 64
"""How far-fetched each of two edits of a line may be, and most of them."""

Prepared = Callable[[Statement], tuple[Sequence[Slot], Sequence[Candidate]]]


class Leads:
    """The edits of lines that a glance takes for right."""

    def __init__(self, trials: Trials, preview: Preview, prepared: Prepared) -> None:
        """Ask `prepared` for the slots of a statement, and its edits."""
        self._trials, self._preview, self._prepared = trials, preview, prepared

    def of(self, suspects: Sequence[Suspect]) -> Iterator[list[Hit]]:
        """Yield the edits of each line that fails."""
        for suspect in self._trials.in_time(suspects):
            if suspect.failing:
                yield [*self.changed(suspect), *self._scaled(suspect)]

    def changed(self, suspect: Suspect) -> Iterator[Hit]:
        """Yield the edits of a line that change something."""
        s = suspect.statement
        for one in self._trials.in_time(self._prepared(s)[1]):
            if one.cost < _COSTS and self._preview.is_hopeful(s, one.edits):
                yield Hit(suspect, one, one.cost, frozenset())

    def _scaled(self, suspect: Suspect) -> Iterator[Hit]:
        """Yield the factors with which the value of a line is right, and minus one."""
        s = suspect.statement
        for slot in self._prepared(s)[0]:
            if slot.takes_numbers and self._preview.is_hopeful(s, slot.negated().edits):
                yield Hit(suspect, slot.negated(), 0, frozenset())
            factors = slot.missing.factors if slot.takes_factors else ()
            for factor, cost in self._trials.in_time(factors):
                if self._preview.is_hopeful_times(s, slot.node, factor):
                    for candidate in slot.factor(factor, 1.0, cost):
                        yield Hit(suspect, candidate, candidate.cost, frozenset())

    def twofold(self, suspects: Sequence[Suspect]) -> Iterator[Hit]:
        """Yield two likely edits at once of each line that fails, as one, the likeliest first."""
        for suspect in self._trials.in_time(suspects):
            s = suspect.statement
            for one in self._trials.in_time(self._doubles(s) if _fails(suspect) else ()):
                if self._preview.is_hopeful(s, one.edits):
                    yield Hit(suspect, one, one.cost, frozenset())

    def _doubles(self, s: Statement) -> Iterator[Candidate]:
        within, edits = self._prepared(s)
        negated = (slot.negated() for slot in within if slot.takes_numbers)
        likely = [one for one in (*edits, *negated) if one.cost <= _LIKELY]
        likely = sorted(likely, key=lambda one: one.cost)[:_MOST]
        pairs = sorted(combinations(likely, 2), key=lambda pair: pair[0].cost + pair[1].cost)
        for pair in pairs:
            one, two = sorted(pair, key=lambda each: each.edits[0].start)
            both = (*one.edits, *two.edits)
            if _are_apart(both):
                told = f"{one.told}, and {two.told}"
                yield replace(one, edits=both, told=told, node=None, cost=one.cost + two.cost)


def _fails(suspect: Suspect) -> bool:
    """Return whether right values become something else in a line, or it makes results alone."""
    return suspect.failing or not suspect.tier


def _are_apart(edits: Sequence[Edit]) -> bool:
    """Return whether no edit changes what another does."""
    ordered = sorted(edits, key=lambda one: (one.start, one.end))
    return all(one.end <= two.start and one.end > one.start for one, two in pairwise(ordered))
