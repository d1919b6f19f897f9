"""Ending the app from outside: by a signal, or by the loss of its terminal.

The screen cannot be waited for, because a terminal that takes no output blocks the app for ever.
"""

from __future__ import annotations

import gc
import os
import select
import signal
import sys
import termios
import threading
import time
from asyncio import AbstractEventLoop
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from gradtui.base.echo import with_echo
from gradtui.base.streams import HUNG_UP

_INPUT, _OUTPUT = 0, 2
"""The descriptors through which Textual reads keys and writes the screen."""
_SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGINT)
_OF_KEYBOARD = (signal.SIGINT, signal.SIGQUIT)
_PATIENCE = 0.8
"""Most seconds for an orderly end."""
_MORE = 1.0
"""Most seconds for saving, and for restoring the terminal, after that. A disk may stall."""
_LEAVE = (
    b"\x18\x1b\\"  # end a truncated sequence
    b"\x1b[?2026l\x1b[?2048l\x1b[?2004l\x1b[?1004l"  # held output, reports of size, pastes, focus
    b"\x1b[?1000l\x1b[?1003l\x1b[?1006l\x1b[?1015l\x1b[?1016l"  # the mouse
    b"\x1b[0m\x1b[H\x1b[J"  # the picture, if there is no former screen
    b"\x1b[<u\x1b[?7h\x1b[?1049l\x1b[?25h"  # keys, wrapping, the former screen, cursor
)


class Ending:
    """Waits for an order to end, and carries it out.

    `leave` ends the app in an orderly way, with an exit status, and is called in its loop.  If that
    takes too long, `save` is called outside the loop, and the process ends.
    """

    def __init__(self, leave: Callable[[int], None], save: Callable[[], object]) -> None:
        self._leave, self._save = leave, save
        self._loop: AbstractEventLoop | None = None
        self._status: int | None = None
        self._aside = False
        self._forced: threading.Thread | None = None

    def watch(self) -> None:
        """Begin to wait, in the main thread and before the screen opens."""
        try:
            self._before = with_echo(termios.tcgetattr(_INPUT))
        except termios.error:  # the terminal vanished while the file was loaded
            sys.exit(HUNG_UP)
        told, tell = os.pipe()
        os.set_blocking(tell, False)
        # Written to at once, whereas Python's own handlers wait for a long computation.
        signal.set_wakeup_fd(tell, warn_on_full_buffer=False)
        for number in _SIGNALS:
            signal.signal(number, self._told)
        threading.Thread(target=self._wait, args=(told,), daemon=True, name="ending").start()

    def serve(self, loop: AbstractEventLoop) -> None:
        """Let the app end in an orderly way from now on, and at once if it was already told to."""
        self._loop = loop
        if self._status is not None:
            self._leave(self._status)

    def over(self) -> None:
        """Let the app return, unless a forced end is under way, which ends the process."""
        if self._forced is not None:
            self._forced.join()

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Leave the keyboard's signals to another program while that has the terminal."""
        self._aside = True
        try:
            yield
        finally:
            self._aside = False

    def _told(self, number: int, frame: object) -> None:
        """End at once in the background, where there is no screen; otherwise a thread does it.

        A stopped job that is killed would continue, take the terminal, and be stopped again.
        """
        if _in_background():
            self._save()
            os._exit(128 + number)

    def _wait(self, told: int) -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTTOU])  # it may be in the background
        poll = select.poll()
        poll.register(_INPUT, 0)  # a hang-up is always reported, and nothing else is wanted
        poll.register(told, select.POLLIN)
        while self._status is None:
            for descriptor, found in poll.poll():
                if descriptor == _INPUT and found & select.POLLNVAL:
                    poll.unregister(_INPUT)  # this system does not poll terminals
                elif descriptor == _INPUT:
                    self._status = HUNG_UP
                else:
                    self._status = self._status or self._status_of(os.read(told, 64))
        _take_turns()
        if self._loop is not None:
            with suppress(RuntimeError):  # closed: the app is already ending
                self._loop.call_soon_threadsafe(self._leave, self._status)
        time.sleep(_PATIENCE)
        self._forced = threading.current_thread()
        works = [threading.Thread(target=work, daemon=True) for work in (self._restore, self._save)]
        for work in works:
            work.start()
        until = time.monotonic() + _MORE
        for work in works:
            work.join(max(0.0, until - time.monotonic()))
        os._exit(self._status)

    def _status_of(self, numbers: bytes) -> int | None:
        """Return the exit status for the first signal that ends the app."""
        ends = [n for n in numbers if n in _SIGNALS and not (self._aside and n in _OF_KEYBOARD)]
        return 128 + ends[0] if ends else None

    def _restore(self) -> None:
        """Restore the terminal, discarding pending output."""
        with suppress(termios.error):  # it may be gone
            termios.tcsetattr(_INPUT, termios.TCSANOW, self._before)
        terminal, nowhere = os.dup(_OUTPUT), os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, _OUTPUT)  # drop what the screen still writes
        os.set_blocking(terminal, False)
        try:
            while not _written(terminal, _LEAVE):
                for thread in threading.enumerate():
                    if thread.ident is not None:  # one of them is still writing: interrupt it
                        signal.pthread_kill(thread.ident, signal.SIGHUP)
                time.sleep(0.01)
        finally:
            os.set_blocking(terminal, True)  # including the shell's


def _take_turns() -> None:
    """Stop computations from holding up the other threads."""
    gc.disable()  # for millions of objects that takes seconds
    sys.setswitchinterval(0.0005)


def _in_background() -> bool:
    """Return whether another job has the terminal."""
    try:
        return os.tcgetpgrp(_INPUT) != os.getpgrp()
    except OSError:  # it is gone, or belongs to another session
        return False


def _written(terminal: int, text: bytes) -> bool:
    """Discard output that a terminal does not take and write a text; return whether that worked."""
    try:
        termios.tcflush(terminal, termios.TCOFLUSH)
        os.write(terminal, text)
    except BlockingIOError:
        return False
    except (OSError, termios.error):
        return True  # there is no terminal any more
    return True
