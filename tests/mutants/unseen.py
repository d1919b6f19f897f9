"""The cases written when the diagnosis stood: kinds that nobody who built it had seen."""

from __future__ import annotations

import functools

from mutants import kinds_unseen_codes, kinds_unseen_layers, kinds_unseen_losses
from mutants.case import Case
from mutants.catalogue import cases_of
from mutants.slips import cases_of_slips
from mutants.slips_unseen import SLIPS

KINDS = (*kinds_unseen_losses.KINDS, *kinds_unseen_codes.KINDS, *kinds_unseen_layers.KINDS)
SINGLES = 8
"""One-bug cases of a kind and style: there are many programs, and slips by hand besides."""


@functools.cache
def unseen() -> tuple[Case, ...]:
    """Return the cases, the same at every call."""
    return (*cases_of(KINDS, singles=SINGLES), *cases_of_slips(KINDS, SLIPS))
