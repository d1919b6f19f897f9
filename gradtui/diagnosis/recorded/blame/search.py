"""The search for the edit of the user's code that makes wrong results right."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence

from gradtui.diagnosis.recorded.blame.afters import After, afters
from gradtui.diagnosis.recorded.blame.arguments import arguments
from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement
from gradtui.diagnosis.recorded.blame.edits import edits
from gradtui.diagnosis.recorded.blame.flow import Line
from gradtui.diagnosis.recorded.blame.hits import LIKELIER, Blame, Hit, together
from gradtui.diagnosis.recorded.blame.instead import Instead, insteads
from gradtui.diagnosis.recorded.blame.material import given, numbers, renamings, unused
from gradtui.diagnosis.recorded.blame.multiples import multiples
from gradtui.diagnosis.recorded.blame.orders import orders
from gradtui.diagnosis.recorded.blame.preview import Preview
from gradtui.diagnosis.recorded.blame.slots import Slot, slots
from gradtui.diagnosis.recorded.blame.suspects import TIERS, Suspect, Suspects
from gradtui.diagnosis.recorded.blame.trial import Patch, Results, Trials, is_same
from gradtui.diagnosis.recorded.blame.units import Edit, Unit
from gradtui.recording.run import unheard

_COSTS = 5
_ROUNDS = 4
"""Most mistakes told apart."""
_LIKELY, _UNLIKELY = 3, 5
"""How far-fetched the edits of each of two mistakes are, and those of a single one that are tried
before two are thought of."""
_LEADS, _OF_A_LINE, _FOLLOWED = 16, 8, 3
"""Most edits that are looked at as the first of two, those in a line, and those followed."""
_FURTHER = 3
"""The extra cost of edits tried once some mistakes are repaired."""
_PASSES = ((True, True), (False, True), (False, False))
"""Whether edits are looked at before they are run, and whether a certain glance is believed."""
_BLIND = 1
"""Most far-fetched edit that is run although a glance cannot tell.

