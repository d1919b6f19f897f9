"""Cases written without any sight of the diagnosis: kinds, slips, pairs of slips, sound oddities.

The first look at them counted; the diagnosis has learnt from them since.
"""

from __future__ import annotations

import functools
import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from mutants import (
    kinds_sight_curves,
    kinds_sight_heads,
    kinds_sight_layers,
    kinds_sight_losses,
    kinds_sight_sequences,
    slips_sight_curves,
    slips_sight_layers,
)
from mutants.case import Case
from mutants.catalogue import Generator, Mutant, signature
from mutants.judge import compare
from mutants.kinds import Kind, Style
from mutants.slips import Slip, mutant_of
from mutants.slips_sight_pairs import PAIRS
from mutants.sound_sight import SOUND

KINDS = (
    *kinds_sight_curves.KINDS,
    *kinds_sight_losses.KINDS,
    *kinds_sight_heads.KINDS,
    *kinds_sight_layers.KINDS,
    *kinds_sight_sequences.KINDS,
)
SLIPS = {**slips_sight_curves.SLIPS, **slips_sight_layers.SLIPS}
SINGLES = 3
"""Programs of a kind and style with one edit: there are many, and slips by hand besides."""
EQUAL = 1
"""Programs of a kind and style with an edit that changes nothing."""
EDITED_TWICE = 1


class Even(Generator):
    """Makes the cases of one kind and style, rules evenly present over all programs."""

    slips, twice = SLIPS, PAIRS
    """Mistakes by hand, and pairs of them, by kind and style."""

    def __init__(self, kind: Kind, name: str, style: Style, used: Counter[str]) -> None:
        super().__init__(kind, name, style, SINGLES)
        self.used = used
        """How often each rule came first, in the programs before and in this one."""
        self.wrong, self.equal = self.mutants()
        self.by_claims = {signature(mutant.claims): mutant for mutant in self.wrong}

    def cases(self) -> Iterator[Case]:
        """Return the sound program, an equal one, and wrong ones by edits and by hand."""
        yield Case(f"{self.name}-sound", self.kind.name, self.style_name, self.text, True)
        for mutant in self.sample(self.equal, EQUAL):
            yield self.case("equal", (mutant,), sound=True)
        chosen = [self.with_other_places(mutant) for mutant in self.rarest()]
        for number, mutant in enumerate(chosen):
            yield self.case(f"bug{number}", (mutant,))
        yield from itertools.islice(self.pairs(chosen), EDITED_TWICE)
        yield from self.by_hand()

    def rarest(self) -> list[Mutant]:
        """Return some wrong mutants, of the rules that are rarest so far, on other lines."""
        order = [self.wrong[i] for i in self.random.permutation(len(self.wrong))]
        lines: Counter[int] = Counter()
        chosen = []
        for _ in range(min(self.singles, len(order))):
            mutant = min(order, key=lambda m: (self.used[m.rules[0]], lines[m.index]))
            order.remove(mutant)
            self.used[mutant.rules[0]] += 1
            lines[mutant.index] += 1
            chosen.append(mutant)
        return sorted(chosen, key=lambda m: m.index)

    def by_hand(self) -> Iterator[Case]:
        """Return a case for each slip, and one for a pair of slips."""
        key = (self.kind.name, self.style_name)
        for number, slip in enumerate(self.slips.get(key, ())):
            yield self.case(f"slip{number}", (self.slipped(slip),))
        if key in self.twice:
            pair = tuple(map(self.slipped, self.twice[key]))
            assert compare(self.truth, self.claims(pair)).state == "wrong", self.twice[key]
            assert not self.curable(pair), self.twice[key]
            yield self.case("slips", pair)

    def slipped(self, slip: Slip) -> Mutant:
        """Return the mutant that a slip is, with all that is true of the edits that claim the same.

        An edit elsewhere may make the same claims, and another rule may name the same line.
        """
        mutant = mutant_of(self, slip)
        places = {mutant.index: mutant.rules, **dict(mutant.elsewhere)}
        edit = self.by_claims.get(signature(mutant.claims))
        for index, rules in ((edit.index, edit.rules), *edit.elsewhere) if edit else ():
            places[index] = tuple(dict.fromkeys((*places.get(index, ()), *rules)))
        own = places.pop(mutant.index)
        return replace(mutant, rules=own, elsewhere=tuple(places.items()))


@functools.cache
def sight() -> tuple[Case, ...]:
    """Return the cases, the same at every call."""
    used: Counter[str] = Counter()
    programs = ((kind, name, style) for kind in KINDS for name, style in kind.styles.items())
    made = (Even(*program, used).cases() for program in programs)
    return (*itertools.chain.from_iterable(made), *unusual())


def unusual(
    kinds: Iterable[Kind] = KINDS, sound: Mapping[tuple[str, str], Style] = SOUND
) -> Iterator[Case]:
    """Return the sound programs that look as if they were not."""
    by_name = {kind.name: kind for kind in kinds}
    for (name, label), style in sound.items():
        text = by_name[name].text(style.code, style.claims, style.state)
        yield Case(f"{name}-{label}-sound", name, "unusual", text, sound=True)
