"""How much memory a model may take: a quarter of the machine's, or what the user allows."""

from __future__ import annotations

import os
from collections.abc import Mapping

from gradtui.base.source import InputError

VARIABLE = "GRADTUI_MEMORY"
"""The environment's variable for the gigabytes that a model may take."""
_GIGABYTE = 10**9
_USUAL = _GIGABYTE
"""Bytes that a file may ask for without being trusted."""


def allowed_memory(environment: Mapping[str, str] = os.environ) -> int:
    """Return the bytes that a model may take; raises InputError for what is no number of them.

    That is a quarter of what the machine has, 1 GB at most, unless the user says otherwise.
    """
    given = environment.get(VARIABLE, "").strip()
    if not given:
        return min(_USUAL, _machine_memory() // 4)
    try:
        gigabytes = float(given)
    except ValueError:
        gigabytes = 0.0
    if not 0.0 < gigabytes < 1e6:
        raise InputError(f"{VARIABLE} is no number of gigabytes: expected one such as 4")
    return int(gigabytes * _GIGABYTE)


def memory_text(size: float) -> str:
    """Return bytes as a person reads them, such as `1.2 GB`."""
    whole = size >= 10 * _GIGABYTE
    return f"{size / _GIGABYTE:.{0 if whole else 1}f} GB" if size >= 1e8 else f"{size / 1e6:.0f} MB"


def _machine_memory() -> int:
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):  # where the system does not tell
        return 4 * _USUAL
