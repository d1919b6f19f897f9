"""What the terminal sends: any bytes, pastes of any text, and sequences that come in parts."""

from __future__ import annotations

import codecs
import re
import sys
import time
from collections.abc import Iterable
from functools import partial

from textual._xterm_parser import (
    BRACKETED_PASTE_END,
    BRACKETED_PASTE_START,
    XTermParser,
    _re_mouse_event,
    _re_terminal_mode_response,
)
from textual.events import Key
from textual.keys import Keys
from textual.message import Message

from gradtui.base.text import clean
from gradtui.tui.link import ANSWER

_LONGEST = 10_000
"""Characters of a paste that are taken."""
_CUT = 2.0
"""Seconds without input after which a paste that has no end is at its end."""
_BROKEN_OFF = 0.25
"""As many after which a terminal's answer is: shorter, for keys are lost till then."""
_SEQUENCE = re.compile(r"\x1b\[(?!M\Z)[0-?]*[ -/]*[@-Z\\-~]")
"""A whole control sequence; of `ESC [[` and `ESC [M` more comes, a key's or the mouse's."""
_REPORTS = (_re_mouse_event, _re_terminal_mode_response)
"""Sequences that are no keys and mean something."""
_STRING = re.compile(r"\x1b(\]\d|P[\d!>])")
"""How a terminal's answer in words begins, as that to what its colours are."""
_ENDS = ("\x07", "\x1b\\", "\r")
"""What ends it; Enter too, should its end be lost."""


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


class Answered(Message):
    """The terminal has shown what was written before it was asked."""


class Typed(XTermParser):
    """Textual's parser, which is given a paste when its end is there: its first line, cleaned.

    Alone it takes an ESC in a paste for that of a key, and what follows for keys, which are
    commands; and where the end of a paste is lost, all keys from then on for a part of it.

    So it does with a sequence that it does not know: an unusual key, or a terminal's answer to the
    program before, which on a slow line comes when that has left.  Such a one means nothing here.
    """

    def __init__(self, debug: bool = False) -> None:
        super().__init__(debug)
        self._pasted: list[str] | None = None
        """The parts of a paste that has no end yet."""
        self._tail = ""
        """The last characters since a start or an end: the next may have begun in them."""
        self._fed, self._heard = False, 0.0
        self._in_words = False
        """Whether what comes is a part of a terminal's answer in words."""
        self._answers = 0
        """Answers to how the terminal is that were read and are not passed on yet."""

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
                while self._answers:
                    self._answers -= 1
                    yield Answered()
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
        silent = time.monotonic() - self._heard
        self._in_words = self._in_words and silent < _BROKEN_OFF
        if self._pasted is None:
            for message in super().tick():
                self._tail = ""  # what has begun in it is given up
                yield message
        elif silent > _CUT:
            yield from self._end("".join(self._pasted))

    def _sequence_to_key_events(self, sequence: str, alt: bool = False) -> Iterable[Key]:
        """Return the keys of a sequence that may be its beginning only; called by Textual."""
        nothing = [Key(Keys.Ignore.value, sequence)]
        if sequence == ANSWER:
            self._answers += 1
            return nothing
        if self._in_words:
            self._in_words = sequence not in _ENDS
            return nothing if len(sequence) == 1 or not self._in_words else []
        if _STRING.match(sequence):
            self._in_words = True
            return nothing
        try:
            keys = [*super()._sequence_to_key_events(sequence, alt)]
        except (ValueError, OverflowError):  # it names a character that there is not
            return nothing
        known = keys or any(report.match(sequence) for report in _REPORTS)
        return keys if known or not _SEQUENCE.fullmatch(sequence) else nothing

    def _end(self, text: str) -> Iterable[Message]:
        self._pasted, self._tail = None, ""
        lines = text.strip("\r\n").splitlines()  # inputs have one
        shown = clean(lines[0][:_LONGEST]) if lines else ""
        yield from super().feed(shown + BRACKETED_PASTE_END)
