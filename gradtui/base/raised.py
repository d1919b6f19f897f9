"""Tells what code raises itself from what ends it."""

from __future__ import annotations


def is_of_code(error: BaseException) -> bool:
    """Return whether code may have raised an exception itself, and nobody has ended it."""
    return isinstance(error, Exception | SystemExit) or type(error) is BaseException
