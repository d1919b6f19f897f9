"""A call after some time, made on a busy machine as well."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from textual.message_pump import MessagePump


def call_after(
    pump: MessagePump, seconds: float, callback: Callable[[], object]
) -> asyncio.TimerHandle:
    """Call something once, some time from now, unless what was returned is cancelled before."""
    # Textual's own one-shot timer never calls back when its task starts later than its time, as
    # it does when the processor is taken away for a moment.
    return asyncio.get_running_loop().call_later(seconds, pump.call_later, callback)
