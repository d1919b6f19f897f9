"""The search for the edit of the user's code that makes wrong results right."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from fractions import Fraction

import numpy as np

from gradtui.diagnosis.recorded.blame.afters import After, afters
from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement
from gradtui.diagnosis.recorded.blame.edits import edits
from gradtui.diagnosis.recorded.blame.hits import Blame, Hit
from gradtui.diagnosis.recorded.blame.instead import Instead, insteads
from gradtui.diagnosis.recorded.blame.material import given, numbers, renamings, unused
from gradtui.diagnosis.recorded.blame.preview import Preview
from gradtui.diagnosis.recorded.blame.slots import Slot, slots
from gradtui.diagnosis.recorded.blame.suspects import TIERS, Suspect, Suspects
from gradtui.diagnosis.recorded.blame.trial import Patch, Results, Trials
from gradtui.diagnosis.recorded.blame.units import Edit, Unit
from gradtui.diagnosis.recorded.blame.watch import Watched
from gradtui.recording.run import unheard

_COSTS = 5
_ROUNDS = 4
"""Most mistakes told apart."""
_FURTHER = 2
"""The extra cost of edits tried once some mistakes are repaired."""
_BLIND = 1
"""Most far-fetched edit that is run although a glance cannot tell."""
_SOLVED, _NEARLY = 1e-6, 1e-4
"""Largest relative rest of a solved multiple, and that of one of an approximation."""
_PARTS = 12
"""Largest denominator of a multiple that an approximation gives almost."""


_Key = tuple[Unit, tuple[tuple[int, int, bytes], ...]]


class Search:
    """One search, for any number of mistakes."""

    def __init__(self, trials: Trials, suspects: Suspects, preview: Preview) -> None:
        self._trials, self._suspects, self._preview = trials, suspects, preview
        self._glancing = True
        """Whether only edits with a right line at a glance are tried."""
        self._tried = set[_Key]()
        """The edits that were run."""
        self._nearly = list[Hit]()
        """The edits that make something right but for an approximation."""
        self._edits: dict[ast.stmt, list[Candidate]] = {}
        self._slots: dict[ast.stmt, tuple[list[Slot], list[After]]] = {}
        self._zeros: dict[ast.AST, Results | None] = {}
        """Expression -> the results with 0 in its place."""
        self._hand: Results | None = None
        """The results of the code with the edits found so far."""

    def found(self) -> Iterator[Blame]:
        """Yield a blame for each mistake that an edit repairs."""
        for _ in range(_ROUNDS):
            if not self._trials.wrong:
                return
            self._hand = self._trials.results(None)
            with unheard():
                hit = self._best()
            if hit is None:
                return
            self._trials.stand(hit.patch, hit.mended)
            yield hit.blame()

    def _best(self) -> Hit | None:
        hits = list[Hit]()
        self._nearly.clear()
        wrong = self._trials.wrong
        suspects = self._suspects.ranked(wrong, {self._trials.true(one).shape for one in wrong})
        self._tried.clear()
        self._edits.clear()
        self._zeros.clear()
        for glancing in (True, False):
            self._glancing = glancing
            for total in range(TIERS + _COSTS):
                for suspect in suspects:
                    if 0 <= total - suspect.tier < _COSTS:
                        hits += self._hits(suspect, total - suspect.tier)
                if any(self._is_enough(hit, total) for hit in hits):
                    return min(hits, key=Hit.rank)
        return min(hits or self._nearly, key=Hit.rank, default=None)

    def _is_enough(self, hit: Hit, total: int) -> bool:
        """Return whether to stop the search after edits as unlikely as `total`.

        One edit for all mistakes is worth searching further, and so is one with numbers that a user
        would write; but not for ever.
        """
        if hit.cost >= _COSTS:
            return not self._glancing and total > _FURTHER
        return hit.total + _FURTHER * (len(hit.mended) < len(self._trials.wrong)) <= total

    def _is_worth(self, s: Statement, edits: Sequence[Edit], cost: int) -> bool:
        """Return whether an edit is worth a run: by a glance, with far-fetched ones last."""
        if not self._glancing:
            return True
        hopeful = self._preview.is_hopeful(s, edits)
        return cost <= _BLIND if hopeful is None else hopeful

    def _is_worth_in(self, slot: Slot, edit: Edit, cost: int) -> bool:
        if not self._glancing or not isinstance(slot, After):
            return self._is_worth(slot.s, [edit], cost)
        hopeful = self._preview.is_hopeful_after(slot.s, slot.name, edit.text.decode().strip())
        return cost <= _BLIND if hopeful is None else hopeful

    def _is_worth_times(self, slot: Slot, factor: str, cost: int) -> bool:
        if not self._glancing or isinstance(slot, After):
            return self._is_worth_in(slot, slot.times(factor), cost)
        hopeful = self._preview.is_hopeful_times(slot.s, slot.node, factor)
        return cost <= _BLIND if hopeful is None else hopeful

    def _is_worth_instead(self, one: Instead) -> bool:
        """Return whether one of many edits may be right at a glance, or no glance can tell."""
        if one.term and one.slot.whole:
            s = one.slot.s
            return self._glancing and self._preview.is_hopeful_sum(s, one.term, (one.sign,))
        hopeful = self._preview.is_hopeful_with(one.slot.s, one.slot.node, one.text)
        return hopeful is True if self._glancing else hopeful is None

    def _is_worth_adding(self, slot: Slot, term: str) -> bool:
        """Return whether a multiple of a term by a number in scope may be the missing one."""
        if self._is_worth_in(slot, slot.plus(term), 2):
            return True
        return slot.whole and self._preview.is_hopeful_sum(slot.s, (term,), [*slot.multiples()])

    def _hits(self, suspect: Suspect, cost: int) -> Iterator[Hit]:
        """Yield the edits of a statement, as far-fetched as `cost`, that repair something."""
        s = suspect.statement
        for candidate in self._candidates(s, cost):
            if self._trials.left <= 0:
                return
            if not self._is_new(s, candidate.edits):
                continue
            mended = self._trials.mended(Patch(s.unit, candidate.edits))
            own = max(cost, candidate.cost)
            if mended:
                yield Hit(suspect, candidate, own, mended)
            elif self._trials.nearly:
                self._nearly.append(Hit(suspect, candidate, own, self._trials.nearly, True))

    def _is_new(self, s: Statement, edits: Sequence[Edit]) -> bool:
        """Return whether edits change something and were not run before."""
        key = s.unit, tuple((one.start, one.end, one.text) for one in edits)
        new = key not in self._tried and any(s.unit.changes(edit) for edit in edits)
        self._tried.add(key)
        return new

    def _candidates(self, s: Statement, cost: int) -> Iterator[Candidate]:
        if s.node not in self._edits:
            wanted = self._trials.numbers
            self._edits[s.node] = [
                *edits(s), *unused(s), *renamings(s), *given(s), *numbers(s, wanted),
            ]  # fmt: skip
            self._slots[s.node] = [*slots(s)], [*afters(s)]
        within, behind = self._slots[s.node]
        if cost == 3:
            yield from (one.candidate for one in insteads(s, within) if self._is_worth_instead(one))
        yield from (
            one
            for one in self._edits[s.node]
            if one.cost == cost and (not cost or self._is_worth(s, one.edits, cost))
        )
        for slot in within:
            yield from self._in_slot(slot, cost - slot.distance)
        for after in behind:
            if cost and not after.alone:
                # A missing part is likelier inside a line than after it.
                yield from self._in_slot(after, cost - 1)
            if cost == 2:
                yield from after.picked()
            if cost == 1:
                yield from after.calls()
            if cost == (0 if self._is_empty() else 2):
                yield from self._in_after(after)

    def _in_slot(self, slot: Slot, cost: int) -> Iterator[Candidate]:
        """Yield factors and terms with which an expression makes some gradient right."""
        if cost == 0 and slot.takes_numbers:
            yield slot.negated()
        elif cost == 1 and slot.takes_numbers:
            doubled = self._run(slot.s, slot.times("2.0"))
            for value in self._solved(self._hand, doubled):
                yield from slot.constant(value + 1)
        elif cost in (2, 3, 4):
            if cost == 2 and slot.s.numpy and not isinstance(slot, After):
                rooted = slot.rooted()
                if self._is_worth(slot.s, rooted.edits, cost):
                    yield rooted
            yield from self._in_product(slot, cost)

    def _in_product(self, slot: Slot, cost: int) -> Iterator[Candidate]:
        """Yield factors and terms made from arrays with which an expression is right."""
        nothing = self._nothing(slot)
        if nothing is not None and _is_same(nothing, self._hand, self._trials.wrong):
            return
        for factor, own in slot.factors if slot.takes_factors else ():
            worth = own == cost and self._trials.left > 0
            if worth and self._is_worth_times(slot, factor, cost):
                for value in self._solved(nothing, self._run(slot.s, slot.times(factor))):
                    yield from slot.factor(factor, value, cost)
        for term in slot.terms() if cost == 2 else ():
            if self._trials.left > 0 and self._is_worth_adding(slot, term):
                for value in self._solved(self._hand, self._run(slot.s, slot.plus(term))):
                    yield from slot.term(term, value)

    def _nothing(self, slot: Slot) -> Results | None:
        """Return the results with 0 in an expression's place, or in that of its product."""
        key = slot.within or slot.node
        if key not in self._zeros:
            self._zeros[key] = self._run(slot.s, slot.times("0.0"))
        return self._zeros[key]

    def _in_after(self, after: After) -> Iterator[Candidate]:
        for text, edit in () if after.alone else after.kept():
            if self._glancing and not self._preview.is_hopeful_kept(after.s, text):
                continue
            told = f"it must be added to {text}"
            yield Candidate((edit,), "missing-path", told, 2, None, after.node)

    def _is_empty(self) -> bool:
        """Return whether a wrong result is zero, so that something is never added to it."""
        hand = self._hand or {}
        return any(name in hand and not hand[name].any() for name in self._trials.wrong)

    def _run(self, s: Statement, edit: Edit) -> Results | None:
        return self._trials.results(Patch(s.unit, (edit,)))

    def _solved(self, base: Results | None, once: Results | None) -> Iterator[float]:
        """Yield the multiples of an edit's difference that give a true gradient.

        A backward pass is linear in its adjoints, except around a loop, where only 1 is tried.
        """
        if once is None:
            return
        found = list[float]()
        if any(self._trials.is_right(name, once) for name in self._trials.wrong):
            found.append(1.0)
        for name in self._trials.wrong:
            if base is None:
                break
            true = self._trials.true(name)
            if not base[name].shape == true.shape == once[name].shape:
                continue
            with np.errstate(all="ignore"):
                step, lacking = once[name] - base[name], true - base[name]
                value = float(np.sum(step * lacking) / np.sum(step * step))
                rest = np.max(np.abs(lacking - value * step), initial=0.0)
            largest = np.max(np.abs(true), initial=0.0)
            fits = np.isfinite(value) and rest <= _NEARLY * largest
            if fits and rest > _SOLVED * largest:
                value = float(Fraction(value).limit_denominator(_PARTS))
            if fits and all(abs(value - one) > _SOLVED * abs(one) for one in found):
                found.append(value)
        yield from found


def faithful(watched: Watched, trials: Trials) -> list[Unit]:
    """Return the functions that ran and whose text is current."""
    own = trials.results(None)
    return [
        unit
        for unit in watched.units()
        if (found := trials.results(Patch(unit, ()))) is not None
        and _is_same(found, own, trials.wrong)
    ]


def _is_same(one: Results, other: Results | None, names: Sequence[str]) -> bool:
    return other is not None and all(
        name in one and name in other and np.array_equal(one[name], other[name], equal_nan=True)
        for name in names
    )
