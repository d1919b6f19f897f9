"""Everyday keys: a step of a network on real data, a prompt, a search in the picker.

By hand: `python tests/benchmarks/bench_everyday.py [ROUNDS]`.  On 120x40 cells: milliseconds of the
processor until the last byte of the answer (median, the 95th of a hundred), and the longest
callback of the loop meanwhile.  The network is 64-32-10, its backward pass by hand, on minibatches
of 64 rows of a CSV of 1,797, under Adam.
"""

from __future__ import annotations

import signal
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from bench_million import Watched, told
from bench_start import _processor

_PIXELS = [f"p{number}" for number in range(64)]
NETWORK = f"""
title = "Digits"
[data]
file = "digits.csv"
X = {_PIXELS}
y = "label"
[parameters]
W1 = {{ shape = [64, 32], init = "he", seed = 1 }}
b1 = {{ shape = [32], init = "zeros" }}
W2 = {{ shape = [32, 10], init = "xavier", seed = 2 }}
b2 = {{ shape = [10], init = "zeros" }}
[model]
code = '''
Z1 = (X/16)@W1 + b1
H = relu(Z1)
A = H@W2 + b2
L = cross_entropy(A, y)
'''
[backward]
code = '''
dA = (softmax(A) - one_hot(y, 10))/64
dW2 = H.T@dA
db2 = dA.sum(axis=0)
dH = dA@W2.T
dZ1 = dH*(Z1 > 0)
dW1 = (X/16).T@dZ1
db1 = dZ1.sum(axis=0)
'''
[optimizer]
name = "adam"
lr = 0.001
[batches]
over = ["X", "y"]
size = 64
shuffle = true
seed = 7
[run]
steps = 500
"""
TYPED = "eights and a gradient by hand that somebody pastes here"
KEYS = {
    "n": [("n", "")],
    "N": [("N", "")],
    "a prompt, and away": [(":\x1b", "")],
    "55 keys in the picker": [(TYPED, "o"), ("\x1b", ""), ("\x1b", "")],
}
"""What is typed and measured, each after what is typed before it."""


def write_network(folder: Path) -> Path:
    """Write the network and its data."""
    draw = np.random.default_rng(0)
    X = draw.integers(0, 17, (1797, 64))
    y = np.argmax(X @ draw.standard_normal((64, 10)), axis=1)
    rows = [",".join([*_PIXELS, "label"])]
    rows += [",".join(map(str, (*pixels, digit))) for pixels, digit in zip(X, y, strict=True)]
    (folder / "digits.csv").write_text("\n".join(rows))
    path = folder / "digits.toml"
    path.write_text(NETWORK)
    return path


def press(watched: Watched, keys: str, quiet: float = 0.15) -> float:
    """Press keys; return the milliseconds of the processor until the last byte."""
    program, last = watched.program, 0.0
    before, until = _processor(program.pid), time.monotonic() + quiet
    program.press(keys.encode())
    while (now := time.monotonic()) < until:
        if program.read(min(0.002, until - now)):
            last, until = _processor(program.pid) - before, time.monotonic() + quiet
    return last


def main() -> None:
    """Measure the keys."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    with tempfile.TemporaryDirectory() as folder:
        watched = Watched(write_network(Path(folder)), Path(folder))
        while "help" not in watched.program.screen.text:
            watched.program.read(0.01)
        watched.rest()
        for name, typed in KEYS.items():
            took, since = list[float](), time.monotonic()
            for _ in range(rounds):
                for keys, before in typed:
                    if before:
                        press(watched, before)
                    took.append(press(watched, keys))
            took = took[:: len(typed)]
            print(f"{name:22} cpu {told(took)}  longest {watched.blocks(since)[-1]:6.1f}")
            watched.rest(0.3)
        watched.program.end(signal.SIGTERM)


if __name__ == "__main__":
    main()
