"""The user's editor, opened at a line. Starts it without a shell."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Mapping, Sequence

PLUS = frozenset(
    ("vi", "vim", "nvim", "view", "gvim", "nano", "pico", "emacs", "emacsclient", "micro", "kak",
     "ne", "joe", "jed", "mg")
)  # fmt: skip
"""Editors that take the line as `+LINE` before the file."""
COLON = frozenset(("hx", "helix", "subl", "sublime_text", "zed"))
"""Editors that take the line as `FILE:LINE`."""
GOTO = frozenset(("code", "codium", "code-insiders", "cursor"))
"""Editors that take `FILE:LINE` after `--goto`."""
WAITING = GOTO | {"subl", "sublime_text", "zed"}
"""Editors with a window of their own, which must be told to wait until the file is closed."""


def chosen_editor(environment: Mapping[str, str]) -> str:
    """Return $VISUAL, or $EDITOR, or nothing."""
    return environment.get("VISUAL", "").strip() or environment.get("EDITOR", "").strip()


def editor_command(editor: str, file: str, line: int) -> Sequence[str]:
    """Return the program and its arguments; raises ValueError if the quotes do not match."""
    words = shlex.split(editor)
    path = os.path.join(os.curdir, file)  # never an option, whatever the file's name
    name = os.path.basename(words[0])
    waits = {"-w", "--wait"} & set(words)
    wait = ["--wait"] if name in WAITING and not waits else []
    if name in PLUS:
        return [*words, f"+{line}", path]
    if name in GOTO:
        return [*words, *wait, "--goto", f"{path}:{line}"]
    return [*words, *wait, f"{path}:{line}" if name in COLON else path]


def run_editor(command: Sequence[str]) -> str:
    """Run an editor until it exits; return the error, if any."""
    try:
        status = subprocess.run(command, check=False).returncode
    except OSError as error:
        return f"the editor {command[0]} cannot be started: {(error.strerror or '').lower()}"
    return f"the editor ended with status {status}" if status else ""
