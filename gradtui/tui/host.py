"""The interface between a debugger's screen and its parts."""

from __future__ import annotations

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

Handlers = Mapping[str, Callable[[str], object]]
"""The id of a command -> its handler, which takes the argument on the command line."""


class Host(Protocol):
    """The debugger's screen, as its parts see it."""

    session: Session
    """The session on the screen."""
    keys: Keys

    @property
    def screen(self) -> Screen[Any]:
        """Textual's screen, with timers, the app and its other screens."""

    def do(self, command: Callable[[Session], object]) -> None:
        """Let the session do something, then show the result."""

    def say(self, message: str) -> None:
        """Show a message until the next command."""

    def come_forward(self, view: str) -> bool:
        """Give a large view the room that another one took; return whether one did."""

    def uncover_notes(self) -> None:
        """Let a large view give way to the panel of notes, which has the lesson."""

    def ask(
        self, label: str, answer: Callable[[str], None], value: str = "", **options: Any
    ) -> None:
        """Open the prompt; the options are the prompt's."""

    def tried(self, id: str) -> bool:
        """Return whether a command was used, so that it needs no hint."""

    def confirm(self, question: str, answer: Callable[[bool], None]) -> None:
        """Ask a yes-or-no question, answered by one key."""

    def show_frame(self) -> None:
        """Show the session's frame."""

    def show_in(self, widget: type[Bar] | type[Panel]) -> Frame:
        """Show the session's frame in one widget only, once the screen is ready; return it."""

    def show_session(self, session: Session) -> None:
        """Show another session."""

    def renew_session(self, session: Session) -> None:
        """Show a session that continues this one."""

    def open_scenario(self, text: str) -> None:
        """Open another scenario, in the picker if none is named."""

    def ahead(self) -> None:
        """Start the background work that is now needed."""

    def stop(self) -> bool:
        """Stop playing and anything else that the user waits for; return whether there was any."""


class Part:
    """A part of the debugger, whose commands act on the host's session."""

    def __init__(self, host: Host) -> None:
        self._host = host

    @property
    def handlers(self) -> Handlers:
        """The handlers of its commands."""
        raise NotImplementedError

    @property
    def _session(self) -> Session:
        return self._host.session

    def _do(self, command: Callable[[Session], object], more: str = "") -> None:
        """Let the session do something that needs more work in the background.

        `more` is added to its message.
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
        *,
        example: str = "",
        **options: Any,
    ) -> None:
        """Use a text; ask for it if there is none, or again with the error that `check` raises.

        With an `example` that stands in the input, Enter takes that.
        """
        if text:
            try:
                check(text)
            except InputError as error:
                options["error"] = error
            else:
                use(text)
                return
        self._host.ask(label, use, text or example, check=check, **options)


class Work(Part):
    """A part with background work, done in slices so that no key waits for it."""

    def work(self, seconds: float) -> bool:
        """Work for a short time; return whether more is left."""
        raise NotImplementedError

    def begin(self, frame: Frame) -> None:
        """Start computing what the present frame lacks."""

    def stop(self) -> bool:
        """Cancel what the user waits for, if anything; return whether there was any."""
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
