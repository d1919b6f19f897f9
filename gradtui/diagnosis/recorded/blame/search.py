"""The search for the edit of the user's code that makes wrong results right."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence

from msgspec.structs import replace

from gradtui.diagnosis.recorded.blame.afters import After, afters
from gradtui.diagnosis.recorded.blame.against import cancels, stores_elsewhere
from gradtui.diagnosis.recorded.blame.ahead import ahead
from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement
from gradtui.diagnosis.recorded.blame.changes import changes
from gradtui.diagnosis.recorded.blame.crossed import crossed
from gradtui.diagnosis.recorded.blame.effects import is_idle
from gradtui.diagnosis.recorded.blame.evasions import Evasions
from gradtui.diagnosis.recorded.blame.fillings import Fillings
from gradtui.diagnosis.recorded.blame.hits import LIKELIER, Blame, Hit, mend_more
from gradtui.diagnosis.recorded.blame.instead import insteads
from gradtui.diagnosis.recorded.blame.leads import Leads
from gradtui.diagnosis.recorded.blame.operands import operands
from gradtui.diagnosis.recorded.blame.outputs import misdirects
from gradtui.diagnosis.recorded.blame.preview import Preview
from gradtui.diagnosis.recorded.blame.resets import spares
from gradtui.diagnosis.recorded.blame.rivals import foremost, rivals
from gradtui.diagnosis.recorded.blame.several import MOST, Several
from gradtui.diagnosis.recorded.blame.sized import is_of_sizes
from gradtui.diagnosis.recorded.blame.slots import Slot
from gradtui.diagnosis.recorded.blame.straying import Straying
from gradtui.diagnosis.recorded.blame.suspect import Suspect
from gradtui.diagnosis.recorded.blame.suspects import TIERS, Suspects
from gradtui.diagnosis.recorded.blame.told import Line, Told
from gradtui.diagnosis.recorded.blame.trial import Patch, Trials
from gradtui.diagnosis.recorded.blame.units import Edit, Unit
from gradtui.diagnosis.recorded.blame.weighed import weighed
from gradtui.diagnosis.recorded.blame.worth import Worth
from gradtui.recording.run import unheard

_COSTS = 5
_LIKELY, _UNLIKELY = 3, 5
"""How far-fetched the edits of each of two mistakes are, and those of a single one that are tried
before two are thought of."""
_FURTHER = 3
"""The extra cost of edits tried once some mistakes are repaired."""
_PASSES = ((True, True), (False, True), (False, False))
"""Whether edits are looked at before they are run, and whether a certain glance is believed."""
_AT_ONCE = 150
"""Most edits of a suspect that are run while the others wait."""
_RULED_OUT, _OF_MANY = 500, 40_000
"""Most runs that rule out likelier edits than one that repairs all, and most runs of statements."""
_RIVALS, _FOREMOST = 100, 60
"""Most edits that are run because the code beside tells of them: after others, and before."""
_MOST_RIVALS, _FOR_RIVALS = 400, 0.6
"""The most after others where runs are cheap, and the seconds for them."""
_SLOW = 0.004
"""The seconds of a run from which on the likeliest edits of all lines come first."""
_SHARED, _MOST_SHARED = 1, 500
"""How far-fetched edits of lines that the loss uses, too, may be, and the most that are tried."""
_BY_CHANCE = ", which is right at these sizes of the data alone"


_Key = tuple[Unit, tuple[tuple[int, int, bytes], ...]]


class Search:
    """One search, for any number of mistakes."""

    def __init__(
        self, trials: Trials, suspects: Suspects, preview: Preview,
        again: Callable[[Line | None], Search | None] | None = None,
        told: Callable[[], Told | None] = lambda: None,
    ) -> None:  # fmt: skip
        """`again` returns a search of the code as it stands, unless a line is as wrong as before.

        It finds mistakes that hide one another: each of their edits alone repairs no result.
        `told` returns what is known of the lines of a run of the code as it stands.
        """
        self._told = told
        self._trials, self._suspects, self._preview = trials, suspects, preview
        self._wrong = trials.wrong
        """The results that are wrong at first."""
        self._worth, self._several = Worth(preview), Several(trials, again)
        self._evasions, self._straying = Evasions(trials), Straying(trials)
        self._leads = Leads(trials, preview, self._changes)
        self._fillings = Fillings(trials, self._worth, self._straying, lambda: self._may_run)
        self._tried = set[_Key]()
        """The edits that were run."""
        self._nearly = list[Hit]()
        """The edits that make something right but for an approximation."""
        self._rest = list[Hit]()
        """The best edit at a glance with those that repair what it leaves wrong, if they do."""
        self._edits: dict[ast.stmt, list[Candidate]] = {}
        self._slots: dict[ast.stmt, tuple[list[Slot], list[After]]] = {}
        self._floor = 0
        """The runs that are kept for other suspects."""
        self._spare = 0
        """The runs that are not made, for an edit repairs all."""
        self._ruled_out = _RULED_OUT
        """The runs that are made once one does."""
        self._whole = False
        """Whether one does, without a doubt."""

    @property
    def right(self) -> int:
        """How many values of the backward pass are right."""
        return self._suspects.right

    def found(self) -> Iterator[Blame]:
        """Yield a blame for each mistake that an edit repairs."""
        for _ in range(MOST):
            hits = self._best() if self._trials.wrong else []
            self._trials.settled = False
            if not hits:
                return
            for hit in hits:
                chance = self._is_by_chance(hit)
                self._trials.stand(hit.patch, hit.mended)
                blame = hit.blame()
                yield replace(blame, told=f"{blame.told}{_BY_CHANCE}") if chance else blame

    def _is_by_chance(self, hit: Hit) -> bool:
        """Return whether an edit is right for the sizes of the data at hand alone."""
        of_sizes = hit.partly and is_of_sizes(hit.suspect.statement, hit.candidate.edits)
        return of_sizes and not self._trials.fits(hit.patch, hit.mended)

    def _best(self, *, likely: bool = False) -> list[Hit]:
        """Return the best edit, or those of mistakes that hide one another; empty if none helps."""
        self._fillings.begin()
        self._nearly.clear()
        self._tried.clear()
        self._edits.clear()
        with unheard():
            return self._of(self._ranked(), likely=likely)

    def _ranked(self) -> list[Suspect]:
        wrong = self._trials.wrong
        return self._suspects.ranked(wrong, {self._trials.true(one).shape for one in wrong})

    def _of(self, suspects: Sequence[Suspect], *, likely: bool) -> list[Hit]:
        hits = list[Hit]()
        self._rest, self._spare, self._whole, self._trials.settled = [], 0, False, False
        self._ruled_out = min(_RULED_OUT, _OF_MANY // max(1, len(suspects)))
        self._worth.open = self._trials.left // 2
        if not likely and self._trials.watchdog.usual > _SLOW:
            first = foremost(suspects, self._preview, self._changes)
            hits += self._run(first, _FOREMOST)
        for self._worth.glancing, self._worth.certain in _PASSES[:1] if likely else _PASSES:
            for total in range(_LIKELY + 1 if likely else TIERS + _COSTS):
                if self._is_settled(hits, total):
                    break
                hits += self._at(suspects, total)
                if any(self._is_enough(hit, total) for hit in hits):
                    break
                nothing = not (likely or hits or self._nearly)
                if self._worth.glancing and total == _UNLIKELY and nothing:
                    with self._trials.apart():
                        hits += self._needed(suspects)
                        pair = [] if hits else self._several.together()
                    if pair:
                        return pair
            if self._worth.glancing and not likely:
                with self._trials.apart():
                    self._rest = self._several.beyond(hits)
            if self._worth.glancing and hits:
                hits += self._rivals(suspects, hits)
            if self._nearly and not hits:
                break  # no edit is better where results are only approximated
        found = self._nearly if mend_more(self._nearly, hits) else hits
        if not found:
            return []
        if len(self._rest) > 1 and min(found, key=Hit.rank) in self._rest:
            return self._rest
        found = weighed(found, self._trials, self._told)
        return [min(found, key=Hit.rank).beside(found)]

    def likely(self) -> list[Hit]:
        """Return the best of the likely edits; empty if none helps.

        Only those are tried if the code may be wrong elsewhere, too.
        """
        return self._best(likely=True)

    def shared(self, *, signs: bool = False, only: bool = False) -> Iterator[Hit]:
        """Yield the likely edits of lines that the loss uses, too, the likeliest first.

        Those of `signs` alone change a minus that is there; those of lines that the loss `only` is
        made by leave the backward half as it is.
        """
        wrong = frozenset(self._trials.wrong)
        suspects = self._suspects.of_loss(None if only else wrong)
        hits = [
            Hit(suspect, one, one.cost, wrong)
            for suspect in self._trials.in_time(suspects)
            if not signs or "-" in suspect.statement.text(suspect.statement.node)
            for one in self._changes(suspect.statement)[1]
            if one.cost <= _SHARED and (not signs or one.rule == "sign")
        ]
        hits = [
            one
            for one in hits
            if one.odds.is_within(_LIKELY) and not (signs and one.odds.signs.adds)
        ]
        once = {(one.suspect.statement.unit, *((edit.start, edit.end, edit.text)
                 for edit in one.candidate.edits)): one for one in hits}  # fmt: skip
        yield from self._trials.in_time(sorted(once.values(), key=Hit.rank)[:_MOST_SHARED])

    def crossed(self) -> Iterator[Hit]:
        """Yield the edits of lines of the loss that compute with a column and a vector."""
        wrong = frozenset(self._trials.wrong)
        for suspect in self._suspects.of_loss():
            for one in crossed(suspect.statement):
                yield Hit(suspect, one, one.cost, wrong)

    def leads(self) -> Iterator[list[Hit]]:
        """Yield the edits of each line that fails after which its value is right at a glance."""
        yield from self._leads.of(self._ranked())

    def twofold(self) -> Iterator[Hit]:
        """Yield two edits at once of a line that fails, if its value is right at a glance."""
        yield from self._leads.twofold(self._ranked())

    def _needed(self, suspects: Sequence[Suspect]) -> Iterator[Hit]:
        """Yield the edits, however unlikely, that the results need where a glance is certain."""
        for suspect in self._trials.in_time(sorted(suspects, key=lambda one: one.tier)):
            s = suspect.statement
            for one in self._leads.changed(suspect) if self._preview.is_exact(s) else ():
                new = self._is_new(s, one.candidate.edits)
                if new and (mended := self._mended(s, one.candidate.edits)):
                    yield replace(one, mended=mended, partly=self._trials.partly)

    def _is_settled(self, hits: Sequence[Hit], total: int) -> bool:
        """Return whether edits as unlikely as `total` cannot be better than those at a glance."""
        best = min((self._bound(hit) for hit in hits if not hit.doubted), default=None)
        return not self._worth.glancing and best is not None and total > best

    def _bound(self, hit: Hit) -> int:
        """Return how unlikely an edit may be that no glance supports, to be better than another."""
        if len(hit.mended) == len(self._trials.wrong):
            return hit.odds.total - LIKELIER * (not hit.partly)
        # One edit for all is likelier than several.
        return hit.odds.total + (1 if self._rest else _FURTHER)

    def _rivals(self, suspects: Sequence[Suspect], hits: Sequence[Hit]) -> Iterator[Hit]:
        """Yield edits of other lines that are as likely as the best one, however far-fetched."""
        others = [one for one in suspects if not self._is_beaten(one)]
        cheap = int(_FOR_RIVALS / max(self._trials.watchdog.usual, _FOR_RIVALS / _MOST_RIVALS))
        found = rivals(others, [*hits], self._preview, self._changes)
        yield from self._run(found, max(_RIVALS, cheap))

    def _run(self, every: Sequence[Hit], room: int) -> Iterator[Hit]:
        """Yield those of many edits that repair something, of the first ones of which is `room`."""
        for one in self._trials.in_time(every):
            s, edits = one.suspect.statement, one.candidate.edits
            if not self._is_new(s, edits):
                continue
            if not room:
                return
            room -= 1
            if self._loses(s, one.candidate):
                continue
            if mended := self._mended(s, edits):
                hit = replace(one, mended=mended, partly=self._trials.partly)
                self._note(hit)
                yield hit

    def _at(self, suspects: Sequence[Suspect], total: int) -> Iterator[Hit]:
        """Yield the edits as unlikely as `total` that repair something."""
        for suspect in suspects:
            worth = 0 <= total - suspect.tier < _COSTS and not self._is_beaten(suspect)
            if worth and self._trials.left > self._spare:
                yield from self._hits(suspect, total - suspect.tier)

    def _is_beaten(self, suspect: Suspect) -> bool:
        return self._whole and self._suspects.is_beaten(suspect)

    def _is_enough(self, hit: Hit, total: int) -> bool:
        """Return whether to stop the search after edits as unlikely as `total`.

        One edit for all mistakes is worth searching further, and so is one with numbers that a user
        would write; but not for ever.
        """
        if hit.cost >= _COSTS:
            return not self._worth.glancing and total > _FURTHER
        whole = len(hit.mended) == len(self._trials.wrong)
        unlikely = hit.odds.total if whole else hit.odds.apart + _FURTHER
        return unlikely + LIKELIER * hit.partly <= total

    def _hits(self, suspect: Suspect, cost: int) -> Iterator[Hit]:
        """Yield the edits of a statement, as far-fetched as `cost`, that repair something."""
        s = suspect.statement
        self._worth.turn_to(suspect)
        self._floor = max(0, self._trials.left - _AT_ONCE) if self._worth.glancing else 0
        for candidate in self._candidates(s, cost):
            if not self._may_run or self._straying.is_in_loss(s):
                return
            ruled_out = not cost and self._worth.is_ruled_out(s, candidate.edits)
            if ruled_out or not self._is_new(s, candidate.edits) or self._loses(s, candidate):
                continue
            mended = self._mended(s, candidate.edits)
            self._straying.note(s)
            own = max(cost, candidate.cost)
            if mended:
                hit = Hit(suspect, candidate, own, mended, doubted=self._worth.is_doubted(s),
                          partly=self._trials.partly)  # fmt: skip
                self._note(hit)
                yield hit
                yield from self._ahead(hit)
            elif self._trials.nearly:
                self._nearly.append(Hit(suspect, candidate, own, self._trials.nearly, True))

    def _loses(self, s: Statement, candidate: Candidate) -> bool:
        """Return whether an edit leaves something wrong where another one repairs all.

        It counts as one that was run.
        """
        whole = self._whole and self._trials.wrong == self._wrong
        if loses := whole and self._worth.leaves_wrong(s, candidate.edits):
            self._trials.count()
        return loses

    def _note(self, hit: Hit) -> None:
        """Note that little need be tried once an edit repairs all, without a doubt.

        A number that only makes results right is no such edit.
        """
        whole = len(hit.mended) == len(self._trials.wrong) and hit.cost < _COSTS
        if whole and not (hit.doubted or hit.partly or hit.odds.wastes):
            self._spare = self._spare or max(0, self._trials.left - self._ruled_out)
            self._whole = self._trials.settled = True

    def _ahead(self, hit: Hit) -> Iterator[Hit]:
        """Yield an edit for all that reads an argument, if it repairs more than a hit for one."""
        s = hit.suspect.statement
        whole = len(hit.mended) == len(self._trials.wrong)
        line = None if whole else ahead(s, hit.candidate)
        if line is not None and self._is_new(s, line.edits):
            mended = self._mended(s, line.edits)
            if mended > hit.mended:
                yield replace(hit, candidate=line, mended=mended, partly=self._trials.partly)

    def _mended(self, s: Statement, edits: tuple[Edit, ...]) -> frozenset[str]:
        """Return the wrong results that an edit makes right, without evading the mistake."""
        patch = Patch(s.unit, edits)
        mended = self._trials.mended(patch)
        if self._trials.strays and spares(s, edits):
            mended = self._trials.mended_anew(patch)  # what was overwritten may be the loss's own
        evades = bool(mended) and (
            cancels(s, edits) or misdirects(s, edits) or self._evasions.has(s, patch)
        )
        if mended and not evades and is_of_sizes(s, edits):
            self._trials.partly |= not self._trials.fits(patch, mended)
        return frozenset() if evades else mended

    @property
    def _may_run(self) -> bool:
        return self._trials.left > max(self._floor, self._spare)

    def _is_new(self, s: Statement, edits: Sequence[Edit]) -> bool:
        """Return whether edits change something and were not run before."""
        key = s.unit, tuple((one.start, one.end, one.text) for one in edits)
        new = key not in self._tried and any(s.unit.changes(edit) for edit in edits)
        self._tried.add(key)
        return new and not is_idle(s, edits)

    def _candidates(self, s: Statement, cost: int) -> Iterator[Candidate]:
        within, behind = self._prepared(s)
        if cost == 3:
            found = (one for one in insteads(s, within) if self._worth.is_worth_instead(one))
            yield from (one.candidate for one in found)
        yield from (
            one
            for one in self._trials.in_time(self._edits[s.node])
            if one.cost == cost and (not cost or self._worth.is_worth(s, one.edits, cost))
        )
        for slot in within:
            yield from self._fillings.in_slot(slot, cost - slot.distance)
        cost -= s.restores  # what is restored is seldom changed at once
        for after in behind:
            if cost > 0 and (after.gap is not None or not after.alone):
                # A missing part is likelier inside a line than after it.
                yield from self._fillings.in_slot(after, cost - (after.gap is None))
            if cost == 2:
                yield from after.picked()
            if cost == 1:
                yield from after.calls()
            if cost == (0 if self._fillings.is_empty else 2):
                yield from self._fillings.in_after(after)

    def _prepared(self, s: Statement) -> tuple[list[Slot], list[After]]:
        """Return the places in and after a statement where something may be missing."""
        if s.node not in self._edits:
            wanted, within = self._trials.numbers, [*operands(s)]
            edits = [one for one in changes(s, wanted, within) if not stores_elsewhere(one.edits)]
            self._edits[s.node] = sorted(edits, key=lambda one: not one.named)
            self._slots[s.node] = within, [*afters(s)]
        return self._slots[s.node]

    def _changes(self, s: Statement) -> tuple[list[Slot], list[Candidate]]:
        return self._prepared(s)[0], self._edits[s.node]
