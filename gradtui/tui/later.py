"""Delayed calls that a busy machine does not lose, and work done now and then."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from textual.message_pump import MessagePump

SELDOM = 0.2
"""Seconds between two paints of ongoing work."""
_TURN = 0.004
"""Seconds of work after which others have their turn, or for as long."""


def call_after(
    pump: MessagePump, seconds: float, callback: Callable[[], object]
) -> asyncio.TimerHandle:
    """Call something once after some seconds, unless the returned handle is cancelled first."""
    # Textual's own one-shot timer never calls back when its task starts later than its time, as
    # it does when the processor is taken away for a moment.
    return asyncio.get_running_loop().call_later(seconds, pump.call_later, callback)


async def in_turns(work: Iterable[object]) -> None:
    """Do work that comes in small parts, giving others their turn in between."""
    until = time.monotonic() + _TURN
    for _ in work:
        if time.monotonic() > until:
            await asyncio.sleep(0)
            until = time.monotonic() + _TURN


def work_off(
    pump: MessagePump, work: Iterator[object], done: Callable[[], object] = lambda: None
) -> None:
    """Do work that comes in small parts while others rest, then call `done`."""
    until = time.monotonic() + _TURN
    for _ in work:
        if time.monotonic() > until:
            call_after(pump, _TURN, partial(work_off, pump, work, done))
            return
    done()


class Seldom:
    """Limits how often the progress of ongoing work is shown."""

    def __init__(self) -> None:
        self._next = -math.inf

    def start(self) -> None:
        """Start waiting for the next time."""
        self._next = time.monotonic() + SELDOM

    def due(self) -> bool:
        """Return whether it is due; if so, start waiting again."""
        due = time.monotonic() >= self._next
        if due:
            self.start()
        return due
