"""Failures of gradtui itself: how they are reported, and the log file with the details."""

from __future__ import annotations

import time
import traceback

from gradtui.base.files import reason, short_path, state_folder, write_file
from gradtui.base.text import clean, clip

_NAME = "failures.log"
_KEPT = 200_000
"""Characters of earlier failures that the log keeps."""
_SAID = 200


def report_failure(what: str, error: Exception) -> str:
    """Return a sentence that names the failure and asks the user to report it.

    The traceback, without the values of variables, goes into a log file that the sentence names.
    """
    said = clip(clean(f"{type(error).__name__}: {error}"), _SAID)
    return f"{what}: {said}; please report this: {_logged(what, error)}"


def _logged(what: str, error: Exception) -> str:
    """Log a failure; return a clause that says where its details are."""
    when = time.strftime("%Y-%m-%d %H:%M:%S")
    trace = "".join(traceback.format_exception(error))
    entry = clean(f"{when} {what}\n{trace}", newlines=True)
    try:
        path = state_folder() / _NAME
        before = path.read_text(errors="backslashreplace")[-_KEPT:] if path.exists() else ""
        write_file(path, f"{before}{entry}\n".encode())
    except OSError as trouble:
        return f"the details cannot be written: {reason(trouble)}"
    return f"the details are in {short_path(path)}"
