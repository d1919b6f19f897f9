"""gradtui on a pseudo-terminal, and the text that a person would read there.

Only what gradtui writes is understood: cursor addresses, erasing, printed cells.
"""

from __future__ import annotations

import codecs
import fcntl
import os
import pty
import random
import re
import select
import signal
import struct
import sys
import termios
import time
from collections import deque
from contextlib import suppress
from pathlib import Path

from gradtui.base.text import cell_width

_WATCHED = Path(__file__).with_name("watched.py")
ANSWERS = {b"\x1b[?2026$p": b"\x1b[?2026;2$y", b"\x1b[?2048$p": b"\x1b[?2048;0$y",
            b"\x1b[c": b"\x1b[?62;22c", b"\x1b[5n": b"\x1b[0n"}  # fmt: skip
_QUERY = re.compile(b"|".join(map(re.escape, ANSWERS)))
_LONGEST = max(map(len, ANSWERS))
_PART = re.compile(
    r"\x1b\[\??([\d;]*)([A-Za-z])|\x1b\[[^@-~]*[@-~]|\x1b[\]P_].*?(?:\x07|\x1b\\)|\x1b[^\[\]P_]|[\s\S]",
    re.DOTALL,
)
_LEFT, _KEPT = "\x1b[?1049l", 8000
"""Ends the screen: what is written then is for whoever reads on; characters kept of that."""
_CUT = re.compile(r"\x1b(?:\[[^@-~]*|[\]P_][^\x07\x1b]*)?$")


class Screen:
    """The cells of a terminal."""

    def __init__(self, width: int, height: int) -> None:
        self._rest = ""
        self.resize(width, height)

    def resize(self, width: int, height: int) -> None:
        """Be of another size, with nothing on it."""
        self.width, self.height, self._x, self._y = width, height, 0, 0
        self._rows = [[" "] * width for _ in range(height)]

    @property
    def text(self) -> str:
        """What stands there."""
        return "\n".join("".join(row).rstrip() for row in self._rows)

    def write(self, text: str) -> None:
        """Take output; a sequence that is cut in two waits for its end."""
        text = self._rest + text
        cut = _CUT.search(text)
        self._rest = text[cut.start() :] if cut else ""
        for part in _PART.finditer(text[: cut.start()] if cut else text):
            if part[2]:
                self._control([int(n or 0) for n in part[1].split(";")], part[2])
            elif part[0] == "\r":
                self._x = 0
            elif part[0] == "\n":
                self._line_feed()
            elif part[0] >= " ":
                self._put(part[0])

    def _line_feed(self) -> None:
        if self._y < self.height - 1:
            self._y += 1
        else:
            self._rows = [*self._rows[1:], [" "] * self.width]

    def _control(self, numbers: list[int], final: str) -> None:
        if final in "Hf":
            row, column = [*numbers, 1][:2]
            self._y = max(0, min(self.height, row or 1) - 1)
            self._x = max(0, min(self.width, column or 1) - 1)
        elif final == "C":
            self._x = min(self.width - 1, self._x + max(1, numbers[0]))
        elif final == "J" or (final in "hl" and numbers == [1049]):
            self.resize(self.width, self.height)
        elif final == "K":
            self._rows[self._y][self._x :] = [" "] * (self.width - self._x)

    def _put(self, char: str) -> None:
        width = cell_width(char)
        if width == 0 and self._x:
            self._rows[self._y][self._x - 1] += char
        for cell in [char, *[""] * (width - 1)][:width]:
            if self._x < self.width:
                self._rows[self._y][self._x] = cell
                self._x += 1


