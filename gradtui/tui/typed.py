"""Input from the terminal: any bytes, pastes of any text, and sequences that come in parts."""

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
"""Most characters taken from a paste."""
_CUT = 2.0
"""Seconds without input after which a paste without an end counts as ended."""
_BROKEN_OFF = 0.25
"""The same for a terminal's answer: shorter, because keys are lost until then."""
_SEQUENCE = r"\x1b\[(?!M\Z)[0-?]*[ -/]*[@-Z\\-~]"
"""A whole control sequence; `ESC [[` and `ESC [M` continue, for a key or the mouse."""
_REPORTS = (_re_mouse_event, _re_terminal_mode_response)
"""Sequences that are no keys but have a meaning."""
_STRING = r"\x1b(\]\d|P[\d!>])"
"""The start of a terminal's textual answer, such as the one about its colours."""
_ENDS = ("\x07", "\x1b\\", "\r")
"""Its end, or Enter if the end is lost."""


def take_any_input() -> None:
    """Make Textual's driver read bytes that are not UTF-8 as U+FFFD, and pastes as text.

    It decodes strictly: one such byte, from noise on the line or from another encoding, ended the
    app.  On Windows it reads characters, so there is nothing to do.
    """
    driver = sys.modules.get("textual.drivers.linux_driver")
    if driver is not None:
        decoder = codecs.getincrementaldecoder("utf-8")
        driver.getincrementaldecoder = lambda name: partial(decoder, errors="replace")  # type: ignore[attr-defined]
        driver.XTermParser = Typed  # type: ignore[attr-defined]


class Answered(Message):
    """The terminal has shown everything written before the request."""


class Typed(XTermParser):
    """Textual's parser, given a paste once it has ended: its first line, sanitised.

    Textual's own parser takes an ESC in a paste to be a key's, and the rest to be keys, which are
    commands; and if the end of a paste is lost, it takes all later keys to be part of it.

    The same holds for an unknown sequence: an unusual key, or a terminal's answer to an earlier
    program, which may arrive late on a slow line.  Such a sequence means nothing here.
    """

    def __init__(self, debug: bool = False) -> None:
        super().__init__(debug)
        self._pasted: list[str] | None = None
        """The parts of a paste that has not ended."""
        self._tail = ""
        """The last characters since a start or an end, which may begin the next."""
        self._fed, self._heard = False, 0.0
        self._in_words = False
        """Whether the input is part of a terminal's textual answer."""
        self._answers = 0
        """Status answers of the terminal that were read but not passed on yet."""

    def feed(self, data: str) -> Iterable[Message]:
        """Return the meaning of the next characters; an empty text ends the input."""
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
        """Return what is certain after a pause of the input; called after every read."""
        # Just after a part of a sequence, the rest may be waiting and is read next.
        fed, self._fed = self._fed, False
        if fed:
            return
        silent = time.monotonic() - self._heard
        self._in_words = self._in_words and silent < _BROKEN_OFF
        if self._pasted is None:
            for message in super().tick():
                self._tail = ""  # an unfinished sequence in it is dropped
                yield message
        elif silent > _CUT:
            yield from self._end("".join(self._pasted))

    def _sequence_to_key_events(self, sequence: str, alt: bool = False) -> Iterable[Key]:
        """Return the keys of a possibly incomplete sequence; called by Textual."""
        nothing = [Key(Keys.Ignore.value, sequence)]
        if sequence == ANSWER:
            self._answers += 1
            return nothing
        if self._in_words:
            self._in_words = sequence not in _ENDS
            return nothing if len(sequence) == 1 or not self._in_words else []
        if re.match(_STRING, sequence):
            self._in_words = True
            return nothing
        try:
            keys = [*super()._sequence_to_key_events(sequence, alt)]
        except (ValueError, OverflowError):  # it names a character that does not exist
            return nothing
        known = keys or any(report.match(sequence) for report in _REPORTS)
        return keys if known or not re.fullmatch(_SEQUENCE, sequence) else nothing

    def _end(self, text: str) -> Iterable[Message]:
        self._pasted, self._tail = None, ""
        lines = text.strip("\r\n").splitlines()  # inputs have a single line
        shown = clean(lines[0][:_LONGEST]) if lines else ""
        yield from super().feed(shown + BRACKETED_PASTE_END)
