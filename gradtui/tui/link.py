"""The line to the terminal: how many paints are on their way and not on its screen yet.

After each paint the terminal is asked how it is (DSR 5 of ECMA-48, as old as the VT100): its
answer comes when all before is shown.  Without that, what is written for a held key waits in the
buffers of a slow line, and the screen goes on for seconds after the key is let go.
"""

from __future__ import annotations

import time
from collections import deque
from math import inf

QUESTION, ANSWER = "\x1b[5n", "\x1b[0n"
LOST = 5.0
"""Seconds after which an answer may not come any more."""
_DEAF = 5
"""Answers in a row that are lost, after which none is waited for."""
_LATE = 0.1
"""Seconds over the shortest that an answer took, after which it had to wait for other paints."""
_LEAVING = 0.5
"""Seconds that the first answer of all is waited for where the terminal is left."""


class Link:
    """Says whether a paint may be written, from when the terminal was asked and has answered.

    How many paints may be on their way grows while answers come soon and is halved when one is
    late, as the window of TCP Vegas (Brakmo and Peterson 1995): on a line that is far but fast
    there are many, on one that is slow one or two.  A terminal that never answers is asked once,
    and takes everything.
    """

    def __init__(self) -> None:
        self._asked, self._heard = deque[float](), deque[float]()
        self._answers = self._held = False
        self._room, self._lost, self._soonest = 2, 0, inf

    def ask(self) -> bool:
        """Return whether the terminal is to be asked, and take it as asked then."""
        asks = self._answers or not self._asked
        if asks:
            self._asked.append(time.monotonic())
        return asks

    def answered(self) -> None:
        """Take an answer; called by the thread that reads keys, all else by the app's."""
        self._heard.append(time.monotonic())

    def takes_more(self) -> bool:
        """Return whether a paint may be written; if not, it may after an answer or `LOST`."""
        while self._heard:
            self._learn(self._heard.popleft())
        while self._answers and self._asked and time.monotonic() - self._asked[0] >= LOST:
            # It is that of a full repaint on a very slow line, or lost: one more does no harm.
            self._asked.popleft()
            self._lost += 1
            if self._lost >= _DEAF:
                self._asked.clear()
                self._answers = False
        self._held = self._answers and len(self._asked) >= self._room
        return not self._held

    def _learn(self, heard: float) -> None:
        if not self._asked or heard < self._asked[0]:
            return  # nobody has asked
        took = heard - self._asked.popleft()
        self._answers, self._lost, self._soonest = True, 0, min(self._soonest, took)
        if took > self._soonest + _LATE:
            self._room = max(1, self._room // 2)
        elif self._held:
            self._room += 1

    def settle(self) -> None:
        """Wait for the answers that are on their way: who reads next would get them."""
        patience = LOST if self._answers else _LEAVING
        while len(self._heard) < len(self._asked):
            if time.monotonic() - self._asked[-1] >= patience:
                break
            time.sleep(0.005)
