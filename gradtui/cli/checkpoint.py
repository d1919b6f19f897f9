"""A copy of the program that goes on in its place, so that a crash loses little.

Edits of the user's code may hand anything to compiled code: NumPy's own `np.add.at` ends the
process for values with more axes than the place that they are added to.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import signal
import sys
import threading
import time
from contextlib import suppress

_WIDTH = 8
"""Bytes of a number in memory."""
_MOST, _LONGEST = 3, 20.0
"""Most runs that are left out because they crash Python, and more if that takes few seconds."""
_DEATH_SIGNAL = 1
"""PR_SET_PDEATHSIG: the signal that Linux sends once the process that made this one has ended."""


class Counted:
    """The number of runs that a copy of this process has made, and those that crashed one."""

    def __init__(self) -> None:
        self.number = memoryview(mmap.mmap(-1, _WIDTH)).cast("q")
        """One number, in memory that copies of this process share with it."""
        self.crashing: set[int] = set()
        self._begun = time.monotonic()

    def learns(self) -> bool:
        """Note the last run as one that crashes; return whether it is worth another start.

        What has crashed after the same run again has not crashed in it.
        """
        last, self.number[0] = self.number[0], 0
        early = time.monotonic() - self._begun < _LONGEST
        new = last > 0 and last not in self.crashing and (early or len(self.crashing) < _MOST)
        self.crashing.add(last)
        return new


def goes_on(runs: Counted) -> str | None:
    """Go on in a copy of this process; return None there, or where no copy can be made.

    This process waits, and ends as the copy does.  If that crashes in a run, another copy goes on,
    which leaves that run out.  After some crashes it returns, with the name of the signal.
    """
    while (crashed := _goes_on()) is not None and runs.learns():
        pass
    return crashed


def _goes_on() -> str | None:
    """Go on in one copy; return None there, and here the name of the signal that crashed it."""
    if not hasattr(os, "fork") or sys.platform == "darwin" or threading.active_count() > 1:
        return None
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if not pid:
        _end_with_the_other()
        return None
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # the copy receives it, too
    _, status = os.waitpid(pid, 0)
    signal.signal(signal.SIGINT, before)
    if os.WIFEXITED(status):
        os._exit(os.WEXITSTATUS(status))
    ended = signal.Signals(os.WTERMSIG(status))
    if ended not in (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL):
        signal.signal(ended, signal.SIG_DFL)
        os.kill(os.getpid(), ended)
    return ended.name


def _end_with_the_other() -> None:
    """End this process with the one that waits for it, such as by a time limit."""
    with suppress(OSError, AttributeError):  # other systems have no such call
        ctypes.CDLL(None).prctl(_DEATH_SIGNAL, signal.SIGKILL)
