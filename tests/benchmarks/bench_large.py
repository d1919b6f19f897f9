"""A key press on two layers of a million weights each, beside the same model in plain NumPy.

By hand: `python tests/benchmarks/bench_large.py [ROUNDS]`.  Under each optimizer, and with a
backward pass and an update by hand that is not elementwise: milliseconds of a step of the loop in
NumPy, of gradtui's training loop, and of a step forward and a step back in the debugger with all
that they show, the states next to them prepared as the screen has them; then the memory.
"""

from __future__ import annotations

import os
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

os.environ.update(OPENBLAS_NUM_THREADS="1", NUMPY_MADVISE_HUGEPAGE="0")  # as the program has it

import numpy as np

import gradtui
from gradtui.explain.listing import list_rows
from gradtui.explain.update import update_rows
from gradtui.explain.vector import gradient_rows

SIZE, ROWS, STEPS = 1000, 16, 50
Array = np.ndarray[Any, Any]
MODEL = f"""
title = "Two large layers"
[data]
file = "large.npz"
X = "X"
y = "y"
[parameters]
W1 = {{ shape = [{SIZE}, {SIZE}], init = "xavier", seed = 0 }}
W2 = {{ shape = [{SIZE}, {SIZE}], init = "xavier", seed = 1 }}
[model]
code = '''
h = tanh(X@W1)
yhat = h@W2
e = yhat - y
L = mean(e**2)
'''
[run]
steps = {STEPS}
"""
BY_HAND = f"""
[backward]
code = '''
dyhat = 2*e/({ROWS}*{SIZE})
dW2 = h.T@dyhat
dz = (dyhat@W2.T)*(1 - h**2)
dW1 = X.T@dz
'''
[update]
state = {{ u = 0.0 }}
code = '''
c = g - mean(g, axis=0, keepdims=True)
u = 0.9*u + c/(sqrt(sum(c**2)) + 1e-8)
w = w - lr*u
'''
"""
SCENARIOS = {
    "adam": '[optimizer]\nname = "adam"\nlr = 0.001\n',
    "momentum": '[optimizer]\nname = "sgd"\nmomentum = 0.9\nlr = 1.0\n',
    "hand": '[optimizer]\nname = "sgd"\nlr = 1.0\n' + BY_HAND,
}
Move = Callable[[Array, Array, list[Array], int], Array]


def adam(w: Array, g: Array, kept: list[Array], t: int) -> Array:
    kept[0] = 0.9 * kept[0] + (1 - 0.9) * g
    kept[1] = 0.999 * kept[1] + (1 - 0.999) * g**2
    mean, square = kept[0] / (1 - 0.9**t), kept[1] / (1 - 0.999**t)
    return w - 0.001 * mean / (np.sqrt(square) + 1e-8)


def momentum(w: Array, g: Array, kept: list[Array], t: int) -> Array:
    kept[0] = 0.9 * kept[0] + g
    return w - 1.0 * kept[0]


def hand(w: Array, g: Array, kept: list[Array], t: int) -> Array:
    c = g - np.mean(g, axis=0, keepdims=True)
    kept[0] = 0.9 * kept[0] + c / (np.sqrt(np.sum(c**2)) + 1e-8)
    return w - 1.0 * kept[0]


MOVES: dict[str, Move] = {"adam": adam, "momentum": momentum, "hand": hand}


def numpy_steps(values: dict[str, Array], move: Move) -> Iterator[None]:
    """Train by hand, a step at a time."""
    X, y, w1, w2 = values["X"], values["y"], values["W1"], values["W2"]
    kept = [[np.zeros_like(w1), np.zeros_like(w1)] for _ in range(2)]
    for t in range(1, STEPS + 1):
        h = np.tanh(X @ w1)
        e = h @ w2 - y
        np.mean(e**2)
        dyhat = 2 * e / e.size
        g2 = h.T @ dyhat
        g1 = X.T @ ((dyhat @ w2.T) * (1 - h**2))
        w1, w2 = move(w1, g1, kept[0], t), move(w2, g2, kept[1], t)
        yield


def milliseconds(act: Callable[[], object]) -> float:
    start = time.perf_counter()
    act()
    return (time.perf_counter() - start) * 1e3


def press(session: gradtui.Session, by: int) -> float:
    """Return how long a step takes until its rows are there; prepare the next one untimed."""

    def act() -> None:
        session.move(by)
        frame = session.frame
        list_rows(frame, 80, 0, 12)
        for rows in (gradient_rows(frame, 60), update_rows(frame, 60)):
            list(rows[:12])

    took = milliseconds(act)
    ahead = session.history.ahead(session.step)
    if ahead is not None:
        ahead.prepare(session.step)
        session.history.take(ahead)
    return took


def bench(name: str, folder: Path, rounds: int) -> None:
    path = folder / f"{name}.toml"
    path.write_text(MODEL + SCENARIOS[name])
    session = gradtui.load(str(path))
    trainer = session.problem.trainer
    values = {key: np.asarray(value) for key, value in session.problem.values.items()}
    steps = numpy_steps(values, MOVES[name])
    next(steps)
    plain = statistics.median(milliseconds(lambda: next(steps)) for _ in range(rounds))
    row = trainer.run(trainer.initial, 1)
    ours = milliseconds(lambda: trainer.run(row, rounds, 1)) / rounds
    session.history.advance(STEPS + 1)
    session.seek(20)
    press(session, 1)
    forth = [press(session, 1) for _ in range(rounds)]
    back = [press(session, -1) for _ in range(rounds)]
    print(
        f"{name:9} NumPy {plain:5.1f} ms a step, gradtui's loop {ours:5.1f}, ratio "
        f"{ours / plain:4.2f}; n {statistics.median(forth):5.1f} (most {max(forth):5.1f}), "
        f"N {statistics.median(back):5.1f} (most {max(back):5.1f})"
    )


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    random = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder:
        X = random.standard_normal((ROWS, SIZE))
        y = np.tanh(X @ random.standard_normal((SIZE, SIZE)) * 0.03)
        np.savez(Path(folder) / "large.npz", X=X, y=y)
        for name in SCENARIOS:
            bench(name, Path(folder), rounds)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"at most {peak:,.0f} MB for all of them, one after the other")


if __name__ == "__main__":
    main()
