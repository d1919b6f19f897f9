"""Ends code that would run for ever, such as an edited `while err > tol`."""

from __future__ import annotations

import ctypes
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from types import TracebackType

from msgspec import Struct

_LEAST, _COMPUTING, _TIMES = 1.0, 0.2, 20
"""The limits of a run of edited code."""
_POLLED = 0.1
"""Seconds between two checks of the clocks."""
_WAITING = 5.0
"""Seconds after which code that has not ended waits for something outside of Python."""


class Limits(Struct, frozen=True):
    """How long a run may take."""

    least: float
    computing: float
    """Seconds allowed for any run, and seconds of the processor."""
    times: float
    """Multiple of the usual duration that is allowed."""


class Endless(BaseException):
    """Code has run for too long; the user's own `except Exception` must not catch it."""


class Watchdog:
    """Ends runs of one thread that take far longer than a usual one."""

    def __init__(
        self, freeing: Callable[[], object] = lambda: None,
        checks: AbstractContextManager[None] | None = None, limits: Limits | None = None,
    ) -> None:  # fmt: skip
        """`freeing` is called when a run has taken too long, because it may wait for a lock.

        `checks`, which refuse what would crash Python, are entered for each run.
        """
        self._checks = checks or nullcontext()
        self._limits = limits or Limits(_LEAST, _COMPUTING, _TIMES)
        self._thread, self._freeing = threading.get_ident(), freeing
        self._lock, self._closed = threading.Lock(), threading.Event()
        self._until: float | None = None
        self._given = 0.0
        """Until when the run was to end at first."""
        self._computed: float | None = None
        """Seconds for which the thread may compute until a run is ended, once it has lasted."""
        self._looked = 0.0
        """When that was noted: only once a single call that computes all the time lets it be."""
        self.sent = False
        """Whether the last run that it watched was ended."""
        self.usual = 0.0
        """Seconds of a usual run."""
        self.counts_line: Callable[[], bool] = lambda: True
        """Counts a run of a single line, and returns whether to make it."""
        self.waited = False
        """Whether a run could not be ended in time, such as one that waits for a lock."""

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Let runs be watched."""
        watching, told = threading.Thread(target=self._watch, daemon=True), sys.unraisablehook

        def heard(ignored: sys.UnraisableHookArgs) -> None:
            if not issubclass(ignored.exc_type, Endless):
                told(ignored)

        watching.start()
        sys.unraisablehook = heard
        try:
            yield
        finally:
            sys.unraisablehook = told
            self._closed.set()
            watching.join()

    def watching(self) -> AbstractContextManager[None]:
        """Raise Endless in code that runs in here for too long, and check what it does."""
        return _Watching(self, self._checks)

    def begin(self) -> None:
        """Note that a run begins."""
        self.sent = False
        self._computed = None
        least = max(self._limits.least, self._limits.times * self.usual)
        self._until = self._given = time.monotonic() + least

    def end(self) -> None:
        """Note that a run has ended, by itself or not."""
        try:
            late = time.monotonic() > max(self._given, self._looked) + _WAITING
            self.waited |= late and self._idles()
            with self._lock:
                self._until = None
            if self.sent:
                # One sent just as the run ended may still be pending: take this one in its
                # place.  Python 3.11 loops for ever in traced code if it is only taken back.
                _send(self._thread)
                while True:
                    time.sleep(_POLLED)
        except Endless:
            with self._lock:
                self._until = None

    def _watch(self) -> None:
        while not self._closed.wait(_POLLED):
            with self._lock:
                if self._until is not None and self._is_over(self._until):
                    # Python ignores one that arrives in a finaliser: then another is sent.
                    self._until, self.sent = time.monotonic() + self._limits.least, True
                    if self._computed is not None:
                        self._computed += self._allowed
                    _send(self._thread)
                    self._freeing()

    def _is_over(self, until: float) -> bool:
        """Return whether a run takes too long: by the clock, or of the processor.

        That is asked for in a long run alone, because it takes a while itself.
        """
        now, allowed = time.monotonic(), self._allowed
        if self._computed is None and until - now < max(self._limits.least, allowed) - _POLLED:
            self._computed, self._looked = _computed(self._thread) + allowed, now
        return now >= until or (self._computed is not None and not self._idles())

    @property
    def _allowed(self) -> float:
        """The seconds for which a run may compute."""
        return max(self._limits.computing, self._limits.times * self.usual)

    def _idles(self) -> bool:
        """Return whether a run has not computed for as long as it may since it was looked at."""
        return self._computed is not None and _computed(self._thread) < self._computed


class _Watching(AbstractContextManager[None]):
    """One run that is watched: no generator, for there is one at every glance at a line."""

    def __init__(self, watchdog: Watchdog, checks: AbstractContextManager[None]) -> None:
        self._watchdog, self._checks = watchdog, checks

    def __enter__(self) -> None:
        self._checks.__enter__()
        self._watchdog.begin()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        try:
            self._watchdog.end()
        finally:
            self._checks.__exit__(kind, error, trace)


def _computed(thread: int) -> float:
    """Return the seconds for which a thread has computed; 0 where none tells.

    On a busy machine the clock tells little of how long code computes.
    """
    clock = getattr(time, "pthread_getcpuclockid", None)
    return 0.0 if clock is None else time.clock_gettime(clock(thread))


def _send(thread: int) -> None:
    """Raise Endless in a thread at its next instruction, in place of one that is pending."""
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(Endless))
