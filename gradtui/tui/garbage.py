"""Garbage is collected in the pauses between keys, so that no key waits for that."""

from __future__ import annotations

import asyncio
import gc

_PAUSE = 0.08
"""Seconds after a key, by which its result is painted."""
_REST = 1.0
"""Seconds after a key from which the next one can wait for a look at everything: 30 ms and more."""
_WORTH = 2_000
"""New objects that are worth a look: a few keys make them."""
_NEW = 10_000
"""New objects at which garbage is looked for without a pause: more than a key makes."""
_OFTEN, _SELDOM = 10, 100
"""Looks at new objects for each one at older objects, as Python has it; looks at these for one at
everything where no key is followed by a rest."""


def spare() -> None:
    """Spare everything made so far: nearly all of it stays, and looking at it takes long."""
    gc.freeze()


class Garbage:
    """Decides when garbage is collected."""

    def __init__(self) -> None:
        self._next: asyncio.TimerHandle | None = None

    def begin(self) -> None:
        """Start collecting, sparing everything made so far."""
        spare()
        gc.set_threshold(_NEW, _OFTEN, _SELDOM)
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
            gc.collect(1 if older > _OFTEN else 0)
        if oldest > _OFTEN:
            self._next = asyncio.get_running_loop().call_later(_REST - _PAUSE, self._collect_all)

    def _collect_all(self) -> None:
        self._next = None
        if gc.isenabled():
            gc.collect(2)
