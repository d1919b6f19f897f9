"""The terminal's echo of what is typed, which must not stand where a screen is about to open."""

from __future__ import annotations

import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

_LOCAL = 3
"""The index of the local modes in the attributes of a terminal."""


@contextmanager
def unechoed() -> Iterator[None]:
    """Keep what is typed until a screen reads it, without showing it."""
    before = _echo(on=False)
    try:
        yield
    finally:
        if before:
            _echo(on=True)


@contextmanager
def echoed() -> Iterator[None]:
    """Show what is typed, for as long as it is asked for."""
    before = _echo(on=True)
    try:
        yield
    finally:
        if before is False:
            _echo(on=False)


def echo_again() -> None:
    """Show what is typed from now on, as the shell does."""
    _echo(on=True)


def with_echo(attributes: list[Any]) -> list[Any]:
    """Return the attributes of a terminal that shows what is typed."""
    return [*attributes[:_LOCAL], attributes[_LOCAL] | termios.ECHO, *attributes[_LOCAL + 1 :]]


def _echo(*, on: bool) -> bool | None:
    """Let the terminal echo or not; return whether it did, None without a terminal."""
    with suppress(termios.error, OSError, ValueError):  # it may be gone, or no terminal at all
        terminal = sys.stdin.fileno()
        attributes = termios.tcgetattr(terminal)
        before = bool(attributes[_LOCAL] & termios.ECHO)
        if before != on:
            attributes[_LOCAL] ^= termios.ECHO
            termios.tcsetattr(terminal, termios.TCSANOW, attributes)
        return before
    return None