One more where no glance can, if the recording tells that the line is wrong.
"""
_UNSEEN, _AT_ONCE = 60, 150
"""Most such edits of a suspect, and most of all its edits, that are run while the others wait."""
_STRAYING = 6
"""Edits of a statement that all change the loss before no more of it are tried."""


_Key = tuple[Unit, tuple[tuple[int, int, bytes], ...]]


class Search:
    """One search, for any number of mistakes."""

    def __init__(
        self, trials: Trials, suspects: Suspects, preview: Preview,
        again: Callable[[Line | None], Search | None] | None = None,
    ) -> None:  # fmt: skip
        """`again` returns a search of the code as it stands, unless a line is as wrong as before.

        It finds mistakes that hide one another: each of their edits alone repairs no result.
        """
        self._trials, self._suspects, self._preview = trials, suspects, preview
        self._again = again
        self._glancing = True
        """Whether only edits with a right line at a glance are tried."""
        self._certain = True
        """Whether a glance that is certain is believed: not of an approximation."""
        self._tried = set[_Key]()
        """The edits that were run."""
        self._nearly = list[Hit]()
        """The edits that make something right but for an approximation."""
        self._rest = list[Hit]()
        """The best edit at a glance with those that repair what it leaves wrong, if they do."""
        self._edits: dict[ast.stmt, list[Candidate]] = {}
        self._slots: dict[ast.stmt, tuple[list[Slot], list[After]]] = {}
        self._zeros: dict[ast.AST, Results | None] = {}
        """Expression -> the results with 0 in its place."""
        self._hand: Results | None = None
        """The results of the code with the edits found so far."""
        self._blind = _BLIND
        """Most far-fetched edit of a suspect that is run although a glance cannot tell."""
        self._unseen = 0
        """How many more of its edits are run although a glance cannot tell."""
        self._floor = 0
        """The runs that are kept for other suspects."""
        self._straying: dict[ast.stmt, int] = {}
        """Statement -> the number of its edits that changed the loss; negative if some did not."""

    @property
    def right(self) -> int:
        """How many values of the backward pass are right."""
        return self._suspects.right

    def found(self) -> Iterator[Blame]:
        """Yield a blame for each mistake that an edit repairs."""
        for _ in range(_ROUNDS):
            hits = self._best() if self._trials.wrong else []
            if not hits:
                return
            for hit in hits:
                self._trials.stand(hit.patch, hit.mended)
                yield hit.blame()

    def _best(self, *, likely: bool = False) -> list[Hit]:
        """Return the best edit, or those of mistakes that hide one another; empty if none helps.

        Only `likely` ones are tried if the code may be wrong elsewhere, too.
        """
        self._hand = self._trials.results(None)
        self._nearly.clear()
        self._tried.clear()
        self._edits.clear()
        self._zeros.clear()
        with unheard():
            return self._of(self._ranked(), likely=likely)

    def _ranked(self) -> list[Suspect]:
        wrong = self._trials.wrong
        return self._suspects.ranked(wrong, {self._trials.true(one).shape for one in wrong})

    def _of(self, suspects: Sequence[Suspect], *, likely: bool) -> list[Hit]:
        hits = list[Hit]()
        self._rest = []
        for self._glancing, self._certain in _PASSES[:1] if likely else _PASSES:
            for total in range(_LIKELY + 1 if likely else TIERS + _COSTS):
                if self._is_settled(hits, total):
                    break
                hits += self._at(suspects, total)
                if any(self._is_enough(hit, total) for hit in hits):
                    break
                if self._glancing and total == _UNLIKELY and not (likely or hits or self._nearly):
                    with self._trials.apart():
                        pair = self._together()
                    if pair:
                        return pair
            if self._glancing and not likely:
                with self._trials.apart():
                    self._rest = self._repaired_beyond(hits)
            if self._nearly and not hits:
                break  # no edit is better where results are only approximated
        best = min(hits or self._nearly, key=Hit.rank, default=None)
        return [] if best is None else self._rest if best in self._rest else [best]

    def _repaired_beyond(self, hits: Sequence[Hit]) -> list[Hit]:
        """Return the best edit with others that repair all that it leaves wrong, if there are any.

        They are looked for in the code with that edit: the results that it leaves wrong may be
        made from what it repairs.
        """
        found = [*sorted(hits, key=Hit.rank)[:1]]
        while found and len(found) < _ROUNDS:
            with self._trials.assuming(*((one.patch, one.mended) for one in found)):
                if not self._trials.wrong:
                    return found
                further = self._again(None) if self._again is not None else None
                last = further._best(likely=True) if further is not None else []
            if not last:
                return []
            found += last
        return []

    def _together(self) -> list[Hit]:
        """Return two edits that repair a result only together, first that of a line that fails."""
        start = self._again and self._again(None)
        found = [*start._led()] if start is not None else []
        found.sort(key=lambda pair: -pair[1].right)
        for lead, further in found[:_FOLLOWED]:
            if self._trials.mended(lead.patch):
                return []  # it is one of those that are tried alone
            with self._trials.assuming((lead.patch, frozenset())):
                last = further._best(likely=True)
            if last:
                return together(lead, last[0])
        return []

    def _led(self) -> Iterator[tuple[Hit, Search]]:
        """Yield edits after which a line's value is right, with the search from there."""
        leads = [
            lead for one in self._ranked() if one.failing
            for lead in sorted(self._leads(one), key=Hit.rank)[:_OF_A_LINE]
        ]  # fmt: skip
        for lead in sorted(leads, key=Hit.rank)[:_LEADS]:
            if self._trials.left <= 0:
                return
            with self._trials.assuming((lead.patch, frozenset())):
                further = self._again and self._again(lead.suspect.line)
            if further is not None:
                yield lead, further

    def _leads(self, suspect: Suspect) -> Iterator[Hit]:
        """Yield the edits of a line after which its value is right at a glance."""
        s = suspect.statement
        within, _ = self._prepared(s)
        for one in self._edits[s.node]:
            if one.cost < _COSTS and self._preview.is_hopeful(s, one.edits):
                yield Hit(suspect, one, one.cost, frozenset())
        for slot in within:
            if slot.takes_numbers and self._preview.is_hopeful(s, slot.negated().edits):
                yield Hit(suspect, slot.negated(), 0, frozenset())
            for factor, cost in slot.factors if slot.takes_factors else ():
                if self._preview.is_hopeful_times(s, slot.node, factor):
                    for candidate in slot.factor(factor, 1.0, cost):
                        yield Hit(suspect, candidate, candidate.cost, frozenset())

    def _is_settled(self, hits: Sequence[Hit], total: int) -> bool:
        """Return whether edits as unlikely as `total` cannot be better than those at a glance."""
        best = min((self._bound(hit) for hit in hits if not hit.doubted), default=None)
        return not self._glancing and best is not None and total > best

    def _bound(self, hit: Hit) -> int:
        """Return how unlikely an edit may be that no glance supports, to be better than another."""
        whole = len(hit.mended) == len(self._trials.wrong)
        return hit.total - LIKELIER if whole else hit.total + _FURTHER * (not self._rest)

    def _at(self, suspects: Sequence[Suspect], total: int) -> Iterator[Hit]:
        """Yield the edits as unlikely as `total` that repair something."""
        for suspect in suspects:
            if 0 <= total - suspect.tier < _COSTS:
                yield from self._hits(suspect, total - suspect.tier)

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
        if not self._glancing and not self._is_certain(s):
            return True
        return self._is_promising(self._preview.is_hopeful(s, edits), cost)

    def _is_certain(self, s: Statement) -> bool:
        return self._certain and self._preview.is_exact(s)

    def _is_promising(self, hopeful: bool | None, cost: int) -> bool:
        """Return whether a glance is for a run; if it cannot tell, all but the likeliest wait."""
        if hopeful is not None or not self._glancing:
            return hopeful is not False
        self._unseen -= 1
        return cost <= self._blind and self._unseen >= 0

    def _is_worth_in(self, slot: Slot, edit: Edit, cost: int) -> bool:
        if not isinstance(slot, After):
            return self._is_worth(slot.s, [edit], cost)
        if not self._glancing:
            return True
        hopeful = self._preview.is_hopeful_after(slot.s, slot.name, edit.text.decode().strip())
        return self._is_promising(hopeful, cost)

    def _is_worth_times(self, slot: Slot, factor: str, cost: int) -> bool:
        if isinstance(slot, After) or not (self._glancing or self._is_certain(slot.s)):
            return self._is_worth_in(slot, slot.times(factor), cost)
        return self._is_promising(self._preview.is_hopeful_times(slot.s, slot.node, factor), cost)

    def _is_worth_instead(self, one: Instead) -> bool:
        """Return whether one of many edits may be right at a glance, or no glance can tell."""
        if one.term and one.slot.whole:
            s = one.slot.s
            return self._glancing and self._preview.is_hopeful_sum(
                s, one.slot.node, one.term, (one.sign,)
            )
        hopeful = self._preview.is_hopeful_with(one.slot.s, one.slot.node, one.text)
        return hopeful is True if self._glancing else hopeful is None

    def _is_worth_adding(self, slot: Slot, term: str) -> bool:
        """Return whether a multiple of a term by a number in scope may be the missing one."""
        if self._is_worth_in(slot, slot.plus(term), 2):
            return True
        times = [*slot.multiples()] if slot.whole else []
        return self._preview.is_hopeful_sum(slot.s, slot.node, (term,), times)

    def _hits(self, suspect: Suspect, cost: int) -> Iterator[Hit]:
        """Yield the edits of a statement, as far-fetched as `cost`, that repair something."""
        s = suspect.statement
        self._blind = _BLIND + (suspect.tier <= 1 and self._preview.is_blind_to(s))
        self._unseen = _UNSEEN
        self._floor = max(0, self._trials.left - _AT_ONCE) if self._glancing else 0
        for candidate in self._candidates(s, cost):
            if not self._may_run or self._straying.get(s.node, 0) >= _STRAYING:
                return
            if not self._is_new(s, candidate.edits):
                continue
            mended = self._trials.mended(Patch(s.unit, candidate.edits))
            self._note(s)
            own = max(cost, candidate.cost)
            if mended:
                yield Hit(suspect, candidate, own, mended, doubted=self._is_doubted(s))
            elif self._trials.nearly:
                self._nearly.append(Hit(suspect, candidate, own, self._trials.nearly, True))

    @property
    def _may_run(self) -> bool:
        return self._trials.left > self._floor

    def _is_doubted(self, s: Statement) -> bool:
        return not self._glancing and not self._is_certain(s)

    def _note(self, s: Statement) -> None:
        """Note whether the edit of a statement that was tried last changes the loss.

        If all do, it is part of the loss, which is right by definition.
        """
        so_far, strays = self._straying.get(s.node, 0), self._trials.strays
        if strays is not None and so_far >= 0:
            self._straying[s.node] = so_far + 1 if strays else -1

    def _is_new(self, s: Statement, edits: Sequence[Edit]) -> bool:
        """Return whether edits change something and were not run before."""
        key = s.unit, tuple((one.start, one.end, one.text) for one in edits)
        new = key not in self._tried and any(s.unit.changes(edit) for edit in edits)
        self._tried.add(key)
        return new

    def _candidates(self, s: Statement, cost: int) -> Iterator[Candidate]:
        within, behind = self._prepared(s)
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

    def _prepared(self, s: Statement) -> tuple[list[Slot], list[After]]:
        """Return the places in and after a statement where something may be missing."""
        if s.node not in self._edits:
            wanted = self._trials.numbers
            self._edits[s.node] = [
                *edits(s), *unused(s), *renamings(s), *given(s), *numbers(s, wanted),
                *orders(s), *arguments(s),
            ]  # fmt: skip
            self._slots[s.node] = [*slots(s)], [*afters(s)]
        return self._slots[s.node]

    def _in_slot(self, slot: Slot, cost: int) -> Iterator[Candidate]:
        """Yield factors and terms with which an expression makes some gradient right."""
        if cost == 0 and slot.takes_numbers:
            yield slot.negated()
        elif cost == 1 and slot.takes_numbers:
            doubled = self._run(slot.s, slot.times("2.0"))
            for value in multiples(self._trials, self._hand, doubled):
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
        if nothing is not None and is_same(nothing, self._hand, self._trials.wrong):
            return
        for factor, own in slot.factors if slot.takes_factors else ():
            worth = own == cost and self._may_run
            if worth and self._is_worth_times(slot, factor, cost):
                for value in multiples(
                    self._trials, nothing, self._run(slot.s, slot.times(factor))
                ):
                    yield from slot.factor(factor, value, cost)
        alike = slot.alike() if self._glancing else ()
        for term in (*slot.terms(), *alike) if cost == 2 else ():
            if self._may_run and self._is_worth_adding(slot, term):
                for value in multiples(
                    self._trials, self._hand, self._run(slot.s, slot.plus(term))
                ):
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
        found = self._trials.results(Patch(s.unit, (edit,)))
        self._note(s)
        return found
