"""Extreme numbers through every panel and command: does anything fail?

By hand: `python tests/benchmarks/values.py [--seed N] [--count N] [--commands N]`.  A combination
is a bundled scenario with numbers at the end of the range in its data, parameters, rates, code and
facts.  It goes through `check`, `show` and `run`, then onto the screen, where commands are done to
it that bring in more such numbers.  A warning of NumPy is a failure as an exception is, in whatever
thread.  A failure is printed with what came before it; the exit status is 1 then.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import io
import os
import random
import sys
import tempfile
import threading
import time
import traceback
import warnings
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from extremes import do, done_with, settle, write_stretched
from gradtui.base.source import InputError
from gradtui.cli.arguments import main as gradtui
from gradtui.debugger.session import Session
from gradtui.scenario.load import load_problem
from gradtui.tui.app import GradtuiApp
from gradtui.tui.debugger import Debugger

SCENARIOS = Path(__file__).parents[2] / "scenarios"
SIZES = ((80, 24), (120, 40), (200, 60))
_TOGETHER = 20
"""Combinations on the screen of one app."""


class Values:
    """One run: what was done, and what was found."""

    def __init__(self, seed: int, folder: Path, commands: int) -> None:
        self.seed, self.folder, self.commands = seed, folder, commands
        self.counts = Counter[str]()
        self.slowest = (0.0, "")
        self.done: list[str] = []
        threading.excepthook = lambda found: self.fault(
            "".join(traceback.format_exception(found.exc_value))
        )

    def fault(self, text: str) -> None:
        """Print something wrong, with what came before it."""
        self.counts["faults"] += 1
        print(f"FAULT {text}\n  done: {self.done}", flush=True)

    def problem(self, number: int) -> tuple[random.Random, Path]:
        """Write the combination of a number; return what its commands are drawn from, its path."""
        chance = random.Random(f"{self.seed} {number}")
        folder = self.folder / str(number)
        folder.mkdir()
        name = chance.choice(sorted(path.stem for path in SCENARIOS.glob("*.toml")))
        self.done = [f"{number} {name}"]
        return chance, write_stretched(folder, name, SCENARIOS, chance)

    def run_commands(self, path: Path) -> None:
        """Let the commands of the shell have it."""
        for arguments in (
            ("check", "--json"), ("check",), ("show",), ("show", "--json", "--step", "3"),
            ("show", "--level", "operations", "--step", "30"), ("run", "--every", "7"),
            ("run", "--format", "jsonl", "--every", "9"),
        ):  # fmt: skip
            self.done.append(" ".join(arguments))
            began = time.monotonic()
            with (
                contextlib.redirect_stdout(io.StringIO()) as out,
                contextlib.redirect_stderr(io.StringIO()),
            ):
                status = gradtui([arguments[0], str(path), *arguments[1:]])
            took = time.monotonic() - began
            self.slowest = max(self.slowest, (took, f"{self.done[0]} {self.done[-1]}"))
            if (
                status not in (0, 1, 2)
                or "[internal]" in out.getvalue()
                or '"internal"' in out.getvalue()
            ):
                self.fault(f"exit {status}: {out.getvalue()[:4000]}")
            self.counts["commands of the shell"] += 1

    async def show(self, numbers: list[int]) -> None:
        """Show some combinations on one screen, and do commands to each."""
        first = Session(load_problem(SCENARIOS / "two_weights.toml"))
        app = GradtuiApp(first)
        async with app.run_test(size=SIZES[numbers[0] // _TOGETHER % len(SIZES)]) as pilot:
            for number in numbers:
                chance, path = self.problem(number)
                try:
                    problem = load_problem(path)
                except InputError:
                    self.counts["refused"] += 1
                    continue
                self.counts["shown"] += 1
                self.run_commands(path)
                debugger = app.screen
                assert isinstance(debugger, Debugger)
                debugger.around.open_session(Session(problem))
                await pilot.pause(0)
                await self.act(pilot, chance, debugger)

    async def act(self, pilot, chance: random.Random, debugger: Debugger) -> None:
        """Do commands to what is shown, then wait for what is found out about it."""
        for name, text in list(done_with(debugger.session, chance))[: self.commands]:
            self.done.append(f"{name} {text}".strip())
            began = time.monotonic()
            await do(pilot, name, text)
            self.counts["commands of the screen"] += 1
            took = time.monotonic() - began
            self.slowest = max(self.slowest, (took, f"{self.done[0]} {self.done[-1]}"))
        for text in await settle(pilot):
            self.fault(text)

    def blow(self, numbers: list[int]) -> None:
        """Show some combinations; after a failure go on with the next one."""
        left = list(numbers)
        while left:
            try:
                asyncio.run(self.show(left))
                return
            except Exception:
                self.fault(traceback.format_exc())
            failed = int(self.done[0].split()[0])
            left = [number for number in left if number > failed]


def main() -> int:
    """Try many combinations and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--count", type=int, default=5_000)
    parser.add_argument("--commands", type=int, default=12)
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    warnings.simplefilter("error")
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(XDG_STATE_HOME=f"{folder}/state", XDG_CONFIG_HOME=f"{folder}/config")
        values = Values(options.seed, Path(folder), options.commands)
        for start in range(options.first, options.first + options.count, _TOGETHER):
            stop = min(start + _TOGETHER, options.first + options.count)
            values.blow([*range(start, stop)])
        print(dict(values.counts), "slowest", values.slowest)
        return 1 if values.counts["faults"] else 0


if __name__ == "__main__":
    sys.exit(main())
