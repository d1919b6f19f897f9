"""What a person with no plan does: keys of any binding, text in prompts, clicks, sizes, edits."""

from __future__ import annotations

import random
import re
import shutil
from collections.abc import Callable
from pathlib import Path

from gradtui.tui.keys import DEFAULTS, written

SCENARIOS = Path(__file__).parents[2] / "scenarios"
_KEYS = {"→": "\x1b[C", "←": "\x1b[D", "↑": "\x1b[A", "↓": "\x1b[B", "Home": "\x1b[H",
         "End": "\x1b[F", "Space": " ", "Enter": "\r", "Tab": "\t", "Shift+Tab": "\x1b[Z",
         "PgDn": "\x1b[6~", "PgUp": "\x1b[5~", "F1": "\x1bOP", "F2": "\x1bOQ", "F3": "\x1bOR",
         "F5": "\x1b[15~", "Ctrl+L": "\x0c", "Esc": "\x1b",
         "Delete": "\x1b[3~", "Backspace": "\x7f"}  # fmt: skip
ESCAPE, SUSPEND, STOP, PALETTE, EDITOR = "\x1b", "\x1a", "\x03", "\x10", "E"
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


class Hand:
    """Somebody at the keyboard, and where what they do goes to.

    The scenarios are copies in a folder of `folder`; `press` takes keys or a paste, `size` a
    terminal's, `note` all that is done otherwise.
    """

    def __init__(
        self,
        chance: random.Random,
        folder: Path,
        press: Callable[[str], None],
        size: Callable[[int, int], None],
        note: Callable[[str], None],
    ) -> None:
        self.random, self.folder, self.scenarios = chance, folder, folder / "scenarios"
        self.press, self.size, self.note = press, size, note
        shutil.copytree(SCENARIOS, self.scenarios)
        self.names = sorted(path.name for path in SCENARIOS.glob("*.toml"))
        self.name = self.random.choice(self.names)
        self.room = (100, 30)
        """The terminal's columns and rows, for the mouse."""

    @property
    def path(self) -> Path:
        """The scenario that was opened last."""
        return self.scenarios / self.name

    def act(self) -> None:
        """Do anything."""
        actions = (self.command, self.command, self.command, self.command, self.prompt, self.mouse,
                   self.junk, self.resize, self.edit, self.other, self.hold)  # fmt: skip
        self.random.choice(actions)()

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
        self.press(self.random.choice(("\r", "\r", "\r", ESCAPE)))

    def point(self) -> None:
        """Use the mouse while something opens, is read anew, has another size, or closes."""
        changes = (self.other, self.edit, self.resize, self.cover, self.zoom, self.command,
                   self.squeeze, self.squeeze, self.squeeze)  # fmt: skip
        self.random.choice(changes)()
        for _ in range(self.random.randrange(1, 12)):
            self.mouse()
            if self.random.random() < 0.1:
                self.press(self.random.choice((ESCAPE, "R", "z", "\r")))

    def squeeze(self) -> None:
        """Take a size at which panels have borders, or one at which they have none."""
        self.room = self.random.choice(((100, 30), (100, 11), (50, 30), (59, 11), (120, 8)))
        self.note("<{}x{}>".format(*self.room))
        self.size(*self.room)

    def cover(self) -> None:
        """Open something over the screen; what comes next finds it there or on its way."""
        self.press(self.random.choice(("?", "o", "T", "B", "i\r", PALETTE, ":", "b", "x", "M")))

    def zoom(self) -> None:
        """Focus a panel and show it alone, or all again."""
        self.press(self.random.choice("1234567") + "z")

    def mouse(self) -> None:
        """Click, hold, turn the wheel, move, or let the window lose the focus and have it again."""
        x, y = (self.random.randrange(1, size + 2) for size in self.room)
        button = self.random.choice((0, 0, 1, 2, 35, 64, 65, 66, 67, 32))
        down, up = f"\x1b[<{button};{x};{y}M", f"\x1b[<{button};{x};{y}m"
        self.press(self.random.choice((down + up, down + up, down, up)))
        if self.random.random() < 0.2:
            self.press("\x1b[O\x1b[I")

    def junk(self) -> None:
        """Paste something, suspend, press what no binding has."""
        pasted = "".join(chr(self.random.choice((7, 10, 27, 65, 233, 8238, 0x1F600, 48)))
                         for _ in range(self.random.randrange(300)))  # fmt: skip
        junk = (f"\x1b[200~{pasted}\x1b[201~", SUSPEND, "\x1b[99~", "é", "\x00", "\x1bx", "\x04",
                PALETTE, PALETTE + "the\r\x1b[B\r", STOP)  # fmt: skip
        self.press(self.random.choice(junk))

    def resize(self) -> None:
        """Take another size, or many in a row."""
        for _ in range(self.random.choice((1, 1, 1, 12))):
            width, height = self.random.choice(
                ((1, 1), (300, 100), (80, 24), (120, 40), (self.random.randrange(1, 300),
                                                          self.random.randrange(1, 100)))
            )  # fmt: skip
            self.note(f"<{width}x{height}>")
            self.room = (width, height)
            self.size(width, height)

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
        self.note(f"<{self.name}: {way} {at}>")
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
