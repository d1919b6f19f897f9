"""What the terminal at hand can show, as far as it and its environment say; knows no screen."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from typing import Literal, NamedTuple, TextIO, cast

from gradtui.base.ascii import to_ascii

Colours = Literal["none", "few", "many"]
"""None at all, the 16 of the terminal's own palette, or 256 and more."""
_COERCED = {"C.UTF-8", "C.utf8", "UTF-8"}
"""What Python sets LC_CTYPE to by itself in the C locale (PEP 538)."""
_FEWEST = 8
_COLOUR_SYSTEMS = {"auto", "standard", "256", "truecolor"}
_LARGEST = 10**9
"""Number that the environment may give: larger ones are too large for a time."""


class Display(NamedTuple):
    """How the screen is shown."""

    colours: Colours = "many"
    theme: str = ""
    """Its name; empty for the one that goes with the colours."""
    mouse: bool = True
    ascii: bool = False


ANY = Display()


def leaves_escape(environ: Mapping[str, str]) -> bool:
    """Return whether Escape comes at once although the mouse is listened to.

    GNU screen holds it back then until the next key, and hands over both as one.
    """
    return "STY" not in environ


def colours(environ: Mapping[str, str]) -> Colours:
    """Return how many colours a terminal shows, and its user wants."""
    if environ.get("NO_COLOR"):
        return "none"
    term = environ.get("TERM", "")
    if environ.get("COLORTERM", "").lower() in ("truecolor", "24bit"):
        return "many"
    if term.endswith(("-256color", "-direct")) or term.startswith("xterm-kitty"):
        return "many"
    return "few" if _palette(term) >= _FEWEST else "none"


def _palette(term: str) -> int:
    """Return how many colours the terminal's description names; an unknown one's may be few."""
    import curses

    try:
        curses.setupterm(term or "unknown", sys.__stdout__.fileno() if sys.__stdout__ else -1)
    except (curses.error, UnicodeError):
        return _FEWEST
    return curses.tigetnum("colors")


def ascii_only(environ: Mapping[str, str], encoding: str) -> bool:
    """Return whether nothing but ASCII can be relied on: a locale or stream that is not UTF-8.

    The stream's may be another than the locale's: PYTHONIOENCODING, or a locale not installed.
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
    """A stream to which all is written in ASCII."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write a text cell for cell."""
        return self._stream.write(to_ascii(text))

    def __getattr__(self, name: str) -> object:
        return getattr(self._stream, name)


@contextmanager
def ascii_output() -> Iterator[None]:
    """Let all that is printed be in ASCII."""
    output, errors = (cast(TextIO, _AsciiStream(s)) for s in (sys.stdout, sys.stderr))
    with redirect_stdout(output), redirect_stderr(errors):
        yield


def mend_environment(environ: MutableMapping[str, str]) -> None:
    """Take from the environment what Textual and Rich would take amiss."""
    if not environ.get("NO_COLOR"):
        environ.pop("NO_COLOR", None)  # Textual takes an empty one for a set one
    if _tells_size():
        # Textual believes these first: they are from before the terminal was resized, or made up.
        environ.pop("COLUMNS", None)
        environ.pop("LINES", None)
    if environ.get("TERM", "").endswith("-direct"):
        environ["COLORTERM"] = "truecolor"  # Rich, which does not know these names, would use 16
    if environ.get("TEXTUAL_COLOR_SYSTEM", "auto") not in _COLOUR_SYSTEMS:
        del environ["TEXTUAL_COLOR_SYSTEM"]
    for name in [name for name in environ if name == "ESCDELAY" or name.startswith("TEXTUAL_")]:
        with suppress(ValueError):  # no number: Textual, which reads it so, passes over it too
            if int(environ[name]) >= _LARGEST:
                del environ[name]


def _tells_size() -> bool:
    """Return whether the terminal that is written to says how large it is."""
    try:
        return 0 not in os.get_terminal_size()
    except OSError:
        return False
