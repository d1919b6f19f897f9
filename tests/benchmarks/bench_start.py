"""From the start to the whole screen: gradtui against a bare Textual app with six Static panels.

By hand: `python tests/benchmarks/bench_start.py [ROUNDS]`.  The two alternate on a pseudo-terminal
of 120x40, each started once before it counts.  A screen is whole with the last byte before half a
second of silence; the processor's time up to then is that of all threads, and depends less on what
else the machine does.
"""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import statistics
import struct
import sys
import tempfile
import termios
import time
from collections.abc import Callable
from pathlib import Path

from screen import ANSWERS

BARE = """
from textual.app import App
from textual.widgets import Static

class Bare(App):
    CSS = "Screen { layout: grid; grid-size: 3 2; } Static { border: round white; }"

    def compose(self):
        for number in range(6):
            yield Static(f"panel {number}")

Bare().run()
"""
PEERS = {
    "bare": [sys.executable, "-c", BARE],
    "gradtui": [sys.executable, "-m", "gradtui", "two_weights"],
}
_SILENCE = 0.5


def start(command: list[str], env: dict[str, str]) -> tuple[float, float]:
    """Return the milliseconds until the screen is whole: by the clock, and of the processor."""
    began = time.perf_counter()
    pid, terminal = pty.fork()
    if pid == 0:
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        os.execvpe(command[0], command, env)
    whole = (0.0, 0.0)
    while select.select([terminal], [], [], _SILENCE if whole[0] else 20.0)[0]:
        written = os.read(terminal, 1 << 16)
        whole = (time.perf_counter() - began) * 1e3, _processor(pid)
        for query, answer in ANSWERS.items():
            if query in written:
                os.write(terminal, answer)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    os.close(terminal)
    return whole


def _processor(pid: int) -> float:
    """Return the milliseconds of processor time that a process has had."""
    threads = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(thread.read_text().split()[0]) for thread in threads) / 1e6


def main() -> None:
    """Print the times of both and their ratios."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    with tempfile.TemporaryDirectory() as home:
        env = {
            **os.environ,
            "TERM": "xterm-256color",
            "COLORTERM": "truecolor",
            "LANG": "C.UTF-8",
            "XDG_STATE_HOME": home,
        }
        env.pop("PYTHONDONTWRITEBYTECODE", None)  # what is imported is compiled once, as for a user
        for command in PEERS.values():
            start(command, env)
        pairs = [[start(command, env) for command in PEERS.values()] for _ in range(rounds)]
    _report("clock", [[by_clock for by_clock, _ in pair] for pair in pairs])
    _report("processor", [[processor for _, processor in pair] for pair in pairs])


def _report(kind: str, pairs: list[list[float]]) -> None:
    print(f"{kind:10}" + "".join(f"{name:>9}" for name in PEERS) + "    ratio")
    ways: dict[str, Callable[[list[float]], float]] = {"best": min, "median": statistics.median}
    for way, of in ways.items():
        bare, ours = (of(list(times)) for times in zip(*pairs, strict=True))
        print(f"  {way:8}{bare:6.0f} ms{ours:6.0f} ms  {ours / bare:7.2f}")


if __name__ == "__main__":
    main()
