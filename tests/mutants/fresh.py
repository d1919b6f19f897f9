"""The cases by which the diagnosis is measured anew: kinds that it was not built with."""

from __future__ import annotations

import functools

from mutants import kinds_fresh_layers, kinds_fresh_losses, kinds_fresh_products
from mutants.case import Case
from mutants.catalogue import cases_of

KINDS = (*kinds_fresh_losses.KINDS, *kinds_fresh_layers.KINDS, *kinds_fresh_products.KINDS)
SINGLES = 10
"""One-bug cases of a kind and style: there are more programs than in the other sets."""


@functools.cache
def fresh() -> tuple[Case, ...]:
    """Return the cases, the same at every call."""
    return tuple(cases_of(KINDS, singles=SINGLES))
