"""Mistakes that hide one another: each of their edits alone repairs no result, or only some."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from msgspec.structs import replace

from gradtui.diagnosis.recorded.blame.hits import Hit, together
from gradtui.diagnosis.recorded.blame.told import Line
from gradtui.diagnosis.recorded.blame.trial import Trials

MOST = 4
"""Most mistakes told apart."""
_LEADS, _OF_A_LINE, _FOLLOWED = 16, 8, 3
"""Most edits that are looked at as the first of two, those in a line, and those followed."""
_LEFT = 8
"""Most edits that were found before and are tried for what is left wrong."""


class Further(Protocol):
    """A search of the code as it stands, with some edits."""

    @property
    def right(self) -> int:
        """How many values of the backward pass are right."""

    def likely(self) -> list[Hit]:
        """Return the best of the likely edits; empty if none helps."""

    def leads(self) -> Iterator[list[Hit]]:
        """Yield the edits of each line that fails after which its value is right at a glance."""

    def twofold(self) -> Iterator[Hit]:
        """Yield two edits at once of a line that fails, if its value is right at a glance."""


class Several:
    """The search for mistakes that hide one another."""

    def __init__(
        self, trials: Trials, again: Callable[[Line | None], Further | None] | None
    ) -> None:
        """`again` searches the code as it stands, unless a line is as wrong as before."""
        self._trials, self._again = trials, again

    def together(self) -> list[Hit]:
        """Return two edits that repair a result only together, first that of a line that fails."""
        start = self._again and self._again(None)
        found = [*self._led(start)] if start is not None else []
        found.sort(key=lambda pair: (-pair[1].right, pair[0].odds.stands_still))
        for lead, further in found[:_FOLLOWED]:
            if self._trials.mended(lead.patch):
                return []  # it is one of those that are tried alone
            with self._trials.assuming((lead.patch, frozenset())):
                last = further.likely()
            if last:
                alone = self._trials.mended(last[0].patch)
                does_all = alone >= last[0].mended  # then the first one does nothing
                return [replace(last[0], mended=alone)] if does_all else together(lead, last[0])
        return [] if start is None else self._twofold(start)

    def _twofold(self, start: Further) -> list[Hit]:
        """Return two edits of one line that repair a result together; empty if none do."""
        for both in self._trials.in_time(start.twofold()):
            if mended := self._trials.mended(both.patch):
                return [replace(both, mended=mended)]
        return []

    def beyond(self, hits: Sequence[Hit]) -> list[Hit]:
        """Return the best edit with others that repair all that it leaves wrong, if there are any.

        They are looked for in the code with that edit: the results that it leaves wrong may be
        made from what it repairs.
        """
        found = [*sorted(hits, key=Hit.rank)[:1]]
        while found and len(found) < MOST:
            with self._trials.assuming(*((one.patch, one.mended) for one in found)):
                if not self._trials.wrong:
                    return found
                further = self._again(None) if self._again is not None else None
                last = further.likely() if further is not None else []
                last = last or self._beside(hits)
            if not last:
                return []
            found += last
        return []

    def _beside(self, hits: Sequence[Hit]) -> list[Hit]:
        """Return the best edit found before that repairs something still; empty if none does.

        A line with a mistake left may look right by what is right in it.
        """
        left = set(self._trials.wrong)
        for hit in sorted((one for one in hits if one.mended & left), key=Hit.rank)[:_LEFT]:
            if mended := self._trials.mended(hit.patch):
                return [replace(hit, mended=mended)]
        return []

    def _led(self, start: Further) -> Iterator[tuple[Hit, Further]]:
        """Yield edits after which a line's value is right, with the search from there."""
        leads = [lead for own in start.leads() for lead in sorted(own, key=Hit.rank)[:_OF_A_LINE]]
        for lead in sorted(leads, key=Hit.rank)[:_LEADS]:
            if self._trials.left <= 0:
                return
            with self._trials.assuming((lead.patch, frozenset())):
                further = self._again and self._again(lead.suspect.line)
            if further is not None:
                yield lead, further
