"""Standard output and standard error, whatever they lead to. Knows nothing of what is printed."""

from __future__ import annotations

import builtins
import math
import os
import select
import stat
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from threading import Event, Thread
from typing import TextIO

from gradtui.base.text import cell_width, clean, clip

HUNG_UP = 129
"""The exit status where the terminal has vanished, as a shell reports SIGHUP."""
_CELLS = 60
"""Of what is said: a line that goes on in the next one cannot be taken away."""
_LINE = _CELLS + 10
"""With the seconds after it."""
_PATIENCE, _EACH = 0.5, 1.0
"""Seconds after which a person is told what takes so long; from one word of it to the next."""


def open_streams() -> None:
    """Let both take any text, by lines; one that was closed by whoever started us goes nowhere."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115
        elif hasattr(stream, "reconfigure"):
            # No terminal shows UTF-16 and its like, and in a pipe no mark would say what they are.
            encoding = stream.encoding if _holds_ascii(stream.encoding) else "utf-8"
            # By lines into a file or a pipe too: an interrupt ends the program and loses none.
            stream.reconfigure(encoding=encoding, errors="backslashreplace", line_buffering=True)


def tell(text: object) -> None:
    """Print a line on standard error; where that takes none the exit status has to do."""
    _write(f"{text}\n", sys.stderr)


@contextmanager
def working(what: str) -> Iterator[None]:
    """Say on a terminal what is being done, once it takes a while; nothing of it stays there.

    Nothing is said while the user's code waits for an answer of its own.
    """
    if has_vanished(sys.stdout):
        sys.exit(HUNG_UP)  # nobody is left to see what would be printed
    if not sys.stderr.isatty():
        yield
        return
    done, asking, ask = Event(), Event(), builtins.input
    # The user's code may be run with another stream in its place.
    stream = sys.stderr
    thread = Thread(
        target=_say_what, args=(clip(clean(what), _CELLS), done, asking, stream), daemon=True
    )
    thread.start()
    builtins.input = partial(_ask, ask, asking, stream)
    try:
        yield
    finally:
        builtins.input = ask
        done.set()
        thread.join()


def _ask(ask: Callable[..., str], asking: Event, stream: TextIO, *prompt: object) -> str:
    """Let the user's code ask something, on a line that has nothing else on it."""
    asking.set()
    _write(f"\r{' ' * _LINE}\r", stream)
    try:
        return ask(*prompt)
    finally:
        asking.clear()


def _say_what(what: str, done: Event, asking: Event, stream: TextIO) -> None:
    began, told, wait = time.monotonic(), "", _PATIENCE
    while not done.wait(wait):
        if has_vanished(sys.stdout):
            os._exit(HUNG_UP)
        if asking.is_set():
            continue
        seconds = math.ceil(time.monotonic() - began)
        told, wait = f"{what} … {seconds} s", _EACH
        _write(f"\r{told}", stream)
    if told:
        _write(f"\r{' ' * cell_width(told)}\r", stream)


def _write(text: str, stream: TextIO) -> None:
    try:
        stream.write(text)
        stream.flush()
    except OSError:
        divert(stream)


def settle() -> None:
    """Let what cannot be written go nowhere: Python would end with a status of its own, 120."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            divert(stream)


def has_vanished(stream: TextIO) -> bool:
    """Return whether a stream leads to a terminal that is no more."""
    try:
        device = stat.S_ISCHR(os.fstat(stream.fileno()).st_mode)
    except OSError:  # it is of no file, as in tests
        return False
    poll = select.poll()
    poll.register(stream, 0)  # a hang-up is reported in any case
    return device and any(found & select.POLLHUP for _, found in poll.poll(0))


def divert(stream: TextIO) -> None:
    """Let a stream, with what is still in its buffer, go nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _holds_ascii(encoding: str) -> bool:
    return "gradtui\n".encode(encoding) == b"gradtui\n"
