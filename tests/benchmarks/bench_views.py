"""What one waits for: a wrong update explained, a loss surface drawn.

By hand: `python tests/benchmarks/bench_views.py [ROUNDS]`.  Milliseconds of the processor, and the
ratio to a peer of the same run: the check of wrong lines of Adam beside the opening of its
scenario, a surface of 80x24 beside plotext drawing the same losses as a matrix.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import plotext

sys.path.insert(0, str(Path(__file__).parents[1]))

import gradtui
from diagnosis.updates.programs import PROGRAMS
from gradtui.explain.surface import surface_rows

SCENARIO = """
title = "Adam by hand"
[data]
x = [1.0, 2.0]
[parameters]
a = 0.5
[model]
code = "L = mean((a*x - 3)**2)"
[optimizer]
name = "adam"
lr = 0.05
[update]
code = '''{code}'''
state = {{ m = 0.0, v = 0.0 }}
"""
WRONG = {
    "a sign": [("w - lr", "w + lr")],
    "two lines": [("w - lr", "w + lr"), ("beta2**t", "beta2**(t + 1)")],
    "nothing like it": [("beta1*m + (1 - beta1)*g", "tanh(g)*3")],
}
SURFACES = ("illustration", "five_parcels", "ravine")


def least(work: Callable[[], object], rounds: int) -> float:
    """Return the least milliseconds of the processor of some rounds, after one that warms up."""
    work()
    took = []
    for _ in range(rounds):
        start = time.process_time()
        work()
        took.append(time.process_time() - start)
    return 1000 * min(took)


def matrix(losses: list[list[float]]) -> str:
    plotext.clear_figure()
    plotext.plotsize(80, 24)
    plotext.matrix_plot(losses)
    return plotext.build()


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    with tempfile.TemporaryDirectory() as folder:
        for name in WRONG:
            check_update(name, Path(folder) / "adam.toml", rounds)
    for name in SURFACES:
        draw_surface(name, rounds)


def check_update(name: str, path: Path, rounds: int) -> None:
    """Print the times of a wrong update's check and of the opening of its scenario."""
    code = PROGRAMS["adam statements"].code
    for old, new in WRONG[name]:
        code = code.replace(old, new)
    path.write_text(SCENARIO.format(code=code))
    assert gradtui.check(str(path)), name
    check = least(lambda: gradtui.check(str(path)), rounds)
    opening = least(lambda: gradtui.load(str(path)), rounds)
    print(f"check, {name}: {check:.0f} ms, opening {opening:.1f} ms, {check / opening:.0f} to 1")


def draw_surface(name: str, rounds: int) -> None:
    """Print the times of a surface and of plotext's drawing of its losses."""
    session = gradtui.load(name)
    session.history.advance(session.problem.steps + 1)
    session.seek(3)
    session.surface.show()
    frame = session.frame
    losses = frame.surface((144, 80)).losses.tolist()
    surface = least(lambda: surface_rows(frame, 80, 24), rounds)
    peer = least(lambda: matrix(losses), rounds)
    print(f"surface, {name}: {surface:.1f} ms, plotext {peer:.1f} ms, {surface / peer:.2f} to 1")


if __name__ == "__main__":
    main()
