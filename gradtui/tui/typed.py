"""What the terminal sends: any bytes, pastes of any text, and sequences that come in parts."""

from __future__ import annotations

import codecs
import sys
import time
from collections.abc import Iterable
from functools import partial

from textual._xterm_parser import BRACKETED_PASTE_END, BRACKETED_PASTE_START, XTermParser
from textual.message import Message

from gradtui.text import clean

_LONGEST = 10_000
"""Characters of a paste that are taken."""
_CUT = 2.0
"""Seconds without input after which a paste that has no end is at its end."""


def take_any_input() -> None:
    """Let Textual's driver read bytes that are no UTF-8, as U+FFFD, and pastes as text.

    It decodes strictly: one such byte, of a line's noise or a terminal of another encoding, ended
    the app.  On Windows it reads characters, and there is nothing to do.
    """
    driver = sys.modules.get("textual.drivers.linux_driver")
    if driver is not None:
        decoder = codecs.getincrementaldecoder("utf-8")
        driver.getincrementaldecoder = lambda name: partial(decoder, errors="replace")  # type: ignore[attr-defined]
        driver.XTermParser = Typed  # type: ignore[attr-defined]


class Typed(XTermParser):
    """Textual's parser, which is given a paste when its end is there: its first line, cleaned.

    Alone it takes an ESC in a paste for that of a key, and what follows for keys, which are
    commands; and where the end of a paste is lost, all keys from then on for a part of it.
    """

    def __init__(self, debug: bool = False) -> None:
        super().__init__(debug)
        self._pasted: list[str] | None = None
        """The parts of a paste that has no end yet."""
        self._tail = ""
        """The last characters since a start or an end: the next may have begun in them."""
        self._fed, self._heard = False, 0.0

    def feed(self, data: str) -> Iterable[Message]:
        """Return what the next characters mean; none of them: there will be no more."""
        self._fed, self._heard = True, time.monotonic()
        if not data:
            yield from super().feed(data)
        while data:
            mark = BRACKETED_PASTE_START if self._pasted is None else BRACKETED_PASTE_END
            found = (self._tail + data).find(mark)
            if found < 0:
                part, data = data, ""
                self._tail = (self._tail + part)[1 - len(mark) :]
            else:
                after = found + len(mark) - len(self._tail)
                part, data, self._tail = data[:after], data[after:], ""
            if self._pasted is None:
                yield from super().feed(part)
                self._pasted = None if found < 0 else []
            else:
                self._pasted.append(part)
                if found >= 0:
                    yield from self._end("".join(self._pasted)[: -len(mark)])

    def tick(self) -> Iterable[Message]:
        """Return what is certain as nothing has come for a while; called after every look."""
        # Just after a part of a sequence the rest of it may be there already, and is read next.
        fed, self._fed = self._fed, False
        if fed:
            return
        if self._pasted is None:
            for message in super().tick():
                self._tail = ""  # what has begun in it is given up
                yield message
        elif time.monotonic() - self._heard > _CUT:
            yield from self._end("".join(self._pasted))

    def _end(self, text: str) -> Iterable[Message]:
        self._pasted, self._tail = None, ""
        lines = text.strip("\r\n").splitlines()  # inputs have one
        shown = clean(lines[0][:_LONGEST]) if lines else ""
        yield from super().feed(shown + BRACKETED_PASTE_END)
