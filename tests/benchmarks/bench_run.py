"""A million steps of `two_weights`: the command against a loop written by hand, as whole processes.

By hand: `python tests/benchmarks/bench_run.py [ROUNDS]`.  The two alternate, and the ratio is that
of the medians, since the machine is noisy.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

STEPS = 1_000_000
LOOP = f"""
w1, w2, x1, x2, y, lr = 1.0, 2.0, 2.0, 3.0, 5.0, 0.05
for _ in range({STEPS}):
    yhat = w1 * x1 + w2 * x2
    e = yhat - y
    loss = e ** 2
    de = 2 * e
    dw1 = de * x1
    dw2 = de * x2
    w1 = w1 - lr * dw1
    w2 = w2 - lr * dw2
print(w1, w2)
"""
PEERS = {
    "by hand": [sys.executable, "-c", LOOP],
    "gradtui": [sys.executable, "-m", "gradtui", "run", "two_weights",
                "--steps", str(STEPS), "--every", str(STEPS)],
}  # fmt: skip


def main() -> None:
    """Print the seconds of both and their ratio."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    seconds: dict[str, list[float]] = {name: [] for name in PEERS}
    for _ in range(rounds):
        for name, command in PEERS.items():
            start = time.perf_counter()
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            seconds[name].append(time.perf_counter() - start)
    medians = {name: statistics.median(times) for name, times in seconds.items()}
    for name, median in medians.items():
        print(f"{name:8} {median:6.3f} s")
    print(f"ratio    {medians['gradtui'] / medians['by hand']:6.2f}")


if __name__ == "__main__":
    main()
