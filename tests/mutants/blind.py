"""The last cases: kinds and slips by someone who had not seen the diagnosis; not tuned since."""

from __future__ import annotations

import functools

from mutants import kinds_blind_counts, kinds_blind_layers, kinds_blind_sequences
from mutants.case import Case
from mutants.catalogue import cases_of
from mutants.slips import cases_of_slips
from mutants.slips_blind import SLIPS

KINDS = (*kinds_blind_counts.KINDS, *kinds_blind_layers.KINDS, *kinds_blind_sequences.KINDS)
SINGLES = 5
"""One-bug cases of a kind and style: there are many programs, and slips by hand besides."""


@functools.cache
def blind() -> tuple[Case, ...]:
    """Return the cases, the same at every call."""
    return (*cases_of(KINDS, singles=SINGLES), *cases_of_slips(KINDS, SLIPS))
