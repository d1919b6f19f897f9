"""Bursts of sizes on a busy machine: is the screen painted for the last one of each?

By hand: `python tests/benchmarks/sizes.py [--seed N] [--bursts N] [--busy N]`.  Meanwhile so many
processes compute.  When the program is at rest after a burst, its panels and its bars must reach
the edges of the terminal.  The exit status is 1 where they did not.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import tempfile
import time
from contextlib import ExitStack, suppress
from multiprocessing import get_context
from pathlib import Path

from hand import SCENARIOS
from screen import Program, Screen

_LONGEST = 30
"""Sizes in a burst, at most."""
_PAUSES = (0.0, 0.0, 0.0, 0.0, 0.0002, 0.0005, 0.001, 0.002, 0.01)
"""Seconds between two."""
_QUIET = 0.7
"""Seconds without output after which the program is at rest."""


def compute() -> None:
    """Keep a processor busy."""
    with suppress(KeyboardInterrupt):
        while True:
            sum(range(100_000))


def fits(screen: Screen) -> bool:
    """Return whether the first panel ends at the right edge, and the last one above the bars."""
    rows = screen.text.split("\n")
    foot = rows[-4].startswith("╰") and rows[-1].startswith(" n next")
    return foot and len(rows[1]) == screen.width and rows[1].endswith("╮")


def burst(program: Program, chance: random.Random) -> bool:
    """Give the terminal many sizes; return whether the screen is painted for the last one."""
    for _ in range(chance.randrange(2, _LONGEST)):
        program.resize(chance.randrange(60, 200), chance.randrange(12, 60))
        pause = chance.choice(_PAUSES)
        if pause and chance.random() < 0.5:
            program.read(pause)
        else:
            time.sleep(pause)
    rest(program)
    return fits(program.screen)


def rest(program: Program) -> None:
    """Wait until nothing more comes."""
    while program.read(_QUIET):
        pass


def main() -> int:
    """Resize and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--bursts", type=int, default=120)
    parser.add_argument("--busy", type=int, default=2 * (os.cpu_count() or 1))
    options = parser.parse_args()
    chance, lost = random.Random(options.seed), 0
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        for _ in range(options.busy):
            worker = get_context("spawn").Process(target=compute, daemon=True)
            worker.start()
            stack.callback(worker.terminate)
        env = {**os.environ, "TERM": "xterm-256color", "LANG": "C.UTF-8",
               "XDG_STATE_HOME": folder, "XDG_CONFIG_HOME": folder}  # fmt: skip
        scenario = str(SCENARIOS / "two_weights.toml")
        program = Program([scenario], env, Path(folder, "log"))
        rest(program)
        for number in range(options.bursts):
            if not burst(program, chance):
                lost += 1
                size = f"{program.screen.width}x{program.screen.height}"
                print(f"burst {number}: not painted for {size}\n{program.screen.text}", flush=True)
        program.end(signal.SIGTERM)
    print(f"seed {options.seed}: {options.bursts} bursts, {lost} not painted for the last size")
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
