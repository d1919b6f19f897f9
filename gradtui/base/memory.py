"""The memory that a model may take: a quarter of the machine's, or what the user allows."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping

from gradtui.base.source import InputError

VARIABLE = "GRADTUI_MEMORY"
"""Environment variable with the gigabytes that a model may take."""
_GIGABYTE = 10**9
_USUAL = _GIGABYTE
"""Bytes that any file may ask for."""
_MOST = 1_000_000
"""Settings of this many gigabytes and more are refused."""


def allowed_memory(environment: Mapping[str, str] = os.environ) -> int:
    """Return the bytes that a model may take; raises InputError if the variable is not a number.

    The default is a quarter of the machine's memory, at most 1 GB.
    """
    given = environment.get(VARIABLE, "").strip()
    if not given:
        return min(_USUAL, _machine_memory() // 4)
    try:
        gigabytes = float(given)
    except ValueError:
        gigabytes = 0.0
    if not 0.0 < gigabytes < _MOST:
        raise InputError(f"{VARIABLE} is not a number of gigabytes: expected a number such as 4")
    return int(gigabytes * _GIGABYTE)


def grown(limit: int) -> int:
    """Scale a limit that is meant for one gigabyte to the memory that a model may take."""
    return max(limit, limit * allowed_memory() // _USUAL)


def lifted(needed: int, limit: int) -> str:
    """Return the end of an error message: the setting that raises a limit enough, if any does."""
    gigabytes = max(2, -(-needed // limit))
    return f". {VARIABLE}={gigabytes} allows it" if gigabytes < _MOST else ""


def doubled() -> str:
    """Return the end of an error message: the setting that doubles a limit."""
    gigabytes = max(2, math.ceil(2 * allowed_memory() / _USUAL))
    return f". {VARIABLE}={gigabytes} allows twice as many"


def memory_text(size: float) -> str:
    """Return a number of bytes in words, such as `1.2 GB`."""
    whole = size >= 10 * _GIGABYTE
    return f"{size / _GIGABYTE:.{0 if whole else 1}f} GB" if size >= 1e8 else f"{size / 1e6:.0f} MB"


def _machine_memory() -> int:
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):  # the system does not report it
        return 4 * _USUAL
