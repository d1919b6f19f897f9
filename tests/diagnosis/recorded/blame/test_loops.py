"""Mistakes in the rounds of loops: where they begin and end, and in which order they run."""

import numpy as np
import pytest

from planted import Planted, repaired

RNG = np.random.default_rng(0)
X, W = RNG.normal(size=(5, 3)), RNG.normal(size=(3, 3)) * 0.5
LEVELS = RNG.normal(size=6)
ARRAYS = {"W": W, "LEVELS": LEVELS, "IMAGE": RNG.normal(size=(6, 6)), "KERNEL": W[:2, :2]}


def through_time(W):
    n = len(X)
    h = np.ones((n + 1, 3))
    for t in range(n):
        h[t + 1] = np.tanh(h[t] @ W + X[t])
    dW, dh = np.zeros_like(W), 2 * h[n]
    for t in range(n - 1, -1, -1):
        da = dh * (1 - h[t + 1] ** 2)
        dW += np.outer(h[t], da)
        dh = W @ da
    return np.sum(h[n] ** 2), dW


def smoothed(LEVELS):
    n = len(LEVELS)
    total = sum((LEVELS[i] - LEVELS[i - 1]) ** 4 for i in range(1, n))
    d = np.zeros(n)
    for i in range(1, n):
        step = 4 * (LEVELS[i] - LEVELS[i - 1]) ** 3
        d[i] += step
        d[i - 1] -= step
    return total, d


def in_turn(LEVELS):
    n = len(LEVELS)
    y = np.zeros(n)
    y[0] = LEVELS[0]
    for i in range(1, n):
        y[i] = np.sin(y[i - 1]) * LEVELS[i]
    d, back = np.zeros(n), 1.0
    for i in reversed(range(1, n)):
        d[i] = back * np.sin(y[i - 1])
        back = back * np.cos(y[i - 1]) * LEVELS[i]
    d[0] = back
    return y[n - 1], d


def repelled(LEVELS):
    n, total = len(LEVELS), 0.0
    for i in range(0, n - 2, 2):
        for j in range(i + 2, n, 2):
            apart = LEVELS[i : i + 2] - LEVELS[j : j + 2]
            total += np.exp(-apart @ apart)
    total += sum((LEVELS[i] - LEVELS[i - 2]) ** 4 for i in range(2, n, 2))
    d = np.zeros(n)
    for i in range(2, n, 2):
        step = 4 * (LEVELS[i] - LEVELS[i - 2]) ** 3
        d[i] += step
        d[i - 2] -= step
    for i in range(0, n, 2):
        for j in range(0, n, 2):
            apart = LEVELS[i : i + 2] - LEVELS[j : j + 2]
            d[i : i + 2] -= 2 * apart * np.exp(-apart @ apart)
    return total, d


def in_pairs(LEVELS):
    n, d = len(LEVELS), np.zeros(len(LEVELS))
    for i in range(n):
        for j in range(i + 1, n):
            d[i] += 2 * i * (LEVELS[i] - LEVELS[j])
            d[j] -= 2 * i * (LEVELS[i] - LEVELS[j])
    return sum(i * np.sum((LEVELS[i] - LEVELS[i:]) ** 2) for i in range(n)), d


class Strided:
    """A convolution in steps, by loops over where the kernel stands."""

    def __init__(self, step):
        self.step = step

    def forward(self, x, k):
        out, size, own = np.zeros((3, 3)), len(x), len(k)
        for i in range(0, size - own + 1, self.step):
            for j in range(0, size - own + 1, self.step):
                out[i // 2, j // 2] = np.sum(x[i : i + 2, j : j + 2] * k)
        return out

    def backward(self, x, k, d):
        dx, dk = np.zeros_like(x), np.zeros_like(k)
        height, width, own = len(x), len(x[0]), len(k)
        for a in range(0, height - own + 1, self.step):
            for b in range(0, width - own + 1, self.step):
                dx[a : a + 2, b : b + 2] += d[a // 2, b // 2] * k
                dk += d[a // 2, b // 2] * x[a : a + 2, b : b + 2]
        return dx, dk


def strided(IMAGE, KERNEL):
    layer = Strided(2)
    out = layer.forward(IMAGE, KERNEL)
    return np.sum(np.sin(out)), *layer.backward(IMAGE, KERNEL, np.cos(out))


def twice_over(LEVELS):
    n, y, d = len(LEVELS), np.zeros(len(LEVELS)), np.zeros(len(LEVELS))
    for t in range(n):
        at = LEVELS[t]
        y[t] = np.sin(at)
    for t in range(1, n):
        d[t] = 2 * y[t] * np.cos(LEVELS[t])
    return np.sum(y[1:] ** 2), d


class Piecewise:
    def __init__(self):
        self.parts = [(np.tanh, (0, 2)), (np.sin, (2, 5)), (np.exp, (5, 6))]

    def value(self, z):
        out = z.copy()
        for function, (start, end) in self.parts:
            out[start:end] = function(z[start:end])
        return out

    def slope(self, z):
        slopes = {np.tanh: lambda x: 1 - np.tanh(x) ** 2, np.sin: np.cos, np.exp: np.exp}
        out = z.copy()
        for function, (start, end) in self.parts:
            out[start:end] = slopes[function](z[start:end])
        return out


def in_parts(LEVELS):
    pieces = Piecewise()
    a = pieces.value(LEVELS)
    return np.sum(a**2), 2 * a * pieces.slope(LEVELS)


MISTAKES = [
    (
        in_parts,
        "for function, (start, end) in self.parts:\n            out[start:end] = slopes",
        "for function, (end, start) in self.parts:\n            out[start:end] = slopes",
    ),
    (strided, "in range(0, height - own + 1, self.step)", "in range(0, height - own, self.step)"),
    (in_pairs, "for j in range(i + 1, n):", "for j in range(n):"),
    (repelled, "for j in range(0, n, 2):", "for j in range(i, n, 2):"),
    (repelled, "    for i in range(2, n, 2):\n", "    for i in range(0, n, 2):\n"),
    (through_time, "for t in range(n - 1, -1, -1):", "for t in range(n - 1, 0, -1):"),
    (through_time, "for t in range(n - 1, -1, -1):", "for t in range(n - 1, -1, 1):"),
    (through_time, "for t in range(n - 1, -1, -1):", "for t in range(2, -1, -1):"),
    (through_time, "for t in range(n - 1, -1, -1):", "for t in range(n - 1, -1, -2):"),
    (smoothed, "    for i in range(1, n):\n        step", "    for i in range(n):\n        step"),
    (
        smoothed,
        "    for i in range(1, n):\n        step",
        "    for i in range(1, 2):\n        step",
    ),
    (twice_over, "for t in range(1, n)", "for n in range(1, n)"),
    (twice_over, "for t in range(1, n)", "for at in range(1, n)"),
    (in_turn, "in reversed(range(1, n))", "in range(1, n)"),
    (in_turn, "in reversed(range(1, n))", "in reversed(range(2, n))"),
]


@pytest.mark.parametrize(("function", "old", "new"), MISTAKES)
def test_the_rounds_of_a_loop_are_put_right(function, old, new, tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)
    at, wrong = planted.line(old), planted.wrong(old, new)

    (found,) = planted.errors(wrong, function.__name__)

    assert found.replaces == (at, at)
    assert planted.errors(repaired(wrong, found), function.__name__) == []
