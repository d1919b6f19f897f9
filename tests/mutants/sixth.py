"""A sixth set written without any sight of the diagnosis, in the way of `fourth`.

The first look at them counted; the diagnosis has learnt from them since.
"""

from __future__ import annotations

import functools
import itertools
from collections import Counter

from mutants import (
    kinds_sixth_curves,
    kinds_sixth_layers,
    kinds_sixth_losses,
    kinds_sixth_sequences,
    slips_sixth_layers,
    slips_sixth_rows,
    slips_sixth_sequences,
)
from mutants.case import Case
from mutants.kinds import Kind, Style
from mutants.sight import Even, unusual
from mutants.slips_sixth_pairs import PAIRS
from mutants.sound_sixth import SOUND

KINDS = (
    *kinds_sixth_curves.KINDS,
    *kinds_sixth_losses.KINDS,
    *kinds_sixth_layers.KINDS,
    *kinds_sixth_sequences.KINDS,
)
SLIPS = {**slips_sixth_rows.SLIPS, **slips_sixth_layers.SLIPS, **slips_sixth_sequences.SLIPS}


class Sixth(Even):
    """Makes the cases of one kind and style, most of the wrong ones by hand."""

    slips, twice = SLIPS, PAIRS

    def __init__(self, kind: Kind, name: str, style: Style, used: Counter[str]) -> None:
        super().__init__(kind, name, style, used)
        self.singles = 1 if (kind.name, name) in PAIRS else 2


@functools.cache
def sixth() -> tuple[Case, ...]:
    """Return the cases, the same at every call."""
    used: Counter[str] = Counter()
    programs = ((kind, name, style) for kind in KINDS for name, style in kind.styles.items())
    made = (Sixth(*program, used).cases() for program in programs)
    return (*itertools.chain.from_iterable(made), *unusual(KINDS, SOUND))
