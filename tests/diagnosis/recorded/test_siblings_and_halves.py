"""Mistakes of one line that other lines like it, or the forward half, tell of."""

import numpy as np
import pytest

from planted import Planted, repaired

RNG = np.random.default_rng(4)
ARRAYS = {
    "w": RNG.normal(size=3),
    "W": RNG.normal(size=(4, 3)),
    "C": RNG.normal(size=(4, 3)),
    "k": np.array(0.8),
    "p": RNG.uniform(0.2, 1, size=3),
    "q": RNG.normal(size=(4, 2)),
}
X, Y = RNG.normal(size=(5, 3)), RNG.normal(size=5)
PAIRS = [(0, 1), (3, 2), (1, 3)]
WEIGHTS = RNG.normal(size=(4, 4))
STEEP = 20.0


def bowl(w):
    sign = -1.0
    off = X @ w - Y
    loss = np.sum(off**2)
    g = 2 * X.T @ off
    return sign * loss, [sign * g.ravel()]


class Steep:
    def __init__(self, scale):
        self.scale = scale

    def curve(self, x):
        return self.scale * np.tanh(x)

    def slope(self, x):
        t = self.curve(x) / self.scale
        return self.scale * (1 - t**2)


def steep(w):
    unit = Steep(2)
    z = X @ w
    off = unit.curve(z) - Y
    d = off * unit.slope(z)
    return 0.5 * np.sum(off**2), [X.T @ d]


def bent(p):
    second = np.diff(p) ** 2
    d = 2 * np.diff(p) * 3 * second**2
    return np.sum(second**3), [np.r_[-d[0], d[:-1] - d[1:], d[-1]]]


def bessel(x):
    term = total = x / 2
    for at in range(1, 20):
        term = term * (x / 2) ** 2 / (at * (at + 1))
        total = total + term
    return total


def directions(k):
    loss = len(Y) * np.log(np.i0(k)) - k * np.cos(Y).sum()
    count = len(Y)
    dk = count * bessel(k) / np.i0(k) - np.cos(Y).sum()
    return loss, [k * dk / k]


def hinge(x):
    return np.log1p(np.exp(STEEP * x)) / STEEP


def hinge_grad(x):
    return 1 / (1 + np.exp(-STEEP * x))


def limited(w):
    speed = X @ w
    loss = np.sum(hinge(speed - 0.1))
    d = hinge_grad(speed - 0.1)
    return loss, [X.T @ d]


def spread(W):
    def backward(d):
        return [d * np.cos(W), d * 2 * W, 3 * d * W**2]

    out = np.sin(W) + W**2 + W**3
    return 0.5 * np.sum(out**2), [np.sum(backward(out), axis=0)]


def counted(p):
    rows = WEIGHTS[:, :3] ** 2
    c = np.zeros(4)
    c[0] = rows[0] @ p
    for t in range(1, 4):
        c[t] = np.sum(rows[t])
    d = rows[0] / c[0]
    return np.sum(np.log(c)), [d]


def embedded(W, C):
    loss, dW, dC = 0.0, np.zeros_like(W), np.zeros_like(C)
    for i, j in PAIRS:
        score = np.tanh(W[i] @ C[j])
        loss += score
        dW[i] += (1 - score**2) * C[j]
        dC[j] += (1 - score**2) * W[i]
        loss += 0.1 * np.sum(C[i] ** 2)
        dC[i] += 0.2 * C[i]
    loss /= len(PAIRS)
    dW /= len(PAIRS)
    dC /= len(PAIRS)
    loss += 0.3 * np.sum(C**2)
    dC += 0.6 * C
    return loss, [dW, dC]


def distances(q):
    squared = ((q[:, None] - q[None]) ** 2).sum(-1)
    inverse = 1 / (1 + squared)
    return np.sum(WEIGHTS * np.log(inverse)), inverse


def slopes(q, inverse):
    pull = -2 * (WEIGHTS + WEIGHTS.T) * inverse
    return (pull[:, :, None] * (q[:, None] - q[None])).sum(1)


def placed(q):
    def passed(q):
        squared = ((q[:, None] - q[None]) ** 2).sum(-1)
        inverse = 1 / (1 + squared)
        return np.sum(WEIGHTS * np.log(inverse)), inverse

    loss, inverse = passed(q)
    return loss, [slopes(q, inverse)]


def kernel(q):
    K = np.exp(-((q[:, None] - q[None]) ** 2).sum(-1))
    d = np.zeros_like(q)
    for n in range(len(q)):
        for at in range(2):
            dK = np.zeros_like(K)
            dK[n, :] = -2 * (q[n, at] - q[:, at]) * K[n, :]
            dK[:, n] = dK[n, :]
            d[n, at] = np.trace(WEIGHTS @ dK)
    return np.trace(WEIGHTS @ K), [d]


def weighed(p):
    a = np.outer(np.arange(1, 5), p) ** 2
    share, seen = a.copy(), np.zeros((2, 3))
    for t in range(4):
        if t % 2:
            seen[0] += share[t]
            share[t] = share[t] / p
        else:
            seen[1] += share[t]
            share[t] = share[t] / p
    return np.sum(a) / 2, [(seen[0] + seen[1]) / p]


MISTAKES = [
    (bowl, "[sign * g.ravel()]", "[g.ravel()]"),
    (steep, "self.scale * (1 - t**2)", "1 - t**2"),
    (bent, "np.r_[-d[0], d[:-1]", "np.r_[d[0], d[:-1]"),
    (directions, "count * bessel(k) / np.i0(k)", "count * bessel(k)"),
    (limited, "    d = hinge_grad(speed", "    d = hinge(speed"),
    (spread, "np.sum(backward(out), axis=0)", "backward(out)[0]"),
    (counted, "d = rows[0] / c[0]", "d = rows[0]"),
    (embedded, "    dC /= len(PAIRS)\n", ""),
    (placed, "np.log(inverse)), inverse\n\n    loss", "np.log(inverse)), squared\n\n    loss"),
    (kernel, "            dK[:, n] = dK[n, :]\n", ""),
    (
        weighed,
        "            seen[1] += share[t]\n            share[t] = share[t] / p\n",
        "            share[t] = share[t] / p\n            seen[1] += share[t]\n",
    ),
]


@pytest.mark.parametrize(("function", "old", "new"), MISTAKES)
def test_the_line_is_named_and_repaired(function, old, new, tmp_path):
    planted, name = Planted(__file__, tmp_path, ARRAYS), function.__name__
    assert not planted.errors(planted.wrong(old, old), name)

    (finding,) = planted.errors(planted.wrong(old, new), name)

    # Of two lines that are swapped, either is at fault.
    assert finding.line - planted.line(old) in range(max(1, new.count("\n")))
    assert not planted.errors(repaired(planted.wrong(old, new), finding), name)
