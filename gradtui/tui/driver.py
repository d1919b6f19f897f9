"""How the screen is left; the rest of what is written to the terminal is Textual's own."""

from __future__ import annotations

from textual.drivers.linux_driver import LinuxDriver

_EMPTY = "\x1b[0m\x1b[H\x1b[J"


class Driver(LinuxDriver):
    """Leaves nothing behind on a terminal that has no second screen, as GNU screen's default."""

    def stop_application_mode(self) -> None:
        """Empty the screen, and give back the one of before."""
        self.write(_EMPTY)
        super().stop_application_mode()
