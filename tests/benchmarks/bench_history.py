"""A million steps: memory, seeks to any state, and questions about the whole run.

By hand: `python tests/benchmarks/bench_history.py [--steps N]`.  The first table is of whole
processes: gradtui keeping every loss of two weights beside a scan of JAX that does, in turn, where
JAX can be imported.  Then states anywhere in a run, and conditions over all of it.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"))
os.environ["NUMPY_MADVISE_HUGEPAGE"] = "0"  # as the program has it
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})

import loops

import gradtui
from gradtui.engine.history import History
from gradtui.engine.search import Search

_SEEKS = 400
OURS = """
import gradtui
from gradtui.engine.history import History
history = History(gradtui.load("two_weights").problem.trainer)
history.advance({steps})
print(history.losses.sum())
"""
SCAN = """
import jax
jax.config.update("jax_enable_x64", True)
def loss_of(w):
    return (w[0] * 2.0 + w[1] * 3.0 - 5.0) ** 2
def step(w, _):
    loss, g = jax.value_and_grad(loss_of)(w)
    return [a - 0.05 * b for a, b in zip(w, g)], loss
_, losses = jax.jit(lambda w: jax.lax.scan(step, w, None, length={steps}))([1.0, 2.0])
print(losses.sum())
"""
CONDITIONS = {
    loops.TWO: ("loss > prev", "w1 > 1", "grad(w1) > 1", "norm > 1", "lr > 1"),
    loops.FIVE: ("loss > prev", "w[0] > 1", "grad(w[1]) > 1", "norm > 1", "lr > 1"),
    loops.NETWORK: ("loss > prev", "W1[0, 0] > 1", "norm > 1"),
}


def process(code: str) -> tuple[float, float, float]:
    """Return seconds of the clock, of the processor, and megabytes, of a process of its own."""
    start = time.perf_counter()
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(child.pid, 0)
    assert status == 0
    seconds = time.perf_counter() - start
    return seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def bench_processes(steps: int, rounds: int) -> None:
    """Print what a cold process takes that computes a run and keeps its losses."""
    codes = {"gradtui": OURS.format(steps=steps)}
    if importlib.util.find_spec("jax"):
        codes["JAX scan"] = SCAN.format(steps=steps)
    found: dict[str, list[tuple[float, float, float]]] = {name: [] for name in codes}
    for _ in range(rounds):
        for name, code in codes.items():
            found[name].append(process(code))
    for name, taken in found.items():
        clock, processor, memory = (
            statistics.median(column) for column in zip(*taken, strict=True)
        )
        print(f"{name:9} {clock:6.2f} s, processor {processor:5.2f} s, {memory:5.0f} MB")
    if len(found) == 2:
        pairs = [*zip(*found.values(), strict=True)]
        names = ("clock", "processor", "memory")
        for at, name in enumerate(names):
            ratio = statistics.median(ours[at] / theirs[at] for ours, theirs in pairs)
            print(f"  {name}: {ratio:4.2f} of JAX's")


def seconds(act: Callable[[], object]) -> float:
    """Return the seconds of the processor that something takes."""
    start = time.process_time()
    act()
    return time.process_time() - start


def bench_run(system: str, path: Path, steps: int) -> None:
    """Print what seeks and conditions take in a run."""
    history = History(gradtui.load(str(path)).problem.trainer)
    took = seconds(lambda: history.advance(steps + 1))
    chance = random.Random(0)
    places = [chance.randrange(steps) for _ in range(_SEEKS)]
    seeks = sorted(seconds(lambda at=at: history.state(at)) * 1e3 for at in places)
    print(f"{system}: {steps:,} steps in {took:.2f} s, every {history.every}. state kept; any "
          f"state p50 {seeks[_SEEKS // 2]:.3f}, p95 {seeks[_SEEKS * 19 // 20]:.3f}, at most "
          f"{seeks[-1]:.3f} ms", flush=True)  # fmt: skip
    for text in CONDITIONS[system]:
        search = Search(text, history, steps)
        took = seconds(lambda search=search: search.run(1e9))
        print(f"  {text:16} {took:7.3f} s, begins to hold at {len(search.hits)} steps", flush=True)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    bench_processes(options.steps, options.rounds)
    with tempfile.TemporaryDirectory() as folder:
        for system in CONDITIONS:
            bench_run(system, loops.write_scenario(system, Path(folder)), options.steps)


if __name__ == "__main__":
    main()
