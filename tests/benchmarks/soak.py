"""Random keys for many minutes: does the debugger live, answer, rest, and keep to its memory?

By hand: `python tests/benchmarks/soak.py [--seed N] [--minutes M]`.  Bursts of keys from all
bindings, text in prompts, clicks, pastes, sizes, suspensions, edits of the file and signals go to
one program at a time, on copies of the bundled scenarios in a temporary folder.  After a burst a
typed word must be on the screen soon; every 15 bursts the program must come to rest.  What went
wrong is printed with the keys before it; the exit status is 1 then.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import shutil
import signal
import statistics
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from screen import Program

from gradtui.tui.keys import DEFAULTS, written

SCENARIOS = Path(__file__).parents[2] / "scenarios"
_KEYS = {"→": "\x1b[C", "←": "\x1b[D", "↑": "\x1b[A", "↓": "\x1b[B", "Home": "\x1b[H",
         "End": "\x1b[F", "Space": " ", "Enter": "\r", "Tab": "\t", "Shift+Tab": "\x1b[Z",
         "PgDn": "\x1b[6~", "PgUp": "\x1b[5~", "F1": "\x1bOP", "F2": "\x1bOQ", "F3": "\x1bOR",
         "F5": "\x1b[15~", "Ctrl+L": "\x0c", "Esc": "\x1b",
         "Delete": "\x1b[3~", "Backspace": "\x7f"}  # fmt: skip
_ESCAPE, _SUSPEND, _STOP, _PALETTE = "\x1b", "\x1a", "\x03", "\x10"
_SLOW, _HUNG = 1.0, 15.0
"""Seconds after which an answer is late, and after which none is waited for."""
_WRONG = re.compile(r"Traceback|\b[A-Z]\w+Error\b")
_TEXTS = {
    "J": ("0", "1", "17", "250", "3000", "99999999999", "-1", "1e3"),
    "b": ("norm > 1", "loss < prev", "step % 7 == 0", "", "lr", "w[0] > 0", "((", "loss >"),
    "w": ("loss - prev", "norm", "grad(w[0])", "w @ w", "1/0", "loss", "é", "min(w)"),
    "L": ("0", "0,0", "1,1 row 1", "3,1 row 2", "9,9,9", "row", "-1"),
    "V": ("loss", "norm lr", "loss norm", "w[0] grad(w[0]) lr", "w", "b", "nothing"),
    "r": ("10 50", "", "5", "50 10", "0 100000", "a b"),
    "e": ("lr 0.01", "lr 1.5", "optimizer adam", "momentum 0.9", "seed 3", "w 1 2", "lr", "lr nan",
          "optimizer adamw", "schedule cosine"),
    "i": ("lr 0.001 0.01 0.05 0.1 1.5", "momentum 0 0.5 0.9", "optimizer sgd adam", "seed 1 2", ""),
    "A": ("w[0] w[1]", "w1 w2", "W[0,1] b[2]", "w", "W1[0,0] W2[0,0]", "nothing here"),
    "/": ("loss", "w", "L", "mul", "zzz", ""),
    ":": ("next", "help", "goto 5", "play", "what-if lr 0.2", "break norm > 1", "zoom", "12", "",
          "reload", "surface", "branches", "fo", "sweep lr 0.1 0.2", "follow norm", "resume"),
}  # fmt: skip
"""What is typed after the keys that open a prompt."""


class Soak:
    """One run over a folder of scenarios: what is pressed, and what was found."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.random = random.Random(seed)
        self.folder, self.scenarios = folder, folder / "scenarios"
        shutil.copytree(SCENARIOS, self.scenarios)
        self.log = folder / "log"
        self.log.touch()
        self.names = sorted(path.name for path in SCENARIOS.glob("*.toml"))
        self.name = self.random.choice(self.names)
        self.pressed: deque[str] = deque(maxlen=80)
        self.recent: set[str] = set()
        self.waits: list[float] = []
        self.idle: list[tuple[float, int]] = []
        self.memory: list[tuple[float, float, int, int]] = []
        self.faults: list[str] = []
        self.starts = self.bursts = self.keys = 0
        self.program = self.start()

    def start(self, *options: str) -> Program:
        """Start the program on a scenario, and wait for its screen."""
        self.pressed.append(f"<start {self.name} {' '.join(options)}>")
        self.restore(self.name)
        env = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8",
               "XDG_STATE_HOME": str(self.folder / "state"), "VISUAL": "true",
               "XDG_CONFIG_HOME": str(self.folder / "config")}  # fmt: skip
        path = str(self.scenarios / self.name)
        self.program = Program([path, *options], env, self.log)
        self.starts += 1
        self.await_text(lambda text: "quit" in text or "help" in text, "the first screen", 20.0)
        return self.program

    def press(self, keys: str) -> None:
        """Press keys, or paste."""
        self.pressed.append(keys)
        self.recent.add(keys)
        self.keys += 1
        self.program.press(keys.encode(errors="surrogateescape"))

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
        print(f"FAULT in {self.name}, start {self.starts}, burst {self.bursts}: {text}")
        print(f"  pressed: {list(self.pressed)}")
        print("  logged: " + "\n    ".join(logged.splitlines()[-300:]), flush=True)

    def burst(self) -> None:
        """Press some random keys, then look whether the program answers."""
        self.bursts += 1
        self.recent.clear()
        actions = (self.command, self.command, self.command, self.command, self.prompt, self.mouse,
                   self.junk, self.resize, self.edit, self.other, self.hold)  # fmt: skip
        for _ in range(self.random.randrange(1, 20)):
            self.random.choice(actions)()
            if self.random.random() < 0.3:
                self.program.read(self.random.choice((0.01, 0.1, 0.4)))
        self.answer()

    def answer(self) -> None:
        """Leave whatever is open; a word that is typed then must be on the screen soon."""
        self.program.resize(100, 30)
        if self.recent & {_SUSPEND, "E"}:  # what is typed while it is set aside is thrown away
            until = time.monotonic() + 10
            while self.program.read(2.0) and time.monotonic() < until:
                pass
        for _ in range(5):
            self.press(_ESCAPE)
            self.program.read(0.15)
        self.press(_STOP)
        word = f"zq{self.bursts}q"
        self.press(":" + word)
        self.await_text(lambda text: word in text, "a typed word")
        self.press(_ESCAPE)
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
        asked = any("q" in keys or keys in (_STOP, _PALETTE) for keys in self.pressed)
        # Ctrl+C is a signal while it is set aside.
        if status not in (0, 128 + signal.SIGINT) or not asked:
            self.fault(f"the program ended with {status}\n{self.program.said}")
        self.look_at_log()
        self.start(*self.random.choice(((), ("--resume",))))

    def kill(self) -> None:
        """End the program from outside, in the middle of something."""
        for _ in range(self.random.randrange(6)):
            self.command()
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

    def command(self) -> None:
        """Press a key of any binding."""
        id = self.random.choice([*DEFAULTS])
        if id != "quit" or self.random.random() < 0.1:
            key = written(self.random.choice(DEFAULTS[id]))
            self.press(_KEYS.get(key, key))

    def hold(self) -> None:
        """Hold a key down."""
        self.press(self.random.choice("nNsSjk]+-.") * self.random.randrange(5, 60))

    def prompt(self) -> None:
        """Open a prompt and answer it, or leave it."""
        key = self.random.choice([*_TEXTS])
        self.press(key)
        self.press(self.random.choice(_TEXTS[key]))
        if self.random.random() < 0.2:
            self.press(self.random.choice(("\t", "\x1b[A", "\x1b[B", "\x7f", "\x15")))
        self.press(self.random.choice(("\r", "\r", "\r", _ESCAPE)))

    def mouse(self) -> None:
        """Click, hold, turn the wheel, move, or let the window lose the focus and have it again."""
        x, y = self.random.randrange(1, 101), self.random.randrange(1, 31)
        button = self.random.choice((0, 0, 1, 2, 35, 64, 65, 66, 67, 32))
        down, up = f"\x1b[<{button};{x};{y}M", f"\x1b[<{button};{x};{y}m"
        self.press(self.random.choice((down + up, down + up, down, up)))
        if self.random.random() < 0.2:
            self.press("\x1b[O\x1b[I")

    def junk(self) -> None:
        """Paste something, suspend, press what no binding has."""
        pasted = "".join(chr(self.random.choice((7, 10, 27, 65, 233, 8238, 0x1F600, 48)))
                         for _ in range(self.random.randrange(300)))  # fmt: skip
        junk = (f"\x1b[200~{pasted}\x1b[201~", _SUSPEND, "\x1b[99~", "é", "\x00", "\x1bx", "\x04",
                _PALETTE, _PALETTE + "the\r\x1b[B\r", _STOP)  # fmt: skip
        self.press(self.random.choice(junk))

    def resize(self) -> None:
        """Take another size, or many in a row."""
        for _ in range(self.random.choice((1, 1, 1, 12))):
            width, height = self.random.choice(
                ((1, 1), (300, 100), (80, 24), (120, 40), (self.random.randrange(1, 300),
                                                          self.random.randrange(1, 100)))
            )  # fmt: skip
            self.pressed.append(f"<{width}x{height}>")
            self.program.resize(width, height)
            self.program.read(0.01)

    def other(self) -> None:
        """Open another scenario, in the picker or by its path."""
        name = self.random.choice(self.names)
        self.restore(name)
        if self.random.random() < 0.5:
            self.press("o")
            self.press(str(self.scenarios / name) + "\r")
        else:
            self.press(f":open {self.scenarios / name}\r")
        self.name = name

    def edit(self) -> None:
        """Write the scenario's file anew: another number, broken, cut, gone, as it was."""
        path = self.scenarios / self.name
        text = (SCENARIOS / self.name).read_text()
        way = self.random.choice(("number", "number", "broken", "cut", "gone", "as it was"))
        at = self.random.randrange(len(text))
        if way == "number":
            numbers = [*re.finditer(r"\b\d+(\.\d+)?\b", text)]
            found = self.random.choice(numbers)
            other = self.random.choice(("0", "1", "2", "0.5", "3.25", "1000", "nan", "-1"))
            text = text[: found.start()] + other + text[found.end() :]
        elif way == "broken":
            text = text[:at] + self.random.choice("[]\"'=@\x00é\n*") + text[at + 1 :]
        elif way == "cut":
            text = text[:at]
        self.pressed.append(f"<{self.name}: {way} {at}>")
        if way == "gone":
            path.unlink(missing_ok=True)
        elif self.random.random() < 0.5:
            path.write_text(text)
        else:
            beside = self.folder / "beside"
            beside.write_text(text)
            beside.replace(path)

    def restore(self, name: str) -> None:
        """Have a scenario's file as it was."""
        shutil.copyfile(SCENARIOS / name, self.scenarios / name)

    def litter(self) -> list[str]:
        """Return the files that nobody asked for."""
        known = {path.name for path in SCENARIOS.iterdir()}
        state = self.folder / "state" / "gradtui"
        odd = [path for path in self.scenarios.rglob("*") if path.name not in known]
        kept = re.compile(r"copied\.txt|[\w-]+\.(svg|session)")
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
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        soak = Soak(options.seed, Path(folder))
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
