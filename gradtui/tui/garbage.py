"""Garbage is collected in the pauses between keys, so that no key waits for that."""

from __future__ import annotations

import asyncio
import gc

_PAUSE = 0.08
"""Seconds after a key, by which its result is painted."""
_WORTH = 2_000
"""New objects that are worth a look: a few keys make them."""
_NEW = 10_000
"""New objects at which garbage is looked for without a pause: more than a key makes."""
_OFTEN = 10
"""Looks at new objects for each one at older objects, as Python has it."""


class Garbage:
    """Decides when garbage is collected."""

    def __init__(self) -> None:
        self._next: asyncio.TimerHandle | None = None

    def begin(self) -> None:
        """Start collecting, sparing everything made so far."""
        gc.freeze()
        gc.set_threshold(_NEW, _OFTEN, _OFTEN)
        gc.enable()

    def pause(self) -> None:
        """Collect in a moment, unless this is called again before."""
        if self._next is not None:
            self._next.cancel()
        self._next = asyncio.get_running_loop().call_later(_PAUSE, self._collect)

    def _collect(self) -> None:
        self._next = None
        new, older, oldest = gc.get_count()
        if gc.isenabled() and new >= _WORTH:
            gc.collect(2 if oldest > _OFTEN else 1 if older > _OFTEN else 0)
