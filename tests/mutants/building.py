"""The cases that the diagnosis may be built with."""

from __future__ import annotations

import functools

from mutants.catalogue import Case, cases_of
from mutants.kinds_building import KINDS


@functools.cache
def building() -> tuple[Case, ...]:
    """Return the cases, the same at every call."""
    return tuple(cases_of(KINDS))
