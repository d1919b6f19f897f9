"""gradtui itself on a pseudo-terminal: its keys, its output, its end."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import shutil
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

from gradtui.scenario.bundled import bundled_folder

ENTER, LEAVE = b"\x1b[?1049h", b"\x1b[?1049l"
_QUIET = 0.15
"""Seconds without output after which a key is done with."""
_PATIENCE = 60.0
"""Seconds after which what is waited for does not come, however busy the machine is."""
_TAKE = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.executable, [sys.executable, "-m", "gradtui", *sys.argv[1:]])
"""
"""Python that makes its input the terminal of its session, and is gradtui then."""


def without_lesson(argument: str, folder: Path) -> str:
    """Return the path of a copy of a bundled scenario that is read, not done; others stay."""
    bundled = bundled_folder() / f"{argument}.toml"
    if not bundled.is_file():
        return argument
    text = bundled.read_text(encoding="utf-8")
    folder.mkdir(exist_ok=True)
    for data in re.findall(r'^file = "(.*)"$', text, re.MULTILINE):
        shutil.copy(bundled.parent / data, folder)
    copy = folder / bundled.name
    plain, _, rest = text.partition("\n[[lesson]]")
    _, expecting, facts = rest.partition("\n[[expect]]")
    copy.write_text(plain + expecting + facts, encoding="utf-8")
    return str(copy)


class Program:
    """gradtui in a session of its own; `state` is where it keeps what it saves.

    A bundled scenario is opened without its lesson, which begins where nothing is computed.
    With `controlling` the terminal is that of the session: as it vanishes the system says so.
    """

    def __init__(
        self,
        state: Path,
        *arguments: str | Path,
        rows: int = 40,
        columns: int = 120,
        controlling: bool = False,
        **environment: str,
    ) -> None:
        given = [without_lesson(str(one), state.parent / "plain") for one in arguments]
        self.main, self.other = pty.openpty()
        self.resize(rows, columns)
        self.before = termios.tcgetattr(self.other)
        self.child = subprocess.Popen(
            [sys.executable, *(("-c", _TAKE) if controlling else ("-m", "gradtui")),
             *given],
            stdin=self.other, stdout=self.other, stderr=self.other, start_new_session=True,
            env={**os.environ, "TERM": "xterm-256color", "PYTHONWARNINGS": "ignore",
                 "PYTHONUNBUFFERED": "", "XDG_STATE_HOME": str(state),
                 "COLUMNS": str(columns), "LINES": str(rows),
                 **environment},
        )  # fmt: skip
        self.output = b""

    def resize(self, rows: int, columns: int) -> None:
        """Be a window of another size."""
        fcntl.ioctl(self.other, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def read(self, seconds: float, quiet: float = _QUIET) -> None:
        """Take what it writes until it is quiet."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and self._take(quiet):
            pass

    def read_until(self, wanted: bytes, seconds: float = _PATIENCE) -> bool:
        """Take what it writes until it has written something; return whether it has."""
        end = time.monotonic() + seconds
        while wanted not in self.output and time.monotonic() < end:
            if not self._take(0.1) and self.child.poll() is not None:
                break
        return wanted in self.output

    def rests(self, quiet: float, seconds: float = _PATIENCE) -> bool:
        """Take what it writes until it writes nothing for a while; return whether it came to that.

        What still comes on a busy machine is not taken for what never ends.
        """
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if not self._take(quiet):
                return True
        return False

    def wait(self, seconds: float = _PATIENCE) -> int:
        """Return the exit status, reading on: a program whose output nobody takes cannot end."""
        end = time.monotonic() + seconds
        while self.child.poll() is None and time.monotonic() < end:
            self._take(0.05)
        status = self.child.wait(0.1)
        self.read(1.0, quiet=0.0)
        return status

    def type(self, keys: str) -> None:
        """Type, whatever is written meanwhile."""
        os.write(self.main, keys.encode())

    def press(self, keys: str | bytes, seconds: float = 10.0) -> None:
        """Type, and take what is written until it is quiet."""
        data = keys if isinstance(keys, bytes) else keys.encode()
        while data:
            data = data[os.write(self.main, data[:1000]) :]
            self.read(seconds, quiet=0.0)
        self.read(seconds)

    def hang_up(self) -> None:
        """Take the terminal away; without a signal unless it is the session's."""
        os.close(self.main)
        self.main = os.open(os.devnull, os.O_RDWR)

    def close(self) -> None:
        """End it in any case."""
        if self.child.poll() is None:
            self.child.kill()
        self.child.wait()
        os.close(self.main)
        os.close(self.other)

    def _take(self, seconds: float) -> bool:
        """Take a piece of the output, waiting for it; return whether there was one."""
        if not select.select([self.main], [], [], seconds)[0]:
            return False
        try:
            self.output += os.read(self.main, 1 << 16)
        except OSError:
            return False
        return True
