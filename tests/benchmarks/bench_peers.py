"""Steps a second, every state kept, beside loops written by hand and other libraries.

By hand: `python tests/benchmarks/bench_peers.py [--rounds N] [--seconds S]`.  Four systems: two
weights, five parcels, the same with Adam, and a network 2-16-16-3 with Adam.  gradtui keeps every
state; none of the others keeps anything.  micrograd, PyTorch and JAX take part where they can be
imported.  All run in turn on one processor, and a ratio is the median of the rounds' ratios,
since the machine is noisy.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

os.environ.update(
    dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
)
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})

import loops

import gradtui
from gradtui.engine.history import History

Steps = Callable[[int], object]
"""Takes so many steps from the start."""
TARGETS = {
    ("two weights", "micrograd"): 55.0,
    ("two weights", "Python by hand"): 0.45,
    ("two weights", "jax.jit"): 24.0,
    ("five parcels", "micrograd"): 67.0,
    ("five parcels", "NumPy by hand"): 2.5,
    ("five parcels, Adam", "NumPy by hand"): 5.0,
    ("network, Adam", "NumPy by hand"): 1.6,
    ("network, Adam", "jax.jit"): 1.1,
    ("network, Adam", "torch"): 5.0,
}
"""(system, peer) -> how many times as fast gradtui shall be."""


def gradtui_steps(path: Path) -> Steps:
    """Return the steps of a scenario, each state kept in a history of its own."""
    trainer = gradtui.load(str(path)).problem.trainer

    def steps(count: int) -> int:
        return History(trainer).advance(count)

    return steps


def contenders(folder: Path) -> dict[str, dict[str, Steps]]:
    """Return system -> name of a contender -> its steps."""
    found = {}
    for system in loops.SYSTEMS:
        path = loops.write_scenario(system, folder)
        table: dict[str, Steps] = {"gradtui": gradtui_steps(path), **loops.by_hand(system)}
        for peer in loops.PEERS:
            with suppress(ImportError):
                steps = peer(system)
                if steps is not None:
                    table[peer.__name__.replace("_", ".")] = steps
        found[system] = table
    return found


def counted(steps: Steps, seconds: float) -> int:
    """Return how many steps take about so long."""
    count = 64
    while True:
        start = time.perf_counter()
        steps(count)
        took = time.perf_counter() - start
        if took > seconds / 4:
            return max(1, int(count * seconds / took))
        count *= 4


def measure(table: dict[str, Steps], rounds: int, seconds: float) -> dict[str, list[float]]:
    """Return the steps a second of each contender in each round."""
    counts = {name: counted(steps, seconds) for name, steps in table.items()}
    rates: dict[str, list[float]] = {name: [] for name in table}
    for _ in range(rounds):
        for name, steps in table.items():
            start = time.perf_counter()
            steps(counts[name])
            rates[name].append(counts[name] / (time.perf_counter() - start))
    return rates


def main() -> int:
    """Print the table; exit with 1 where a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=0.15)
    options = parser.parse_args()
    missed = 0
    with tempfile.TemporaryDirectory() as folder:
        for system, table in contenders(Path(folder)).items():
            rates = measure(table, options.rounds, options.seconds)
            print(f"{system:20} load {os.getloadavg()[0]:.1f}")
            for name, found in rates.items():
                line = f"  {name:16} {statistics.median(found):12,.0f} steps a second"
                if name != "gradtui":
                    pairs = zip(rates["gradtui"], found, strict=True)
                    ratio = statistics.median(ours / theirs for ours, theirs in pairs)
                    line += f"   gradtui is {ratio:7.2f} times as fast"
                    target = TARGETS.get((system, name))
                    if target is not None:
                        missed += ratio < target
                        line += f", {'' if ratio >= target else 'NOT '}the {target} it should be"
                print(line, flush=True)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
