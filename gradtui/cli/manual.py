"""`gradtui help`: the manual, a page at a time, through the user's pager on a terminal."""

from __future__ import annotations

import argparse
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Sequence
from typing import TYPE_CHECKING

from gradtui.base.ascii import to_ascii
from gradtui.base.source import did_you_mean
from gradtui.base.streams import tell
from gradtui.base.text import clean
from gradtui.cli.output import OK, UNUSABLE, print_lines, row_text
from gradtui.cli.screen import on_terminal

if TYPE_CHECKING:
    from gradtui.explain.spans import TextRow

_WIDEST, _PIPED = 100, 80
"""Widest readable prose, in cells; the width if no terminal tells one."""
_MORE = (
    "`gradtui help TOPIC` shows a page. `gradtui help NAME`, with a command, a key, a rule, a "
    "function or an optimizer, shows what the manual says about it."
)
_NOT_FOUND = 127
"""The status that a shell reports for a missing command."""


def print_manual(arguments: argparse.Namespace) -> int:
    """Print the page on a topic, the manual's entries on a name, or the topics."""
    size = shutil.get_terminal_size((_PIPED, 0))
    rows = _rows(arguments.topic, min(_WIDEST, size.columns))
    if not rows:
        tell(clean(_unknown(arguments.topic)))
        return UNUSABLE
    if not (size.lines < len(rows) and _page(rows, ascii=arguments.ascii)):
        print_lines(rows)
    return OK


def _rows(topic: str | None, width: int) -> list[TextRow]:
    """Return the rows to show; none if the manual has nothing on a topic."""
    from gradtui.explain.manual import block_rows, rows_on, topic_rows
    from gradtui.manual.pages import Prose

    if topic is None:
        return [*topic_rows(width), *block_rows([Prose(_MORE)], width)]
    return rows_on(topic, width)


def _unknown(topic: str) -> str:
    """Return the message that a topic is missing, with the likely one and pages with the word."""
    from gradtui.manual.pages import TOPICS, all_names, read_page

    word = re.compile(rf"\b{re.escape(topic)}\b", re.IGNORECASE)
    found = [name for name in TOPICS if word.search(read_page(name).text)]
    hint = f"; the word is in {', '.join(found)}" if found else ""
    hint = hint or did_you_mean(topic, TOPICS) or did_you_mean(topic, sorted(all_names()))
    then = " " if hint.endswith("?") else "; "
    return f"gradtui: the manual has no topic '{topic}'{hint}{then}`gradtui help` lists the topics"


def _page(rows: Sequence[TextRow], *, ascii: bool) -> bool:
    """Show rows in the user's pager, as git does; return whether it worked."""
    pager = os.environ.get("PAGER", shutil.which("less") or "")
    if not on_terminal() or pager in ("", "cat"):
        return False
    text = "".join(f"{row_text(row)}\n" for row in rows)
    # R lets colours through; F and X leave short pages, and the last screen, on the terminal.
    environment = {"LESS": "FRX", "LV": "-c", **os.environ}
    # An interrupt is the pager's: it ends a search.  The default comes back to it with its exec.
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        done = subprocess.run(
            pager, input=to_ascii(text) if ascii else text, shell=True, env=environment,
            encoding="utf-8", errors="backslashreplace",
        )  # fmt: skip
    finally:
        signal.signal(signal.SIGINT, before)
    return done.returncode != _NOT_FOUND
