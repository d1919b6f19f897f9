"""From small to large along four axes: what a step, a seek and the screen take, and the memory.

By hand: `python tests/benchmarks/bench_scale.py [AXIS...] [--screen]`.  A row a size: seconds until
it is loaded, microseconds of a step, beside the same steps in plain NumPy where there are such,
milliseconds of the longest of some seeks anywhere in the run (all of the processor), the most
memory; with `--screen` milliseconds of the longest callback of the loop, from the first screen
on, while it is computed and stepped through.  What is refused is told with its reason.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"))
os.environ["NUMPY_MADVISE_HUGEPAGE"] = "0"  # as the program has it

import numpy as np

_SECONDS = 8.0
"""Seconds of steps after which a run is not computed further."""
_SEEKS, _ROUNDS = 40, 9
Text = tuple[str, dict[str, Any]]
"""A scenario and the arrays beside it."""


def scenario(code: str, parameters: str, data: str, steps: int, optimizer: str = "adam") -> str:
    """Return the text of a scenario."""
    return (
        f'title = "scale"\n[data]\n{data}\n[parameters]\n{parameters}\n[model]\n'
        f"code = '''\n{code}\n'''\n[optimizer]\nname = \"{optimizer}\"\nlr = 0.001\n"
        f"[run]\nsteps = {steps}\n"
    )


def of_parameters(count: int) -> Text:
    """Two layers under Adam, 16 rows."""
    side = max(1, round((count / 2) ** 0.5))
    draw = np.random.default_rng(0)
    X = draw.standard_normal((16, side))
    y = np.tanh(X @ draw.standard_normal((side, side)) / side**0.5)
    code = "h = tanh(X@W1)\ne = h@W2 - y\nL = mean(e**2)"
    layers = "\n".join(
        f'W{n} = {{ shape = [{side}, {side}], init = "xavier", seed = {n} }}' for n in (1, 2)
    )
    steps = 1000 if count < 500_000 else 100
    return scenario(code, layers, 'file = "x.npz"\nX = "X"\ny = "y"', steps), {"X": X, "y": y}


def of_operations(count: int) -> Text:
    """A chain of numbers."""
    lines = [f"h{at} = tanh(w*h{at - 1} + 0.1)" for at in range(1, max(2, count // 3))]
    code = "\n".join(["h0 = w*x", *lines, f"L = (h{len(lines)} - 1)**2"])
    return scenario(code, "w = 0.9", "x = 2.0", 1000), {}


def of_rows(count: int) -> Text:
    """A straight line through four columns of data."""
    X = np.random.default_rng(0).standard_normal((count, 4))
    code = "e = X@w - y\nL = mean(e**2)"
    text = scenario(code, "w = [0.1, 0.2, 0.3, 0.4]", 'file = "x.npz"\nX = "X"\ny = "y"', 1000)
    return text, {"X": X, "y": X.sum(axis=1)}


def of_steps(count: int) -> Text:
    """Two weights, one parcel."""
    code = "yhat = w1*x1 + w2*x2\ne = yhat - y\nL = e**2"
    data = "x1 = 2.0\nx2 = 3.0\ny = 5.0"
    return scenario(code, "w1 = 1.0\nw2 = 2.0", data, count, "sgd"), {}


AXES: dict[str, tuple[Callable[[int], Text], tuple[int, ...]]] = {
    "parameters": (of_parameters, (10**2, 10**3, 10**4, 10**5, 10**6, 10**7)),
    "operations": (of_operations, (10, 10**2, 10**3, 10**4, 10**5)),
    "rows": (of_rows, (10, 10**2, 10**3, 10**4, 10**5, 10**6)),
    "steps": (of_steps, (10**3, 10**4, 10**5, 10**6, 10**7)),
}


def numpy_steps(values: dict[str, Any]) -> Iterator[None]:
    """Train two layers by hand, a step at a time."""
    X, y, weights = values["X"], values["y"], [values["W1"], values["W2"]]
    kept = [[np.zeros_like(w), np.zeros_like(w)] for w in weights]
    t = 0
    while True:
        t += 1
        h = np.tanh(X @ weights[0])
        e = h @ weights[1] - y
        np.mean(e**2)
        de = 2 * e / e.size
        slopes = [X.T @ ((de @ weights[1].T) * (1 - h**2)), h.T @ de]
        for at, (w, g, (m, v)) in enumerate(zip(weights, slopes, kept, strict=True)):
            kept[at] = [0.9 * m + (1 - 0.9) * g, 0.999 * v + (1 - 0.999) * g**2]
            mean, square = kept[at][0] / (1 - 0.9**t), kept[at][1] / (1 - 0.999**t)
            weights[at] = w - 0.001 * mean / (np.sqrt(square) + 1e-8)
        yield


def seconds(act: Callable[[], object]) -> float:
    """Return the seconds of the processor that something takes."""
    start = time.process_time()
    act()
    return time.process_time() - start


def measure(path: str, axis: str) -> dict[str, float | str]:
    """Return what one scenario takes, in this process."""
    import gradtui
    from gradtui.base.source import InputError

    start = time.process_time()
    try:
        problem = gradtui.load(path).problem
    except InputError as error:
        return {"refused": error.message, "load": time.process_time() - start}
    found: dict[str, float | str] = {"load": time.process_time() - start}
    from gradtui.engine.history import History

    trainer, history = problem.trainer, History(problem.trainer)
    steps, took = problem.steps, 0.0
    while history.known <= steps and took < _SECONDS:
        took += seconds(lambda: history.advance(min(steps + 1 - history.known, 1 + history.known)))
    found |= {"step": took / history.known * 1e6, "steps": history.known - 1}
    if axis == "parameters":
        found["ratio"] = beside_numpy(problem, trainer)
    chance = random.Random(0)
    places = [chance.randrange(history.known) for _ in range(_SEEKS)]
    found["seek"] = max(seconds(lambda at=at: history.state(at)) for at in places) * 1e3
    found["every"] = history.every
    status = Path("/proc/self/status").read_text()
    found["memory"] = int(status.split("VmHWM:")[1].split()[0]) / 1024
    return found


def beside_numpy(problem: Any, trainer: Any) -> float:
    """Return the time of a step beside that of the same step in NumPy, in turn."""
    by_hand = numpy_steps({name: np.asarray(value) for name, value in problem.values.items()})
    row = trainer.run(trainer.initial, 1)
    count = max(1, min(200, 4_000_000 // trainer.width))
    ratios = []
    for _ in range(_ROUNDS):
        ours = seconds(lambda: trainer.run(row, count, 1))
        ratios.append(ours / seconds(lambda: [next(by_hand) for _ in range(count)]))
    return statistics.median(ratios)


def longest_block(path: Path, steps: int) -> float:
    """Return the milliseconds of the longest callback of the loop after the first screen."""
    from bench_million import Watched

    watched = Watched(path, path.parent)
    while "help" not in watched.program.screen.text:
        watched.program.read(0.01)
    first = time.monotonic()
    watched.rest()
    for key in ("n", "n", "N", "]", "s", "S", f"J{steps // 2}\r", "n", "N", "G", "N", "g"):
        watched.press(key)
        watched.rest(0.3)
    worst = watched.blocks(first)[-1]
    watched.program.end(signal.SIGTERM)
    return worst


def row(axis: str, count: int, screen: bool) -> str:
    """Return the row of a size."""
    make, _ = AXES[axis]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "scale.toml"
        text, arrays = make(count)
        path.write_text(text)
        if arrays:
            np.savez(Path(folder) / "x.npz", **arrays)
        command = [sys.executable, __file__, "--measure", str(path), axis]
        found = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
        told = f"{axis:10} {count:>10,}: load {found['load']:6.2f} s"
        if "refused" in found:
            return f"{told}, refused: {found['refused']}"
        told += f", step {found['step']:10.2f} µs"
        if "ratio" in found:
            told += f" ({found['ratio']:.2f} of NumPy)"
        told += (f", {found['steps']:,} steps, every {found['every']}. kept, longest seek "
                 f"{found['seek']:6.2f} ms, {found['memory']:5.0f} MB")  # fmt: skip
        if screen:
            told += f", longest block {longest_block(path, found['steps']):.0f} ms"
        return told


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("axes", nargs="*", metavar="AXIS", help=", ".join(AXES))
    parser.add_argument("--screen", action="store_true")
    parser.add_argument("--measure", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(measure(*options.measure)))
        return
    for axis in options.axes or AXES:
        for count in AXES[axis][1]:
            print(row(axis, count, options.screen), flush=True)


if __name__ == "__main__":
    main()
