"""The line to the terminal: the number of paints that are not on its screen yet.

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
"""Seconds after which an answer counts as lost."""
_DEAF = 5
"""After this many lost answers in a row, none is awaited."""
_LATE = 0.1
"""An answer this many seconds slower than the fastest had to wait for other paints."""
_LEAVING = 0.5
"""Seconds to wait for the very first answer when leaving the terminal."""


class Link:
    """Decides whether a paint may be written, from the times of requests and answers.

    The number of paints under way grows while answers come soon and is halved when one is late,
    like the window of TCP Vegas (Brakmo and Peterson 1995): many on a fast line with a long delay,
    one or two on a slow line.  A terminal that never answers is asked once, and gets everything.
    """

    def __init__(self) -> None:
        self._asked, self._heard = deque[float](), deque[float]()
        self._answers = self._held = False
        self._room, self._lost, self._soonest = 2, 0, inf

    def ask(self) -> bool:
        """Return whether to ask the terminal, and count it as asked then."""
        asks = self._answers or not self._asked
        if asks:
            self._asked.append(time.monotonic())
        return asks

    def answered(self) -> None:
        """Take an answer; called by the thread that reads keys, all else by the app's."""
        self._heard.append(time.monotonic())

    def takes_more(self) -> bool:
        """Return whether a paint may be written; if not, try again after an answer or `LOST`."""
        while self._heard:
            self._learn(self._heard.popleft())
        while self._answers and self._asked and time.monotonic() - self._asked[0] >= LOST:
            # That to a full repaint on a very slow line, or a lost one: one more does no harm.
            self._asked.popleft()
            self._lost += 1
            if self._lost >= _DEAF:
                self._asked.clear()
                self._answers = False
        self._held = self._answers and len(self._asked) >= self._room
        return not self._held

    def _learn(self, heard: float) -> None:
        if not self._asked or heard < self._asked[0]:
            return  # an unrequested answer
        took = heard - self._asked.popleft()
        self._answers, self._lost, self._soonest = True, 0, min(self._soonest, took)
        if took > self._soonest + _LATE:
            self._room = max(1, self._room // 2)
        elif self._held:
            self._room += 1

    def settle(self) -> None:
        """Wait for the outstanding answers, which the next reader would get."""
        patience = LOST if self._answers else _LEAVING
        while len(self._heard) < len(self._asked):
            if time.monotonic() - self._asked[-1] >= patience:
                break
            time.sleep(0.005)
