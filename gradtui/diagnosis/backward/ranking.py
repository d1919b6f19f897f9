"""Which of several repairs that make as many claims right is the mistake undone."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from gradtui.diagnosis.backward.hypotheses import FAR
from gradtui.diagnosis.backward.meaning import Readings
from gradtui.diagnosis.backward.offers import USUAL, Offer
from gradtui.diagnosis.backward.repair import Repair, hits_of, loose_ends
from gradtui.diagnosis.backward.trial import Trial
from gradtui.diagnosis.edits import INSERTIONS, Tweak, edited
from gradtui.engine.interpreter import Interpreter
from gradtui.language.parser import Name
from gradtui.language.trees import names_read

MOST_COMPARED = 12
"""Most equally good offers that are compared with care."""
MOST_EXPLAINED = 4
"""The best of those, of which the first with a small mistake as explanation wins."""
LIKE = 3
"""How many strange helpers are outweighed if a repaired line reads like another line."""


class Ranking:
    """The offers for one more repair of a program, in a world in which others are `done`."""

    def __init__(self, readings: Readings, world: Interpreter, done: Sequence[Repair]) -> None:
        self._readings, self._world, self._done = readings, world, done
        self._keys: dict[Offer, tuple[float, ...]] = {}
        self._found: dict[Offer, _Ends | None] = {}

    def best(self, offers: Sequence[Offer]) -> tuple[Offer, bool]:
        """Return the offer that fixes most, and if it is small and leaves nothing more strange.

        Of several that fix as much, it is the one that leaves the fewest wrong claims, unread
        helpers and helpers with an unknown value.
        """
        trial = self._readings.trial
        most = max(len(offer.fixed) for offer in offers)
        equal = sorted((one for one in offers if len(one.fixed) == most), key=lambda one: one.order)
        ranked = sorted(((self._key(one), one) for one in equal[:MOST_COMPARED]),
                        key=lambda one: one[0])  # fmt: skip
        _, best = ranked[0]
        found: _Ends | None = None
        least: tuple[float, ...] = ()
        searched = 0
        for key, offer in ranked:
            bound = (*key[:2], key[2] - LIKE, *key[3:])
            if found is not None and least <= bound:
                break
            if offer.repair.edit is None:
                searched += 1
                if searched > MOST_EXPLAINED:
                    continue
            ends = self._ends(offer)
            if ends is None:
                continue
            left, _, odd, bridges, sound, *rest = key
            if offer.repair.line.target is not None:
                rest = [max(0.0, ends.cost - FAR), *rest[1:]]
            elif offer.repair.edit is None:
                rest = [ends.cost - USUAL, *rest[1:]]
            unlikely = odd + _unlikely(trial, offer.repair, ends) - LIKE * ends.like
            own = (left, ends.loose, unlikely, bridges, sound, *rest)
            if found is None or own < least:
                found, best, least = ends, offer, own
        loose = len(trial.program.unread())
        near = found is not None and found.loose <= loose and not found.inserted
        return best, near and self._leaves_none_strange(best.repair)

    def _key(self, offer: Offer) -> tuple[float, ...]:
        """Return the sort key of an offer, apart from what explains it; the smallest wins."""
        if offer not in self._keys:
            repair, readings = offer.repair, self._readings
            after = self._world.replacing({repair.line.node: repair.value})
            reached = readings.trial.program.dependents([repair.line.name])
            left, *rest = offer.order
            strange = len(readings.strangers(after, repair.line))
            loose = _fewest_loose(readings.trial, repair)
            bridges = readings.bridges(after)
            self._keys[offer] = (left, loose, strange, bridges, *rest, len(reached))
        return self._keys[offer]

    def _leaves_none_strange(self, repair: Repair) -> bool:
        """Return whether a repair leaves all helpers with known values, or with sums of such."""
        after = self._world.replacing({repair.line.node: repair.value})
        strangers = self._readings.strangers(after, repair.line)
        return all(self._readings.adds_flows(line, after) for line in strangers)

    def _ends(self, offer: Offer) -> _Ends | None:
        if offer not in self._found:
            self._found[offer] = _ends(self._readings, offer.repair, self._world, self._done)
        return self._found[offer]


def _unlikely(trial: Trial, repair: Repair, ends: _Ends) -> int:
    """Return a penalty for a repair that inserts something, above all in a helper.

    A line that only renames a helper may well have lost a term: dx = dx_norm + dy.
    """
    if not ends.inserted or (ends.own and isinstance(repair.line.tree, Name)):
        return 0
    if repair.line.claimed:
        return 1
    readers = [line for line in trial.lines if repair.line.name in line.reads]
    return 2 + all(isinstance(line.tree, Name) for line in readers)


class _Ends(Struct, frozen=True):
    """The consequences of a simple change of a line."""

    loose: int
    """The number of unread helpers once the line is repaired."""
    inserted: bool
    """Whether something new is inserted."""
    own: bool
    """Whether the insertion consists of names that the line reads already."""
    like: int
    """1 if the line then reads like another, -1 if it no longer does."""
    cost: float
    """How far-fetched the change is."""


def _fewest_loose(trial: Trial, repair: Repair) -> int:
    """Return the least number of unread helpers once a line is repaired.

    A line that becomes an adjoint may read any unread helper.
    """
    line, program = repair.line, trial.program
    if repair.edit is not None:
        return loose_ends(trial, line, (repair.edit,), edited(line.tree, repair.edit))
    return len(program.unread(line.name, line.reads | (program.unread() & set(line.scope))))


def _ends(
    readings: Readings, repair: Repair, world: Interpreter, done: Sequence[Repair]
) -> _Ends | None:
    """Return the consequences of repairing a line; None if the repair is not simple."""
    line, edits = repair.line, tuple[Tweak, ...]()
    if repair.edit is not None:
        edits, tree = (repair.edit,), edited(line.tree, repair.edit)
        loose = _fewest_loose(readings.trial, repair)
        cost = readings.helpers.cost_of(line, repair.edit)
    else:
        hits = hits_of(readings, repair, done, world, pairs=False).hits
        if not hits:
            return None
        edits, tree, cost = hits[0].edits, hits[0].tree, hits[0].cost
        loose = loose_ends(readings.trial, line, edits, tree)
    new = [edit.new for edit in edits if edit.kind in INSERTIONS and edit.new is not None]
    own = all(name in line.reads for tree in new for name in names_read(tree))
    return _Ends(loose, bool(new), own, readings.likeness.gained(line, tree), cost)
