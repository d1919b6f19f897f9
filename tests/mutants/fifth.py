"""A fifth set of cases, written without any sight of the diagnosis, in the way of `sight`.

The first look at them counted; the diagnosis has learnt from them since.
"""

from __future__ import annotations

import functools
import itertools
from collections import Counter
from dataclasses import replace

from mutants import (
    kinds_fifth_curves,
    kinds_fifth_layers,
    kinds_fifth_losses,
    kinds_fifth_sequences,
    slips_fifth_layers,
    slips_fifth_rows,
)
from mutants.case import Case
from mutants.catalogue import Mutant
from mutants.kinds import Kind, Style
from mutants.sight import Even, unusual
from mutants.slips import Slip
from mutants.slips_fifth_pairs import PAIRS
from mutants.sound_fifth import SOUND

KINDS = (
    *kinds_fifth_curves.KINDS,
    *kinds_fifth_losses.KINDS,
    *kinds_fifth_layers.KINDS,
    *kinds_fifth_sequences.KINDS,
)
SLIPS = {**slips_fifth_rows.SLIPS, **slips_fifth_layers.SLIPS}
ALSO = slips_fifth_rows.ALSO


class Fifth(Even):
    """Makes the cases of one kind and style, most of the wrong ones by hand."""

    slips, twice = SLIPS, PAIRS

    def __init__(self, kind: Kind, name: str, style: Style, used: Counter[str]) -> None:
        super().__init__(kind, name, style, used)
        self.singles = 1 if (kind.name, name) in self.twice else 2

    def slipped(self, slip: Slip) -> Mutant:
        """Return the mutant that a slip is, and where it is fair the line that reads the helper."""
        mutant = super().slipped(slip)
        if slip.text not in ALSO:
            return mutant
        name, rules = ALSO[slip.text]
        place = ([line.name for line in self.lines].index(name), rules)
        return replace(mutant, elsewhere=(*mutant.elsewhere, place))


@functools.cache
def fifth() -> tuple[Case, ...]:
    """Return the cases, the same at every call."""
    used: Counter[str] = Counter()
    programs = ((kind, name, style) for kind in KINDS for name, style in kind.styles.items())
    made = (Fifth(*program, used).cases() for program in programs)
    return (*itertools.chain.from_iterable(made), *unusual(KINDS, SOUND))
