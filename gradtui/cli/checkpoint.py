"""A copy of the program that goes on in its place, so that a crash loses little.

Edits of the user's code may hand anything to compiled code: NumPy's own `np.add.at` ends the
process for values with more axes than the place that they are added to.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
from contextlib import suppress

_DEATH_SIGNAL = 1
"""PR_SET_PDEATHSIG: the signal that Linux sends once the process that made this one has ended."""


def goes_on() -> str | None:
    """Go on in a copy of this process; return None there, or where no copy can be made.

    This process waits, and ends as the copy does.  Only if that crashes does it return, with the
    name of the signal.
    """
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
