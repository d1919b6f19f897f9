"""What the terminal can show, judged by its environment. Knows no screen."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from typing import Literal, NamedTuple, TextIO, cast

from gradtui.base.ascii import to_ascii

Colours = Literal["none", "few", "many"]
"""None, the 16 of the terminal's palette, or 256 and more."""
_COERCED = {"C.UTF-8", "C.utf8", "UTF-8"}
"""Values that Python itself gives LC_CTYPE in the C locale (PEP 538)."""
_FEWEST = 8
_COLOUR_SYSTEMS = {"auto", "standard", "256", "truecolor"}
_LARGEST = 10**9
"""Limit for numbers from the environment: larger ones overflow a time."""


class Display(NamedTuple):
    """How the screen is shown."""

    colours: Colours = "many"
    theme: str = ""
    """Its name; empty for the default at this number of colours."""
    mouse: bool = True
    ascii: bool = False


ANY = Display()


def leaves_escape(environ: Mapping[str, str]) -> bool:
    """Return whether Escape arrives at once while the mouse is in use.

    GNU screen then holds Escape back until the next key and sends both as one.
    """
    return "STY" not in environ


def colours(environ: Mapping[str, str]) -> Colours:
    """Return how many colours the terminal shows and the user wants."""
    if environ.get("NO_COLOR"):
        return "none"
    term = environ.get("TERM", "")
    if environ.get("COLORTERM", "").lower() in ("truecolor", "24bit"):
        return "many"
    if term.endswith(("-256color", "-direct")) or term.startswith("xterm-kitty"):
        return "many"
    return "few" if _palette(term) >= _FEWEST else "none"


def _palette(term: str) -> int:
    """Return how many colours the terminal's description gives; few if it is unknown."""
    import curses

    try:
        curses.setupterm(term or "unknown", sys.__stdout__.fileno() if sys.__stdout__ else -1)
    except (curses.error, UnicodeError):
        return _FEWEST
    return curses.tigetnum("colors")


def ascii_only(environ: Mapping[str, str], encoding: str) -> bool:
    """Return whether only ASCII is safe, because the locale or the stream is not UTF-8.

    The two differ with PYTHONIOENCODING, or where the locale is not installed.
    """
    if not _is_utf8(encoding):
        return True
    names = ["LC_ALL", "LC_CTYPE", "LANG"]
    if sys.flags.utf8_mode and environ.get("LC_CTYPE") in _COERCED:
        names.remove("LC_CTYPE")
    locale = next((environ[name] for name in names if environ.get(name)), "")
    charset = locale.partition("@")[0].partition(".")[2]
    named = locale in ("C", "POSIX") or bool(charset)
    return named and environ.get("PYTHONUTF8") != "1" and not _is_utf8(charset)


def _is_utf8(encoding: str) -> bool:
    return encoding.lower().replace("-", "").replace("_", "") == "utf8"


class _AsciiStream:
    """A stream that turns all text into ASCII."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write a text, cell for cell."""
        return self._stream.write(to_ascii(text))

    def __getattr__(self, name: str) -> object:
        return getattr(self._stream, name)


@contextmanager
def ascii_output() -> Iterator[None]:
    """Print everything in ASCII."""
    output, errors = (cast(TextIO, _AsciiStream(s)) for s in (sys.stdout, sys.stderr))
    with redirect_stdout(output), redirect_stderr(errors):
        yield


def mend_environment(environ: MutableMapping[str, str]) -> None:
    """Remove or correct environment variables that break Textual or Rich."""
    if not environ.get("NO_COLOR"):
        environ.pop("NO_COLOR", None)  # Textual treats an empty one as set
    if _tells_size():
        # Textual trusts these first, though they may be outdated or made up.
        environ.pop("COLUMNS", None)
        environ.pop("LINES", None)
    if environ.get("TERM", "").endswith("-direct"):
        environ["COLORTERM"] = "truecolor"  # else Rich would use 16
    if environ.get("TEXTUAL_COLOR_SYSTEM", "auto") not in _COLOUR_SYSTEMS:
        del environ["TEXTUAL_COLOR_SYSTEM"]
    for name in [name for name in environ if name == "ESCDELAY" or name.startswith("TEXTUAL_")]:
        with suppress(ValueError):  # not a number: Textual ignores it too
            if int(environ[name]) >= _LARGEST:
                del environ[name]


def _tells_size() -> bool:
    """Return whether the output terminal reports its size."""
    try:
        return 0 not in os.get_terminal_size()
    except OSError:
        return False
