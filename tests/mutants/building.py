"""The cases that the diagnosis may be built with."""

from __future__ import annotations

import functools

from mutants import kinds_building, kinds_structured
from mutants.case import Case
from mutants.catalogue import cases_of
from mutants.updates import cases_of_updates
from mutants.updates_building import UPDATES

KINDS = (*kinds_building.KINDS, *kinds_structured.KINDS)


@functools.cache
def building() -> tuple[Case, ...]:
    """Return the cases, the same at every call."""
    return tuple(cases_of(KINDS))


@functools.cache
def updates() -> tuple[Case, ...]:
    """Return the cases of hand-written updates."""
    return tuple(cases_of_updates(UPDATES))
