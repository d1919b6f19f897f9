"""The engine beside NumPy written by hand, and a chain of 10,000 operations.

By hand: `python tests/benchmarks/bench_engine.py`.
"""

from __future__ import annotations

import time

import numpy as np

import gradtui
from gradtui.engine.lowering import Leaf, build_graph
from gradtui.engine.program import build_step
from gradtui.engine.trainer import Trainer
from gradtui.language.parser import parse_program

STEPS = 20_000
CHAIN = 10_000


def bench_five_parcels() -> None:
    """Print microseconds a step of `five_parcels`, and of the same written by hand in NumPy."""
    problem = gradtui.load("five_parcels").problem
    trainer = problem.trainer
    trainer.run(trainer.initial, 1)
    start = time.perf_counter()
    trainer.run(trainer.initial, STEPS)
    ours = time.perf_counter() - start

    X, y = problem.values["X"], problem.values["y"]
    w = problem.values["w"].copy()
    start = time.perf_counter()
    for _ in range(STEPS):
        e = X @ w - y
        w = w - 0.05 * (X.T @ (2 * e / len(y)))
    hand = time.perf_counter() - start
    print(f"five_parcels  gradtui {ours / STEPS * 1e6:6.2f} us a step, "
          f"NumPy by hand {hand / STEPS * 1e6:6.2f}, ratio {ours / hand:5.2f}")  # fmt: skip


def bench_chain() -> None:
    """Print seconds to build, record and train a chain of 10,000 operations."""
    lines = ["a0 = tanh(w)", *(f"a{i} = tanh(a{i - 1})" for i in range(1, CHAIN))]
    start = time.perf_counter()
    graph = build_graph([Leaf("w", ())], [], parse_program("\n".join(lines)))
    built = time.perf_counter()
    trainer = Trainer(build_step(graph, "sgd", {}), {"w": 1.0}, 0.1)
    trainer.record(trainer.initial, 0)
    recorded = time.perf_counter()
    trainer.run(trainer.initial, 1)
    trained = time.perf_counter()
    trainer.run(trainer.initial, 100)
    run = time.perf_counter()
    assert np.isfinite(trainer.initial).all()
    print(f"chain of {CHAIN:,}  build {built - start:.2f} s, differentiate and record "
          f"{recorded - built:.2f} s, compile the loop {trained - recorded:.2f} s, "
          f"a step {(run - trained) / 100 * 1e3:.2f} ms")  # fmt: skip


if __name__ == "__main__":
    bench_five_parcels()
    bench_chain()
