"""A fourth set written without any sight of the diagnosis, in the way of `sight`.

The first look at them counted; the diagnosis has learnt from them since.
"""

from __future__ import annotations

import functools
import itertools
from collections import Counter

from mutants import (
    kinds_fourth_curves,
    kinds_fourth_heads,
    kinds_fourth_layers,
    kinds_fourth_losses,
    kinds_fourth_sequences,
    slips_fourth_layers,
    slips_fourth_rows,
)
from mutants.case import Case
from mutants.kinds import Kind, Style
from mutants.sight import Even, unusual
from mutants.slips_fourth_pairs import PAIRS
from mutants.sound_fourth import SOUND

KINDS = (
    *kinds_fourth_curves.KINDS,
    *kinds_fourth_losses.KINDS,
    *kinds_fourth_layers.KINDS,
    *kinds_fourth_heads.KINDS,
    *kinds_fourth_sequences.KINDS,
)
SLIPS = {**slips_fourth_rows.SLIPS, **slips_fourth_layers.SLIPS}


class Fourth(Even):
    """Makes the cases of one kind and style, most of the wrong ones by hand."""

    slips, twice = SLIPS, PAIRS

    def __init__(self, kind: Kind, name: str, style: Style, used: Counter[str]) -> None:
        super().__init__(kind, name, style, used)
        self.singles = 1 if (kind.name, name) in PAIRS else 2


@functools.cache
def fourth() -> tuple[Case, ...]:
    """Return the cases, the same at every call."""
    used: Counter[str] = Counter()
    programs = ((kind, name, style) for kind in KINDS for name, style in kind.styles.items())
    made = (Fourth(*program, used).cases() for program in programs)
    return (*itertools.chain.from_iterable(made), *unusual(KINDS, SOUND))
