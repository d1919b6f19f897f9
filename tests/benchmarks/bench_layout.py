"""The map of a large graph: what its drawing takes, beside loading the program, and the memory.

By hand: `python tests/benchmarks/bench_layout.py [OPERATIONS...]`.  A row a program and size, each
in a process of its own: seconds of the processor to load it, and to draw it in slices, with garbage
collected as the screen has it; the ratio, the longest slice, and the most memory.  Where time grows
with the graph, the ratio is the same from one size to the next.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from bench_scale import scenario

import gradtui
from gradtui.tui.drawings import Drawings
from gradtui.tui.garbage import Garbage

SIZES = (3_000, 6_000, 12_000)
_ROOM, _SLICE = 80, 0.008
"""The cells of the panel, and the seconds of a slice."""


def chain(count: int) -> list[str]:
    """Return statements of one operation that each read the one before."""
    return [f"h{at} = {'sin' if at % 2 else 'cos'}(h{at - 1})" for at in range(1, count - 1)]


def residual(count: int) -> list[str]:
    """Return layers of three operations with a way around each, and one around eight."""
    return [
        line
        for at in range(1, max(2, count // 4))
        for line in (
            f"a{at} = tanh(w*h{at - 1})",
            f"h{at} = h{at - 1} + a{at} + h{max(0, at - 8)}",
        )
    ]


PROGRAMS: Mapping[str, Callable[[int], list[str]]] = {"chain": chain, "residual": residual}


def measure(name: str, count: int) -> None:
    """Print what the drawing of a program takes."""
    lines = PROGRAMS[name](count)
    last = lines[-1].partition(" ")[0]
    code = "\n".join(["h0 = w*x", *lines, f"L = {last}**2"])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "large.toml"
        path.write_text(scenario(code, "w = 0.9", "x = 2.0", 10))
        start = time.process_time()
        frame = gradtui.load(path).frame
        loaded, drawings, longest = time.process_time() - start, Drawings(), 0.0
        Garbage().begin()
        start = time.process_time()
        drawings.drawing(frame, _ROOM)
        more = True
        while more:
            before = time.process_time()
            more = drawings.go_on(_SLICE)
            longest = max(longest, time.process_time() - before)
        took = time.process_time() - start
        drawn = "" if drawings.drawing(frame, _ROOM) else "  not drawn: too large"
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    spent = f"load {loaded:5.2f} s  draw {took:5.2f} s  {took / loaded:5.2f} loads"
    longest *= 1e3
    print(f"{name:9} {count:7,}  {spent}  slice {longest:4.0f} ms  {memory:4} MB{drawn}")


def main() -> None:
    """Measure each program at each size."""
    if sys.argv[1:2] == ["--one"]:
        measure(sys.argv[2], int(sys.argv[3]))
        return
    sizes = [*map(int, sys.argv[1:])] or SIZES
    for name in PROGRAMS:
        for count in sizes:
            subprocess.run([sys.executable, __file__, "--one", name, str(count)], check=False)


if __name__ == "__main__":
    main()
