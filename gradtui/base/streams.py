"""Standard output and standard error, wherever they go. Knows nothing of what is printed."""

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

from gradtui.base.echo import echoed
from gradtui.base.text import cell_width, clean, clip

HUNG_UP = 129
"""Exit status after the terminal has vanished, as a shell reports SIGHUP."""
_CELLS = 60
"""Widest progress message: a line that wraps cannot be erased."""
_LINE = _CELLS + 10
"""The same with the seconds after it."""
_PATIENCE, _EACH = 0.5, 1.0
"""Seconds until the first progress message, and between updates."""


def open_streams() -> None:
    """Make both streams accept any text, line by line; replace closed ones with /dev/null."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115
        elif hasattr(stream, "reconfigure"):
            # No terminal shows UTF-16 and the like, and in a pipe nothing would mark it.
            encoding = stream.encoding if _holds_ascii(stream.encoding) else "utf-8"
            # Line by line into files and pipes too, so that an interrupt loses no lines.
            stream.reconfigure(
                encoding=encoding,
                errors="backslashreplace",
                line_buffering=True,
                write_through=False,
            )


def tell(text: object) -> None:
    """Print a line on standard error; if that fails, the exit status must suffice."""
    _write(f"{text}\n", sys.stderr)


@contextmanager
def working(what: str) -> Iterator[None]:
    """Show a progress message on a terminal while something takes long, then erase it.

    The message is held back while the user's own code waits for input.
    """
    if has_vanished(sys.stdout):
        sys.exit(HUNG_UP)  # nobody is left to read the output
    if not sys.stderr.isatty():
        yield
        return
    done, asking, ask = Event(), Event(), builtins.input
    # The user's code may replace the stream.
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
    """Let the user's code ask for input, on an empty line."""
    asking.set()
    _write(f"\r{' ' * _LINE}\r", stream)
    try:
        with echoed():
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
    """Discard output that cannot be written, or Python would exit with status 120."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            divert(stream)


def has_vanished(stream: TextIO) -> bool:
    """Return whether a stream leads to a terminal that has vanished."""
    try:
        device = stat.S_ISCHR(os.fstat(stream.fileno()).st_mode)
    except OSError:  # no file behind it, for example in tests
        return False
    poll = select.poll()
    poll.register(stream, 0)  # poll always reports a hang-up
    return device and any(found & select.POLLHUP for _, found in poll.poll(0))


def divert(stream: TextIO) -> None:
    """Discard the rest of a stream, its buffer included."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _holds_ascii(encoding: str) -> bool:
    return "gradtui\n".encode(encoding) == b"gradtui\n"
