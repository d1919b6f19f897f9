"""What the parts of a debugger know of its screen, and the screen of them."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from gradtui.base.source import InputError
from gradtui.tui.commands import COMMANDS

if TYPE_CHECKING:
    from textual.screen import Screen

    from gradtui.debugger.frame import Frame
    from gradtui.debugger.session import Session
    from gradtui.tui.bars import Bar
    from gradtui.tui.keys import Keys
    from gradtui.tui.panels.base import Panel

_SELDOM = 0.2
"""Seconds between two paints of what goes on by itself."""
Handlers = Mapping[str, Callable[[str], object]]
"""The id of a command -> what it does; the text is what follows it on the command line."""


class Host(Protocol):
    """The debugger's screen, as its parts see it."""

    session: Session
    """What is shown."""
    keys: Keys

    @property
    def screen(self) -> Screen[Any]:
        """Textual's side of it: timers, the app and its other screens."""

    def do(self, command: Callable[[Session], object]) -> None:
        """Let the session do something, then show what it came to."""

    def say(self, message: str) -> None:
        """Show a message until the next command."""

    def ask(
        self, label: str, answer: Callable[[str], None], value: str = "", **options: Any
    ) -> None:
        """Open the prompt; the options are its own."""

    def tried(self, id: str) -> bool:
        """Return whether a command was used: then there is no hint at it any more."""

    def confirm(self, question: str, answer: Callable[[bool], None]) -> None:
        """Ask what one key answers, yes or no."""

    def show_frame(self) -> None:
        """Show where the session is."""

    def show_in(self, widget: type[Bar] | type[Panel]) -> None:
        """Show in one widget only where the session is, once the screen is there."""

    def show_session(self, session: Session) -> None:
        """Show another session."""

    def renew_session(self, session: Session) -> None:
        """Show a session that goes on where this one is."""

    def open_scenario(self, text: str) -> None:
        """Open another scenario, in the picker if none is named."""

    def ahead(self) -> None:
        """Have the background work done that there is now."""

    def stop(self) -> bool:
        """Stop playing, and whatever else one waits for; return whether there was anything."""


class Part:
    """A part of the debugger: it has the host's session do what its commands ask for."""

    def __init__(self, host: Host) -> None:
        self._host = host

    @property
    def handlers(self) -> Handlers:
        """What each of its commands does."""
        raise NotImplementedError

    @property
    def _session(self) -> Session:
        return self._host.session

    def _do(self, command: Callable[[Session], object], more: str = "") -> None:
        """Let the session do something that leaves more to be found out in the background.

        `more` is added to what it says.
        """

        def run(session: Session) -> None:
            command(session)
            session.message += more

        self._host.do(run)
        self._host.ahead()

    def _ask(
        self,
        label: str,
        text: str,
        check: Callable[[str], object],
        use: Callable[[str], None],
        **options: Any,
    ) -> None:
        """Use a text; ask for it if there is none, or again, with the error that `check` raises."""
        if text:
            try:
                check(text)
            except InputError as error:
                options["error"] = error
            else:
                use(text)
                return
        self._host.ask(label, use, text, check=check, **options)


class Seldom:
    """Says when it is time again to show how far something is that goes on by itself."""

    def __init__(self) -> None:
        self._next = -math.inf

    def start(self) -> None:
        """Let it be a while until the next time."""
        self._next = time.monotonic() + _SELDOM

    def due(self) -> bool:
        """Return whether it is shown now; the next time is a while later then."""
        due = time.monotonic() >= self._next
        if due:
            self.start()
        return due


class Work(Part):
    """What goes on in the background too, a bit at a time, so that no key waits for it."""

    def work(self, seconds: float) -> bool:
        """Do what there is to do for a while; return whether more is left."""
        raise NotImplementedError

    def begin(self, frame: Frame) -> None:
        """Start with what a frame that is shown does not know."""

    def stop(self) -> bool:
        """Give up what the user waits for, if anything; return whether that was so."""
        return False


def joined(*offered: Handlers) -> Handlers:
    """Return the handlers of all commands; raises ValueError unless each has exactly one."""
    entries = Counter(command.id for command in COMMANDS)
    handled = Counter(id for handlers in offered for id in handlers)
    wrong = [
        f"{id} ({entries[id]} entries, {handled[id]} handlers)"
        for id in entries | handled
        if (entries[id], handled[id]) != (1, 1)
    ]
    if wrong:
        raise ValueError("commands without one entry and one handler: " + ", ".join(wrong))
    return {id: handler for handlers in offered for id, handler in handlers.items()}