class Program:
    """gradtui as a job of a shell on a pseudo-terminal: it can be suspended, and is continued.

    The terminal takes up to `lag` seconds to answer what it is asked.
    """

    def __init__(
        self, arguments: list[str], env: dict[str, str], log: Path, lag: float = 0.0
    ) -> None:
        self.screen, self.written = Screen(100, 30), 0
        self._lag, self._answers = lag, deque[tuple[float, bytes]]()
        self.status: int | None = None
        self._last, self._asked = "", b""
        argv = [sys.executable, "-W", "default", str(_WATCHED), str(log), *arguments]
        told, tell = os.pipe()
        self._shell, self._main = pty.fork()
        if self._shell == 0:
            _be_a_shell(argv, env, tell)
        os.close(tell)
        os.set_blocking(self._main, False)
        self.screen.resize(1, 1)
        self.resize(100, 30)
        self.pid = int(os.read(told, 16))
        os.close(told)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def resize(self, width: int, height: int) -> None:
        """Be a window of another size."""
        if self.status is not None or (width, height) == (self.screen.width, self.screen.height):
            return
        fcntl.ioctl(self._main, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
        self.screen.resize(width, height)

    def press(self, keys: bytes) -> None:
        """Type, reading what comes meanwhile."""
        while keys and self.status is None:
            _, free, _ = select.select([], [self._main], [], 1.0)
            with suppress(OSError):  # it takes no more just now, or is at its end
                keys = keys[os.write(self._main, keys) :] if free else keys
            self.read(0.0)

    def read(self, seconds: float) -> int:
        """Take the output for some time, and the end if it comes; return how many bytes."""
        until, before = time.monotonic() + seconds, self.written
        while self.status is None:
            self._answer()
            wake = min(until, self._answers[0][0]) if self._answers else until
            wait = max(0.0, wake - time.monotonic())
            if not select.select([self._main], [], [], wait)[0]:
                if wake < until:
                    continue
                break
            try:
                data = os.read(self._main, 1 << 16)
            except OSError:
                self._reap()
                break
            self.written += len(data)
            self._take_questions(data)
            self._answer()
            text = self._decoder.decode(data)
            self._last = (self._last + text)[-_KEPT:]
            self.screen.write(text)
            if time.monotonic() > until:
                break
        return self.written - before

    def _take_questions(self, data: bytes) -> None:
        """Find what is asked in the output; a question may come in two parts."""
        asked, end = self._asked + data, 0
        for query in _QUERY.finditer(asked):
            due = time.monotonic() + random.uniform(0.0, self._lag)
            self._answers.append((due, ANSWERS[query[0]]))
            end = query.end()
        self._asked = asked[max(end, len(asked) - _LONGEST + 1) :]

    def _answer(self) -> None:
        """Send the answers that are due, in their order."""
        while self._answers and self._answers[0][0] <= time.monotonic():
            os.write(self._main, self._answers.popleft()[1])

    @property
    def said(self) -> str:
        """The last of what it wrote, as far as it did so after it had left the screen."""
        parts = (part[0] for part in _PART.finditer(self._last.rpartition(_LEFT)[2]))
        return "".join(part for part in parts if part >= " " or part == "\n")

    def _reap(self) -> None:
        _, status = os.waitpid(self._shell, 0)
        self.status = os.waitstatus_to_exitcode(status)
        os.close(self._main)

    def signal(self, number: int) -> None:
        """Send the program a signal, if it is there."""
        if self.status is None:
            os.kill(self.pid, number)

    def end(self, number: int) -> int:
        """End the program by a signal; return its exit status."""
        self.signal(number)
        until = time.monotonic() + 10
        while self.status is None and time.monotonic() < until:
            self.read(0.2)
        if self.status is None:
            self.signal(signal.SIGKILL)
            self._reap()
            raise AssertionError(f"signal {number} did not end the program")
        return self.status

    def uses(self) -> tuple[float, float, int, int]:
        """Return the seconds of processor time, memory in MB, threads and open files."""
        proc = Path(f"/proc/{self.pid}")
        fields = (proc / "stat").read_text().rsplit(")", 1)[1].split()
        seconds = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        memory = int(fields[21]) * os.sysconf("SC_PAGE_SIZE") / 1e6
        return seconds, memory, int(fields[17]), len(list((proc / "fd").iterdir()))


def _be_a_shell(argv: list[str], env: dict[str, str], tell: int) -> None:
    """Run a program as a job in the foreground and continue it when it stops; never returns."""
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    job = os.fork()
    if job == 0:
        os.setpgid(0, 0)
        os.tcsetpgrp(0, os.getpid())
        for number in (signal.SIGTTOU, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        os.execvpe(argv[0], argv, env)
    os.write(tell, str(job).encode())
    os.close(tell)
    while True:
        _, status = os.waitpid(job, os.WUNTRACED)
        if not os.WIFSTOPPED(status):
            code = os.waitstatus_to_exitcode(status)
            os._exit(code if code >= 0 else 128 - code)
        time.sleep(0.1)
        os.tcsetpgrp(0, job)
        os.killpg(job, signal.SIGCONT)  # as a shell does: an editor that it runs was stopped too
