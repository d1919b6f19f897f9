"""The search for the edit of the user's code that makes wrong results right."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

import numpy as np
from msgspec import Struct

from gradtui.base.source import Place
from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement
from gradtui.diagnosis.recorded.blame.edits import edits
from gradtui.diagnosis.recorded.blame.material import numbers, renamings
from gradtui.diagnosis.recorded.blame.preview import Preview
from gradtui.diagnosis.recorded.blame.slots import After, Slot, afters, slots
from gradtui.diagnosis.recorded.blame.suspects import TIERS, Suspect, Suspects
from gradtui.diagnosis.recorded.blame.trial import Patch, Results, Trials
from gradtui.diagnosis.recorded.blame.units import Edit, Unit
from gradtui.diagnosis.recorded.blame.watch import Watched

_COSTS = 5
_ROUNDS = 4
"""Mistakes that are told apart."""
_FURTHER = 2
"""How much farther-fetched edits are tried once some of what is wrong is mended."""
_SOLVED = 1e-6


class Blame(Struct, frozen=True, eq=False):
    """A line that makes results wrong, and the edit that makes them right."""

    results: tuple[str, ...]
    place: Place
    rule: str
    told: str
    factor: str | None
    fix: str
    lines: tuple[int, int]
    """The first and the last line that the fix takes the place of."""


class _Hit(Struct, frozen=True, eq=False):
    """An edit that mends something."""

    suspect: Suspect
    candidate: Candidate
    cost: int
    mended: frozenset[str]

    @property
    def patch(self) -> Patch:
        """The edit in its function."""
        return Patch(self.suspect.statement.unit, self.candidate.edits)

    def rank(self) -> tuple[int, int, int, bool, int, int]:
        """Return what sorts the best edit first."""
        size = sum(len(one.text) + one.start - one.end for one in self.candidate.edits)
        tier, cost = self.suspect.tier, self.cost
        return (
            -len(self.mended),
            tier + cost,
            tier,
            self.suspect.promoted,
            self.suspect.order,
            size,
        )


class Search:
    """One search, for as many mistakes as there are."""

    def __init__(self, trials: Trials, suspects: Suspects, preview: Preview) -> None:
        self._trials, self._suspects, self._preview = trials, suspects, preview
        self._glancing = True
        """Whether only edits are tried whose line is right at a glance."""
        self._hand: Results | None = None
        """What the code gives with the edits found so far."""

    def found(self) -> Iterator[Blame]:
        """Yield a blame for each mistake that an edit mends."""
        for _ in range(_ROUNDS):
            if not self._trials.wrong:
                return
            self._hand = self._trials.results(None)
            hit = self._best()
            if hit is None:
                return
            self._trials.stand(hit.patch, hit.mended)
            yield _told(hit)

    def _best(self) -> _Hit | None:
        hits = list[_Hit]()
        wrong = self._trials.wrong
        suspects = self._suspects.ranked(wrong, {self._trials.true(one).shape for one in wrong})
        for glancing in (True, False):
            self._glancing = glancing
            for total in range(TIERS + _COSTS):
                for suspect in suspects:
                    if 0 <= total - suspect.tier < _COSTS:
                        hits += self._hits(suspect, total - suspect.tier)
                if any(len(hit.mended) == len(wrong) for hit in hits):
                    return min(hits, key=_Hit.rank)
                # One edit for all that is wrong is worth looking further for, but not for ever.
                if hits and total >= _FURTHER + min(h.cost + h.suspect.tier for h in hits):
                    return min(hits, key=_Hit.rank)
        return min(hits, key=_Hit.rank, default=None)

    def _is_worth(self, s: Statement, edits: Sequence[Edit]) -> bool:
        return not self._glancing or self._preview.is_hopeful(s, edits)

    def _is_worth_adding(self, slot: Slot, term: str) -> bool:
        """Return whether a term may be what is missing, so often as a number in scope says."""
        if not self._glancing or self._preview.is_hopeful(slot.s, [slot.plus(term)]):
            return True
        return slot.whole and self._preview.is_hopeful_sum(slot.s, term, [*slot.multiples()])

    def _hits(self, suspect: Suspect, cost: int) -> Iterator[_Hit]:
        """Yield the edits of a statement, as far-fetched as `cost`, that mend something."""
        s = suspect.statement
        for candidate in self._candidates(s, cost):
            if self._trials.left <= 0:
                return
            if not any(s.unit.changes(edit) for edit in candidate.edits):
                continue
            mended = self._trials.mended(Patch(s.unit, candidate.edits))
            if mended:
                yield _Hit(suspect, candidate, max(cost, candidate.cost), mended)

    def _candidates(self, s: Statement, cost: int) -> Iterator[Candidate]:
        yield from (
            one
            for one in (*edits(s), *renamings(s), *numbers(s, self._trials.numbers))
            if one.cost == cost and (not cost or self._is_worth(s, one.edits))
        )
        for slot in slots(s):
            yield from self._in_slot(slot, cost - isinstance(s.node, ast.Return))
        for after in afters(s):
            if cost and not after.alone:
                # What a line lacks is likelier in it than after it.
                yield from self._in_slot(after, cost - 1)
            if cost == 2:
                yield from after.picked()
            if cost == (0 if self._is_empty() else 2):
                yield from self._in_after(after)

    def _in_slot(self, slot: Slot, cost: int) -> Iterator[Candidate]:
        """Yield factors and terms with which an expression makes some gradient right."""
        if cost == 0:
            yield slot.negated()
        elif cost == 1:
            doubled = self._run(slot.s, slot.times("2.0"))
            for value in self._solved(self._hand, doubled):
                yield slot.constant(value + 1)
        elif cost in (2, 3, 4):
            if cost == 2 and slot.s.numpy:
                yield slot.rooted()
            nothing = self._run(slot.s, slot.times("0.0"))
            if nothing is not None and _is_same(nothing, self._hand, self._trials.wrong):
                return
            for factor, own in slot.factors():
                worth = own == cost and self._trials.left > 0
                if worth and self._is_worth(slot.s, [slot.times(factor)]):
                    for value in self._solved(nothing, self._run(slot.s, slot.times(factor))):
                        yield slot.factor(factor, value, cost)
            if cost == 2:
                for term in slot.terms():
                    if self._trials.left > 0 and self._is_worth_adding(slot, term):
                        for value in self._solved(self._hand, self._run(slot.s, slot.plus(term))):
                            yield slot.term(term, value)

    def _in_after(self, after: After) -> Iterator[Candidate]:
        for text, edit in () if after.alone else after.kept():
            told = f"it must be added to {text}"
            yield Candidate((edit,), "missing-path", told, 2, None, after.node)

    def _is_empty(self) -> bool:
        """Return whether nothing comes to a wrong result: something is not added to it."""
        hand = self._hand or {}
        return any(name in hand and not hand[name].any() for name in self._trials.wrong)

    def _run(self, s: Statement, edit: Edit) -> Results | None:
        return self._trials.results(Patch(s.unit, (edit,)))

    def _solved(self, base: Results | None, once: Results | None) -> Iterator[float]:
        """Yield how often the difference that an edit makes gives a true gradient.

        A backward pass is linear in what flows back, unless that goes round a loop: there only
        once is tried.
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
            fits = np.isfinite(value) and rest <= _SOLVED * np.max(np.abs(true), initial=0.0)
            if fits and all(abs(value - one) > _SOLVED * abs(one) for one in found):
                found.append(value)
        yield from found


def _told(hit: _Hit) -> Blame:
    unit = hit.suspect.statement.unit
    node = hit.candidate.node or hit.suspect.statement.node
    place = unit.place(unit.start(node), unit.end(node))
    return Blame(
        tuple(sorted(hit.mended)),
        place,
        hit.candidate.rule,
        hit.candidate.told,
        hit.candidate.factor,
        unit.line_after(hit.candidate.edits),
        unit.lines(hit.candidate.edits),
    )


def faithful(watched: Watched, trials: Trials) -> list[Unit]:
    """Return the functions that ran whose text is what runs."""
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
