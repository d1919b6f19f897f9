"""The line to the terminal: how many paints are on their way and not on its screen yet.

After each paint the terminal is asked how it is (DSR 5 of ECMA-48, as old as the VT100): its
answer comes when all before is shown.  Without that, what is written for a held key waits in the
buffers of a slow line, and the screen goes on for seconds after the key is let go.
"""

from __future__ import annotations

import time
from collections import deque
from math import inf
from threading import Lock

QUESTION, ANSWER = "\x1b[5n", "\x1b[0n"
LOST = 5.0
"""Seconds after which an answer will not come any more."""
_LATE = 0.1
"""Seconds over the shortest that an answer took, after which it had to wait for other paints."""
_LEAVING = 0.5
"""Seconds that answers are waited for where the terminal is left: who reads then, would get them.
"""


class Line:
    """Says whether a paint may be written, from when the terminal was asked and has answered.

    How many paints may be on their way grows while answers come soon and is halved when one is
    late, as the window of TCP Vegas (Brakmo and Peterson 1995): on a line that is far but fast
    there are many, on one that is slow one or two.  A terminal that never answers is asked once,
    and takes everything.
    """

    def __init__(self) -> None:
        self._lock = Lock()  # the app asks, and the thread that reads keys takes the answers
        self._asked = deque[float]()
        self._answers = False
        self._room, self._soonest = 2, inf
        self._held = False

    def ask(self) -> bool:
        """Return whether the terminal is to be asked, and take it as asked then."""
        with self._lock:
            asks = self._answers or not self._asked
            if asks:
                self._asked.append(time.monotonic())
            return asks

    def takes_more(self) -> bool:
        """Return whether a paint may be written; if not, an answer will say that it may."""
        with self._lock:
            if self._asked and time.monotonic() - self._asked[0] > LOST and self._answers:
                self._asked.clear()
                self._answers = False
            self._held = self._answers and len(self._asked) >= self._room
            return not self._held

    def answered(self) -> bool:
        """Take an answer; return whether a paint was held up for it."""
        with self._lock:
            if not self._asked:
                return False
            took = time.monotonic() - self._asked.popleft()
            self._answers, self._soonest = True, min(self._soonest, took)
            if took > self._soonest + _LATE:
                self._room = max(1, self._room // 2)
            elif self._held:
                self._room += 1
            return self._held

    def settle(self) -> None:
        """Wait for the answers that are on their way, but not for long."""
        while self._asked and time.monotonic() - self._asked[-1] < _LEAVING:
            time.sleep(0.005)
