"""Delayed calls that a busy machine does not lose."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from textual.message_pump import MessagePump


def call_after(
    pump: MessagePump, seconds: float, callback: Callable[[], object]
) -> asyncio.TimerHandle:
    """Call something once after some seconds, unless the returned handle is cancelled first."""
    # Textual's own one-shot timer never calls back when its task starts later than its time, as
    # it does when the processor is taken away for a moment.
    return asyncio.get_running_loop().call_later(seconds, pump.call_later, callback)
