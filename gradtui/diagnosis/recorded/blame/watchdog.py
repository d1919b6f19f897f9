"""An end for edited code that does not end: `while err > tol` may go on for ever once edited."""

from __future__ import annotations

import ctypes
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

_LEAST = 1.0
"""Seconds that any run may take."""
_POLLED = 0.2
"""Seconds between two looks at the clock."""
_TIMES = 20
"""How many times as long as the code takes as it is."""


class Endless(BaseException):
    """Edited code has run for too long: not for an `except Exception` of the user's to catch."""


class Watchdog:
    """Ends runs of one thread that take far longer than the code does as it is."""

    def __init__(self) -> None:
        self._thread = threading.get_ident()
        self._lock, self._closed = threading.Lock(), threading.Event()
        self._until: float | None = None
        self._sent = False
        self.usual = 0.0
        """Seconds that a run takes as it is."""

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Let runs be watched."""
        watching = threading.Thread(target=self._watch, daemon=True)
        watching.start()
        try:
            yield
        finally:
            self._closed.set()
            watching.join()

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Let what runs in here raise Endless where it does not end in time."""
        self._sent = received = False
        self._until = time.monotonic() + max(_LEAST, _TIMES * self.usual)
        try:
            yield
        except Endless:
            received = True
            raise
        finally:
            with self._lock:
                self._until = None
            if self._sent and not received:
                _receive()

    def _watch(self) -> None:
        while not self._closed.wait(_POLLED):
            with self._lock:
                if self._until is not None and time.monotonic() >= self._until:
                    self._until, self._sent = None, True
                    error = ctypes.py_object(Endless)
                    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(self._thread), error)


def _receive() -> None:
    """Wait for what was sent as a run just ended; nothing else takes it back."""
    try:
        while True:
            time.sleep(_POLLED)
    except Endless:
        return
