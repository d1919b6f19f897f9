"""What the terminal sends: any bytes, and some that are no text."""

from __future__ import annotations

import codecs
import sys
from functools import partial


def take_any_bytes() -> None:
    """Let Textual's driver read bytes that are no UTF-8, as U+FFFD.

    It decodes strictly: one such byte, of a line's noise or a terminal of another encoding, ended
    the app.  On Windows it reads characters, and there is nothing to do.
    """
    driver = sys.modules.get("textual.drivers.linux_driver")
    if driver is not None:
        decoder = codecs.getincrementaldecoder("utf-8")
        driver.getincrementaldecoder = lambda name: partial(decoder, errors="replace")  # type: ignore[attr-defined]
