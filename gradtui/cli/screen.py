"""The debugger's screen on the terminal: its requirements, and opening it."""

from __future__ import annotations

import gc
import os
import sys
import threading
from typing import TYPE_CHECKING, Any

from gradtui.base.source import InputError

if TYPE_CHECKING:
    from gradtui.api import Target
    from gradtui.debugger.session import Session

NO_TERMINAL = "the debugger needs a terminal"


def on_terminal() -> bool:
    """Return whether there is a terminal for the screen."""
    streams = (sys.stdin, sys.stdout, sys.stderr)
    there = all(stream is not None and stream.isatty() for stream in streams)
    return there and os.environ.get("TERM") not in ("dumb", "unknown")


def open_screen(
    session: Session | None, *, ascii: bool, theme: str = "", mouse: bool = True,
    resume: bool = False, learn: bool = False,
) -> int:  # fmt: skip
    """Show a session, or the picker, until the user quits; return the exit status.

    With `learn`, the picker opens at the next lesson of the course.
    """
    from gradtui.base.terminal import Display, colours, leaves_escape
    from gradtui.tui.bare_textual import leave_out, leave_out_tls

    alone = session is None or session.problem.call is None
    if alone:
        leave_out_tls()
    leave_out(unused=alone)
    from gradtui.tui.app import run_app
    from gradtui.tui.config import read_config

    config = read_config()
    chosen = theme_called(theme) or config.theme
    display = Display(colours(os.environ), chosen, mouse and leaves_escape(os.environ), ascii)
    return run_app(session, display, config.keys, resume=resume, learn=learn)


def theme_called(name: str) -> str:
    """Return the theme that the option names, empty without it; raises InputError for no theme."""
    from gradtui.tui.themes import find_theme

    try:
        return find_theme(name)
    except InputError as error:
        raise InputError(error.message, file=f"--theme {name}") from None


def debug(target: Target, /, *args: Any, **arrays: Any) -> None:
    """Open the debugger on one call of functions of your own, until the user quits.

    The arguments are those of `trace`; raises InputError like it, and without a terminal.
    """
    from gradtui.api import traced
    from gradtui.base.terminal import ascii_only, mend_environment
    from gradtui.recording.traces import TheirsAlone

    if not on_terminal():
        raise InputError(NO_TERMINAL, file="debug")
    with TheirsAlone():
        session = traced(target, args, arrays, [threading.main_thread()])
    mend_environment(os.environ)
    ascii = ascii_only(os.environ, getattr(sys.stdout, "encoding", None) or "utf-8")
    enabled, thresholds = gc.isenabled(), gc.get_threshold()
    try:
        open_screen(session, ascii=ascii)
    finally:
        session.investigation.stop_search()
        gc.unfreeze()
        gc.set_threshold(*thresholds)
        if not enabled:
            gc.disable()
