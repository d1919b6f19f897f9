"""Output of commands on standard output, and their exit statuses."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext, redirect_stdout
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

    from gradtui.explain.spans import TextRow

OK, FAILED, UNUSABLE = 0, 1, 2
"""Exit statuses: no findings, findings, unusable input."""


_PIPED = 160
"""The width of a row that no terminal shows, in cells."""


def line_width() -> int:
    """Return the width available for a row, in cells."""
    return shutil.get_terminal_size((_PIPED, 0)).columns


def prints_apart(arguments: argparse.Namespace) -> AbstractContextManager[object]:
    """Return a context in which what the user's code prints is kept out of a program's input."""
    read = getattr(arguments, "json", False) or getattr(arguments, "format", "text") != "text"
    return redirect_stdout(sys.stderr) if read else nullcontext()


def print_json(value: object) -> None:
    """Print JSON on one line, part by part."""
    from gradtui.explain.report import json_parts

    for part in json_parts(value):
        sys.stdout.write(part)
    sys.stdout.write("\n")


def print_lines(lines: Sequence[TextRow]) -> None:
    """Print rows, in colours on a terminal that has them."""
    for row in lines:
        print(row_text(row))


def row_text(row: TextRow) -> str:
    """Return a row as it is printed, in colours on a terminal that has them."""
    from gradtui.explain.spans import line_text

    if not sys.stdout.isatty() or os.environ.get("NO_COLOR"):
        return line_text(row).rstrip()
    parts = (f"{_SGR[role]}{part}\x1b[0m" if role in _SGR else part for part, role in row)
    return "".join(parts).rstrip()


_SGR = {
    "heading": "\x1b[1m",
    "dim": "\x1b[2m",
    "local": "\x1b[33m",
    "gradient": "\x1b[36m",
    "good": "\x1b[32m",
    "bad": "\x1b[31m",
}
