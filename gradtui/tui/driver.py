"""What is exchanged with the terminal beside what Textual does: a question, and the end."""

from __future__ import annotations

from textual.drivers.linux_driver import LinuxDriver
from textual.geometry import Size
from textual.message import Message

from gradtui.tui.link import QUESTION, Link
from gradtui.tui.typed import Answered

_EMPTY = "\x1b[0m\x1b[H\x1b[J"


class Driver(LinuxDriver):
    """Asks the terminal how far it is, and leaves nothing behind.

    Not on a terminal that has no second screen either, as GNU screen's default.
    """

    link: Link

    def start_application_mode(self) -> None:
        """Take the terminal, and ask whether it answers."""
        self.link = Link()
        super().start_application_mode()  # type: ignore[no-untyped-call]
        self.ask()

    def ask(self) -> None:
        """Ask the terminal to say when it has shown all that is written so far."""
        if self.link.ask():
            self.write(QUESTION)

    def size_now(self, told: Size) -> Size:
        """Return the size of the terminal: what it has told where it does so, else what is read."""
        return told if self._in_band_window_resize else Size(*self._get_terminal_size())

    def process_message(self, message: Message) -> None:
        """Pass on what was read; called by the thread that reads."""
        if isinstance(message, Answered):
            self.link.answered()
        super().process_message(message)

    def disable_input(self) -> None:
        """Read no more, once the terminal's answers are there."""
        self.link.settle()
        super().disable_input()

    def stop_application_mode(self) -> None:
        """Empty the screen, and give back the one of before."""
        self.write(_EMPTY)
        super().stop_application_mode()
