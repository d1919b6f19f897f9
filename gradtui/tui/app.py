"""The Textual app: screens, signals, the palette. Routes commands and nothing else."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Iterable
from typing import ClassVar

from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.screen import Screen

from gradtui.session import Session
from gradtui.tui.commands import COMMANDS
from gradtui.tui.debugger import Debugger
from gradtui.tui.picker import Picker
from gradtui.tui.themes import THEMES

_TWICE = 2.0
"""Seconds within which a second Ctrl+C quits."""


class GradtuiApp(App[int]):
    """The debugger in a terminal; its return value is the exit status."""

    CSS_PATH = "style.tcss"
    TITLE = "gradtui"
    ENABLE_COMMAND_PALETTE = True
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+c", "interrupt", "stop, quit", show=False, priority=True)
    ]

    def __init__(self, session: Session | None = None) -> None:
        super().__init__(watch_css=False)
        self._session = session
        self._interrupted = -_TWICE

    def on_mount(self) -> None:
        """Open the session, or the picker where there is none yet."""
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = THEMES[0].name
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self.exit, 128 + number)
        if self._session is not None:
            self.push_screen(Debugger(self._session))
        else:
            self.push_screen(Picker(), self._picked)

    def _picked(self, session: Session | None) -> None:
        if session is None:
            self.exit(0)
        else:
            self.push_screen(Debugger(session))

    def action_interrupt(self) -> None:
        """Stop playing; twice in a row, quit."""
        debugger = self.screen if isinstance(self.screen, Debugger) else None
        if debugger is not None and debugger.stop_playing():
            debugger.say("stopped")
        elif debugger is None or time.monotonic() - self._interrupted < _TWICE:
            self.exit(0)
        else:
            self._interrupted = time.monotonic()
            debugger.say("press Ctrl+C again to quit")

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Return what the palette lists: the debugger's commands and the theme."""
        if isinstance(screen, Debugger):
            for command in COMMANDS:
                name = f"{command.title}  ({command.shown})"
                yield SystemCommand(name, command.help, lambda c=command: c.run(screen, ""))
        yield SystemCommand("theme", "choose other colours", self.action_change_theme)


def run_app(session: Session | None) -> int:
    """Run the app until the user leaves; return the exit status."""
    app = GradtuiApp(session)
    status = app.run()
    return app.return_code or 0 if status is None else status
