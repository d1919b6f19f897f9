"""A seventh set of cases, written without any sight of the diagnosis, in the way of `fifth`.

The first look at them counted; the diagnosis has learnt from them since.
"""

from __future__ import annotations

import functools
import itertools
from collections import Counter
from dataclasses import replace

from mutants import (
    kinds_seventh_curves,
    kinds_seventh_layers,
    kinds_seventh_losses,
    kinds_seventh_sequences,
    slips_seventh_layers,
    slips_seventh_rows,
)
from mutants.case import Case
from mutants.catalogue import Mutant
from mutants.kinds import Kind, Style
from mutants.sight import Even, unusual
from mutants.slips_seventh_pairs import PAIRS
from mutants.sound_seventh import SOUND

KINDS = (
    *kinds_seventh_curves.KINDS,
    *kinds_seventh_losses.KINDS,
    *kinds_seventh_layers.KINDS,
    *kinds_seventh_sequences.KINDS,
)
SLIPS = {**slips_seventh_rows.SLIPS, **slips_seventh_layers.SLIPS}
NAMES = {
    "dS = P * (dP - dP * P)": ("missing-term", "unexplained"),
    "db = sum(da) / X.shape[0]": ("extra-factor",),
}
"""By a generated line: other rules that name it, as softmax's slope without its sum."""


class Seventh(Even):
    """Makes the cases of one kind and style, most of the wrong ones by hand."""

    slips, twice = SLIPS, PAIRS

    def __init__(self, kind: Kind, name: str, style: Style, used: Counter[str]) -> None:
        super().__init__(kind, name, style, used)
        self.singles = 1 if (kind.name, name) in PAIRS else 2

    def with_other_places(self, mutant: Mutant) -> Mutant:
        """Return the mutant with the lines added that could be at fault, and other names of it."""
        placed = super().with_other_places(mutant)
        return replace(placed, rules=(*placed.rules, *NAMES.get(mutant.text, ())))


@functools.cache
def seventh() -> tuple[Case, ...]:
    """Return the cases, the same at every call."""
    used: Counter[str] = Counter()
    programs = ((kind, name, style) for kind in KINDS for name, style in kind.styles.items())
    made = (Seventh(*program, used).cases() for program in programs)
    return (*itertools.chain.from_iterable(made), *unusual(KINDS, SOUND))
