"""Recording NumPy code: the processor time of a recorded run, as a multiple of the plain one.

By hand: `python tests/benchmarks/bench_recording.py [ROUNDS]`.  Loops over rows and columns of
arrays of 100x100 that write in place, whole-array code, and small arrays.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from gradtui.recording.library import NUMPY, record
from gradtui.recording.run import collected

SIZE, SMALL = 100, 4
A = np.random.default_rng(0).normal(size=(SIZE, SIZE))


def nothing(a: Any) -> Any:
    """Return the argument."""
    return a


def rows_added(a: Any) -> Any:
    """Add to each row in place."""
    y = np.zeros((SIZE, SIZE))
    for t in range(SIZE):
        y[t] += a[t] * 2.0
    return y


def columns_added(a: Any) -> Any:
    """Add to each column in place."""
    y = np.zeros((SIZE, SIZE))
    for t in range(SIZE):
        y[:, t] += a[:, t] * 2.0
    return y


def rows_stored(a: Any) -> Any:
    """Store each row, made from the one before."""
    y = np.zeros((SIZE, SIZE))
    for t in range(1, SIZE):
        y[t] = np.tanh(a[t] + y[t - 1])
    return y


def matrices(a: Any) -> Any:
    """Multiply and add whole arrays."""
    y = a
    for _ in range(SIZE):
        y = np.tanh(a @ y * 0.1 + a)
    return y


def elements(a: Any) -> Any:
    """Compute with whole arrays, element by element."""
    y = a
    for _ in range(SIZE):
        y = y * 0.5 + a
    return y


def small(a: Any) -> Any:
    """Compute with small arrays."""
    w, h = a[:SMALL, :SMALL], a[0, :SMALL]
    for _ in range(SIZE):
        h = np.tanh(w @ h + h * 0.5)
    return h


PROGRAMS = (nothing, rows_added, columns_added, rows_stored, matrices, elements, small)


def _took(run: Callable[[], object], rounds: int) -> float:
    """Return the processor seconds of the fastest of some rounds."""
    times = []
    for _ in range(rounds):
        start = time.process_time()
        run()
        times.append(time.process_time() - start)
    return min(times)


def main() -> None:
    """Measure each program."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    for program in PROGRAMS:

        def recorded(program: Callable[[Any], Any] = program) -> object:
            with collected():
                return record(
                    NUMPY, lambda _, given: program(given["a"]), {"a": A}, {"a": A}, program
                )

        def plain(program: Callable[[Any], Any] = program) -> None:
            for _ in range(10):
                program(A)

        own, with_tape = _took(plain, rounds) / 10, _took(recorded, rounds)
        told = f"plain {own * 1e6:8.0f} us  recorded {with_tape * 1e6:8.0f} us"
        print(f"{program.__name__:14} {told}  {with_tape / own:5.1f} times")


if __name__ == "__main__":
    main()
