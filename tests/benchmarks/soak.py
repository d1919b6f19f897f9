"""Random keys for many minutes: does the debugger live, answer, rest, and keep to its memory?

By hand: `python tests/benchmarks/soak.py [--seed N] [--minutes M] [--lag S]`. Bursts of keys from
all bindings, text in prompts, clicks, pastes, sizes, suspensions, edits of the file and signals go
to one program at a time, on copies of the bundled scenarios in a temporary folder. After a burst a
typed word must be on the screen soon; every 15 bursts the program must come to rest. What went
wrong is printed with the keys before it; the exit status is 1 then.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import signal
import statistics
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from hand import EDITOR, ESCAPE, PALETTE, SCENARIOS, STOP, SUSPEND, Hand
from screen import Program

_SLOW, _HUNG = 1.0, 15.0
"""Seconds after which an answer is late, and after which none is waited for."""
_WRONG = re.compile(r"Traceback|\b[A-Z]\w+Error\b")


class Soak:
    """One run over a folder of scenarios: what is pressed, and what was found."""

    def __init__(self, seed: int, folder: Path, lag: float) -> None:
        self.random, self.folder, self.lag = random.Random(seed), folder, lag
        self.log = folder / "log"
        self.log.touch()
        self.pressed: deque[str] = deque(maxlen=80)
        self.hand = Hand(self.random, folder, self.press, self.size, self.pressed.append)
        self.recent: set[str] = set()
        self.waits: list[float] = []
        self.idle: list[tuple[float, int]] = []
        self.memory: list[tuple[float, float, int, int]] = []
        self.faults: list[str] = []
        self.starts = self.bursts = self.keys = 0
        self.program = self.start()

    def start(self, *options: str) -> Program:
        """Start the program on a scenario, and wait for its screen."""
        self.pressed.append(f"<start {self.hand.name} {' '.join(options)}>")
        self.hand.restore(self.hand.name)
        env = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8",
               "XDG_STATE_HOME": str(self.folder / "state"), "VISUAL": "true",
               "XDG_CONFIG_HOME": str(self.folder / "config")}  # fmt: skip
        path = str(self.hand.path)
        self.program = Program([path, *options], env, self.log, self.lag)
        self.starts += 1
        self.await_text(lambda text: "quit" in text or "help" in text, "the first screen", 20.0)
        return self.program

    def press(self, keys: str) -> None:
        """Press keys, or paste."""
        self.pressed.append(keys)
        self.recent.add(keys)
        self.keys += 1
        self.program.press(keys.encode(errors="surrogateescape"))

    def size(self, width: int, height: int) -> None:
        """Give the terminal another size."""
        self.program.resize(width, height)
        self.program.read(0.01)

    def await_text(self, there: Callable[[str], bool], what: str, hung: float = _HUNG) -> None:
        """Wait until a text is on the screen; one that is late is a fault, with the stacks."""
        began, told, before = time.monotonic(), False, self.worked()
        while self.program.status is None and not there(self.program.screen.text):
            waited = time.monotonic() - began
            if waited > _SLOW and not told and hung == _HUNG:
                self.program.signal(signal.SIGUSR1)
                told = True
            if waited > hung:
                self.program.signal(signal.SIGUSR2)
                self.program.read(1.0)
                self.fault(f"{what}: not there after {waited:.0f} s\n{self.program.screen.text}")
                self.program.end(signal.SIGKILL)
                return
            self.program.read(0.02)
        if hung == _HUNG and self.program.status is None:
            self.waits.append(time.monotonic() - began)
            if self.waits[-1] > _SLOW:
                used = self.worked() - before
                self.fault(f"{what}: there after {self.waits[-1]:.2f} s, {used:.2f} s at work")

    def worked(self) -> float:
        """Return the seconds that the program was at work; nothing where it has ended."""
        with suppress(FileNotFoundError):
            return self.program.uses()[0]
        return 0.0

    def fault(self, text: str) -> None:
        """Note and print something wrong, with what was pressed and logged before it."""
        self.faults.append(text)
        logged = self.log.read_text()
        self.log.write_text("")
        print(f"FAULT in {self.hand.name}, start {self.starts}, burst {self.bursts}: {text}")
        print(f"  pressed: {list(self.pressed)}")
        print("  logged: " + "\n    ".join(logged.splitlines()[-300:]), flush=True)

    def burst(self) -> None:
        """Press some random keys, then look whether the program answers."""
        self.bursts += 1
        self.recent.clear()
        for _ in range(self.random.randrange(1, 20)):
            self.hand.act()
            if self.random.random() < 0.3:
                self.program.read(self.random.choice((0.01, 0.1, 0.4)))
        self.answer()

    def answer(self) -> None:
        """Leave whatever is open; a word that is typed then must be on the screen soon."""
        self.hand.room = (100, 30)
        self.program.resize(*self.hand.room)
        if self.recent & {SUSPEND, EDITOR}:  # what is typed while it is set aside is thrown away
            until = time.monotonic() + 10
            while self.program.read(2.0) and time.monotonic() < until:
                pass
        for _ in range(5):
            self.press(ESCAPE)
            self.program.read(0.15)
        self.press(STOP)
        word = f"zq{self.bursts}q"
        self.press(":" + word)
        self.await_text(lambda text: word in text, "a typed word")
        self.press(ESCAPE)
        self.program.read(0.2)
        self.look()

    def look(self) -> None:
        """Look for what should not be there; go on with a new program where this one has ended."""
        program = self.program
        if program.status is not None:
            self.ended(program.status)
            return
        if _WRONG.search(program.screen.text):
            self.fault(f"an error on the screen\n{program.screen.text}")
        self.look_at_log()
        self.memory.append((time.monotonic(), *program.uses()[1:]))

    def look_at_log(self) -> None:
        """Look for warnings and for exceptions that nobody saw."""
        if "WARNING" in (logged := self.log.read_text()) or "ERROR" in logged:
            self.fault("a warning or an exception is in the log")
        self.log.write_text("")

    def ended(self, status: int) -> None:
        """Go on with another program; one that has ended by itself must have been asked to."""
        asked = any("q" in keys or keys in (STOP, PALETTE) for keys in self.pressed)
        # Ctrl+C is a signal while it is set aside.
        if status not in (0, 128 + signal.SIGINT) or not asked:
            self.fault(f"the program ended with {status}\n{self.program.said}")
        self.look_at_log()
        self.start(*self.random.choice(((), ("--resume",))))

    def kill(self) -> None:
        """End the program from outside, in the middle of something."""
        for _ in range(self.random.randrange(6)):
            self.hand.command()
        number = self.random.choice((signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGKILL))
        self.pressed.append(f"<{number.name}>")
        status = self.program.end(number)
        if status not in (128 + number, 0):
            self.fault(f"{number.name} ended the program with {status}\n{self.program.said}")
        self.look_at_log()
        self.start(*self.random.choice(((), ("--resume",))))

    def rest(self) -> None:
        """At rest the program writes nothing, takes no time, and all it shows is up to date."""
        until = time.monotonic() + 60
        while self.program.read(2.0) and self.program.status is None:
            if time.monotonic() > until:
                self.fault(f"it never comes to rest\n{self.program.screen.text}")
                return
        if self.program.status is not None:
            return
        before = self.program.uses()[0]
        written = self.program.read(4.0)
        if self.program.status is None:
            used = (self.program.uses()[0] - before) / 4
            self.idle.append((used, written))
            if used > 0.1 or written:
                self.fault(f"at rest it used {used:.0%} of a processor and wrote {written} bytes")
            shown = self.program.screen.text
            self.press("\x0c")
            self.program.read(1.0)
            if self.program.status is None and shown != self.program.screen.text:
                self.fault(f"painted again it is not the same\n{shown}\n{self.program.screen.text}")

    def litter(self) -> list[str]:
        """Return the files that nobody asked for."""
        known = {path.name for path in SCENARIOS.iterdir()}
        state = self.folder / "state" / "gradtui"
        odd = [path for path in self.hand.scenarios.rglob("*") if path.name not in known]
        kept = re.compile(r"copied\.txt|[\w-]+\.(svg|session|trial)")
        odd += [p for p in state.rglob("*") if p.is_file() and not kept.fullmatch(p.name)]
        return [str(path.relative_to(self.folder)) for path in odd]

    def report(self) -> None:
        """Print what was measured."""
        waits = sorted(self.waits)
        print(f"{self.starts} programs, {self.bursts} bursts, {self.keys} presses")
        print(f"answer: median {statistics.median(waits):.3f} s, "
              f"p99 {waits[int(0.99 * len(waits))]:.3f} s, worst {waits[-1]:.3f} s")  # fmt: skip
        if self.idle:
            used, written = (max(values) for values in zip(*self.idle, strict=True))
            print(f"at rest, {len(self.idle)} times: at most {used:.1%} of a processor, "
                  f"{written} bytes in 4 s")  # fmt: skip
        for name, at in (("memory, MB", 1), ("threads", 2), ("open files", 3)):
            values = [one[at] for one in self.memory]
            tenths = [round(values[i * (len(values) - 1) // 10]) for i in range(11)]
            print(f"{name}, from the first burst to the last: {tenths}, most {max(values):.0f}")
        print(f"files nobody asked for: {self.litter() or 'none'}")
        print(f"{len(self.faults)} faults")


def main() -> int:
    """Soak for some minutes and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--kills", type=float, default=0.02, help="how often, in each burst")
    parser.add_argument("--lag", type=float, default=0.0, help="seconds a terminal's answer takes")
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        soak = Soak(options.seed, Path(folder), options.lag)
        until = time.monotonic() + 60 * options.minutes
        while time.monotonic() < until:
            soak.burst()
            if soak.bursts % 15 == 0:
                soak.rest()
            if soak.random.random() < options.kills:
                soak.kill()
            time.sleep(0.2)
        soak.program.end(signal.SIGTERM)
        soak.report()
        return 1 if soak.faults or soak.litter() else 0


if __name__ == "__main__":
    sys.exit(main())
