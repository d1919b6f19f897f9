"""The exchange with the terminal beyond Textual's: a status request, and the exit."""

from __future__ import annotations

from textual.drivers.linux_driver import LinuxDriver
from textual.events import Key
from textual.geometry import Size
from textual.message import Message

from gradtui.base.echo import echo_again
from gradtui.tui.link import QUESTION, Link
from gradtui.tui.typed import Answered

_EMPTY = "\x1b[0m\x1b[H\x1b[J"


class Driver(LinuxDriver):
    """Asks the terminal for its progress, and leaves nothing behind.

    That includes terminals without a second screen, such as GNU screen by default.
    """

    link: Link

    def start_application_mode(self) -> None:
        """Take the terminal, and ask whether it answers."""
        self.link = Link()
        echo_again()  # what it is restored to in the end
        super().start_application_mode()  # type: ignore[no-untyped-call]
        self.ask()

    def ask(self) -> None:
        """Ask the terminal to report when it has shown everything written so far."""
        if self.link.ask():
            self.write(QUESTION)

    def size_now(self, told: Size) -> Size:
        """Return the size of the terminal: as reported by it, or else as read."""
        return told if self._in_band_window_resize else Size(*self._get_terminal_size())

    def process_message(self, message: Message) -> None:
        """Pass on what was read; called by the reading thread."""
        if isinstance(message, Answered):
            self.link.answered()
        if isinstance(message, Key) and message.key == "ctrl+j":
            # Enter, pressed before the terminal was taken, is read as the end of a line.
            message = Key("enter", "\r")
        super().process_message(message)

    def disable_input(self) -> None:
        """Stop reading, once the terminal's answers have come."""
        self.link.settle()
        super().disable_input()

    def stop_application_mode(self) -> None:
        """Clear the screen, and restore the former one."""
        self.write(_EMPTY)
        super().stop_application_mode()
