"""Where a finding should be, for tests."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

Found = TypeVar("Found")


def only(findings: Sequence[Found]) -> Found:
    """Return the one finding that there must be."""
    (finding,) = findings
    return finding


def line_of(function: Callable[..., Any], offset: int) -> int:
    """Return the number of a line of a function in its file, from its first one on."""
    return function.__code__.co_firstlineno + offset
