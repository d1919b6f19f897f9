"""The cases by which the diagnosis is measured: not to be looked at while it is built."""

from __future__ import annotations

import functools

from mutants import kinds_layers, kinds_losses, kinds_recurrent, kinds_renamed
from mutants.case import Case
from mutants.catalogue import cases_of
from mutants.updates import cases_of_updates
from mutants.updates_held_out import UPDATES

KINDS = (
    *kinds_renamed.KINDS,
    *kinds_layers.KINDS,
    *kinds_recurrent.KINDS,
    *kinds_losses.KINDS,
)


@functools.cache
def held_out() -> tuple[Case, ...]:
    """Return the cases, the same at every call."""
    return tuple(cases_of(KINDS))


@functools.cache
def updates() -> tuple[Case, ...]:
    """Return the cases of hand-written updates."""
    return tuple(cases_of_updates(UPDATES))
