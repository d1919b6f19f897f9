"""A million steps on the screen: how long keys take there, and how long the loop is held up.

By hand: `python tests/benchmarks/bench_million.py [STEPS [NAME...]]`.  On 120x40 cells: until
the first screen, until all steps are computed, and each key at the start, in the middle and at the
end of the run: milliseconds until the last byte of the answer (median, the 95th of a hundred), and
the longest time of the processor that the loop was held up meanwhile.
"""

from __future__ import annotations

import os
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import screen
from bench_start import _processor

SCENARIOS = Path(__file__).parents[2] / "scenarios"
NAMES = ("two_weights", "five_parcels", "five_parcels_adam")
MOVES = "n N ] [ } {"
VIEWS = {
    "t": ["t"] * 6,
    "v": ["v"] * 6,
    "V": ["Vloss lr\r", "Vloss\r"],
    ":range": [":range 1000 200000\r", ":range all\r"],
    "six branches": [*(f"elr 0.0{n}\r" for n in range(1, 6)), *"nNnNt"],
}
_QUIET = 0.12


class Watched:
    """gradtui on a terminal, and the log of its loop."""

    def __init__(self, path: Path, folder: Path) -> None:
        env = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8",
               "XDG_STATE_HOME": str(folder / "state"), "XDG_CONFIG_HOME": str(folder)}  # fmt: skip
        self.log = folder / f"{path.stem}.log"
        self.log.touch()
        screen._WATCHED = Path(__file__).with_name("blocks.py")
        self.began = time.monotonic()
        self.program = screen.Program([str(path)], env, self.log)
        self.program.resize(120, 40)

    def blocks(self, since: float, until: float = float("inf")) -> list[float]:
        """Return the milliseconds of the callbacks that began in a while, ascending."""
        rows = [line.split(maxsplit=2) for line in self.log.read_text().splitlines()]
        return sorted(float(row[1]) for row in rows if since <= float(row[0]) <= until) or [0.0]

    def worst(self, since: float, count: int = 3) -> list[str]:
        """Return the longest callbacks that began since."""
        rows = [line.split(maxsplit=2) for line in self.log.read_text().splitlines()]
        rows = [row for row in rows if float(row[0]) >= since]
        return [f"{r[1]} {r[2][:110]}" for r in sorted(rows, key=lambda r: -float(r[1]))[:count]]

    def press(self, keys: str, quiet: float = _QUIET) -> tuple[float, float, int]:
        """Press keys; return the milliseconds until the last byte, of the processor, the bytes."""
        program = self.program
        before, began, written = _processor(program.pid), time.monotonic(), program.written
        program.press(keys.encode())
        last, until = began, began + quiet
        while (now := time.monotonic()) < until:
            if program.read(min(0.002, until - now)):
                last = time.monotonic()
                until = last + quiet
        return (last - began) * 1e3, _processor(program.pid) - before, program.written - written

    def rest(self, quiet: float = 1.0) -> None:
        """Wait until nothing more comes and nothing is computed."""
        used = -1.0
        while self.program.read(quiet) or _processor(self.program.pid) - used > 50 * quiet:
            used = _processor(self.program.pid)


@contextmanager
def opened(name: str, steps: int, extra: str = "") -> Iterator[Watched]:
    """Open a scenario with as many steps."""
    with tempfile.TemporaryDirectory() as folder:
        for data in SCENARIOS.glob("*.csv"):
            (Path(folder) / data.name).write_bytes(data.read_bytes())
        text = (SCENARIOS / f"{name}.toml").read_text().split("[[lesson]]")[0]
        lines = [f"steps = {steps}" if line.startswith("steps =") else line
                 for line in text.splitlines()]  # fmt: skip
        path = Path(folder) / f"{name}.toml"
        path.write_text("\n".join(lines) + extra)
        watched = Watched(path, Path(folder))
        try:
            yield watched
        finally:
            watched.program.end(signal.SIGTERM)


def told(times: Sequence[float]) -> str:
    """Return the median and the 95th of a hundred."""
    ordered = sorted(times)
    return f"{statistics.median(ordered):6.1f} {ordered[int(0.95 * (len(ordered) - 1))]:6.1f}"


def bench(name: str, steps: int) -> None:
    """Print what one scenario takes."""
    with opened(name, steps) as watched:
        program = watched.program
        while "quit" not in program.screen.text and "help" not in program.screen.text:
            program.read(0.01)
        first = time.monotonic()
        watched.rest()
        print(f"{name}, {steps:,} steps: first screen {(first - watched.began) * 1e3:.0f} ms")
        since = time.monotonic() - 1.0
        rows = [float(r.split()[0]) for r in watched.log.read_text().splitlines()]
        computed = max((at for at in rows if at < since), default=first)
        took, blocks = computed - first, watched.blocks(first, since)
        print(f"  computed in {took:.2f} s, at work {sum(blocks) / 1e3:.2f} s of it,"
              f" {sum(b > 16 for b in blocks)} callbacks of more than 16 ms,"
              f" longest {blocks[-1]:.0f}, {program.written:,} bytes")  # fmt: skip
        print("   ", *watched.worst(first), sep="\n      ")
        for where, go in (("start", "g"), ("middle", f"J{steps // 2}\r"), ("end", f"J{steps}\r")):
            watched.press(go)
            watched.rest()
            for key in MOVES.split():
                report(watched, f"{where} {key}", [key] * 20)
            report(watched, f"{where} J", [f"J{steps // 3 + 17 * i}\r{go}" for i in range(5)])
            watched.press(go)
            for what, keys in VIEWS.items():
                if what != "six branches" or where == "end":
                    report(watched, f"{where} {what}", keys)


def report(watched: Watched, what: str, keys: Sequence[str]) -> None:
    """Print what each key takes."""
    watched.rest(0.2)
    since = time.monotonic()
    found = [watched.press(key) for typed in keys for key in typed]
    print(f"  {what:18} paint {told([f[0] for f in found])}  cpu {told([f[1] for f in found])}"
          f"  longest {watched.blocks(since)[-1]:6.1f}  bytes {told([f[2] for f in found])}",
          flush=True)  # fmt: skip


def main() -> None:
    """Measure the scenarios."""
    steps = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    for name in sys.argv[2:] or NAMES:
        bench(name, steps)


if __name__ == "__main__":
    main()
