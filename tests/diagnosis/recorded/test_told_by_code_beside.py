"""Which of several lines is wrong, told by the code beside: its form, its names, its gaps."""

import numpy as np
import pytest

from planted import Planted, repaired

RNG = np.random.default_rng(3)
ARRAYS = {
    "U": RNG.normal(size=(4, 2)),
    "V": RNG.normal(size=(5, 2)),
    "A": RNG.normal(size=(3, 3)),
    "B": RNG.normal(size=(3, 3)),
    "S": RNG.normal(size=4),
    "H": RNG.normal(size=(3, 3)),
}
SEEN = [(0, 1, 0.3), (1, 1, -0.4), (3, 4, 1.0), (2, 0, 0.2), (1, 3, -1.1), (0, 2, 0.6)]
X, PARTS = RNG.normal(size=(3, 3)), np.array([1, 3])
M = RNG.normal(size=(4, 4))
PHASES, GOALS = np.exp(1j * RNG.normal(size=4)), RNG.normal(size=4) + 1j * RNG.normal(size=4)
POINTS = RNG.normal(size=(5, 4))


def matched(U, V):
    loss, dU, dV = 0.0, np.zeros_like(U), np.zeros_like(V)
    for i, j, seen in SEEN:
        off = seen - np.dot(U[i], V[j])
        loss += 0.5 * off**2
        dU[i, :] += V[j, :] * (-off / 1.3) * 1.3
        dV[j, :] += U[i, :] * (-off / 1.3) * 1.3
    return loss, (dU, dV)


def two_ways(A, B, H):
    p, q = H @ A, H @ B
    out = np.tanh(p * q)
    d = 2 * out * (1 - out**2)
    dp, dq = d * q, d * p
    grads = {}
    by_p = dp @ A.T
    by_q = dq @ B.T
    grads["H"] = by_p + by_q
    return np.sum(out**2), (H.T @ dp, H.T @ dq, grads["H"])


def pooled(U):
    start, means = 0, []
    for size in PARTS:
        means.append(U[start : start + size].sum(axis=0) / size)
        start += size
    loss, d, start = sum(np.sum(one**2) for one in means), np.zeros_like(U), 0
    for at, size in enumerate(PARTS):
        d[start : start + size] = 2 * means[at] / size
        start += size
    return loss, d


def gated(A):
    gates = np.array([0.5, 1.5, -0.7])
    out = np.tanh(X @ A) * gates[:, None]
    d = 2 * out
    d *= 1 - np.tanh(X @ A) ** 2
    d *= gates[:, None]
    return np.sum(out**2), X.T @ d


def apart(waves):
    return np.conj(waves - GOALS)


def shifted(S):
    waves = np.exp(1j * S) * PHASES
    loss = np.sum(np.abs(waves - GOALS) ** 2) / 2
    return loss, np.real(apart(waves) * 1j * waves)


def layered(A, B, H):
    params, reg = {"W1": A, "W2": B, "W3": H}, 0.3
    count = len(params)
    values = [X]
    for i in range(count):
        values.append(np.tanh(values[-1] @ params["W" + str(i + 1)]))
    loss = np.sum(values[-1] ** 2)
    for i in range(count):
        loss += 0.5 * reg * np.sum(params["W" + str(i + 1)] ** 2)
    grads, d = {}, 2 * values[-1] * (1 - values[-1] ** 2)
    dw = values[count - 1].T @ d
    grads["W" + str(count)] = dw + reg * params["W" + str(count)]
    for i in range(count - 2, -1, -1):
        d = (d @ params["W" + str(i + 2)].T) * (1 - values[i + 1] ** 2)
        dw = values[i].T @ d
        grads["W" + str(i + 1)] = dw + reg * params["W" + str(i + 1)]
    return loss, grads["W1"], grads["W2"], grads["W3"]


def soft(S):
    scale = 1 / 1.7
    z = (POINTS @ S) * scale
    loss = 2 * np.sum(np.sqrt(1 + z**2) - 1)
    f = (1 + z**2) ** -0.5
    return loss, 2 * np.sum((z * scale * f)[:, None] * POINTS, axis=0)


def energy(H):
    inner = 0.5 * np.dot(H, X) + 0.2
    loss = np.sum(np.log(np.exp(inner) + np.exp(-inner)))
    projected = np.dot(H, X)
    shifted = 0.5 * projected + 0.2
    twice = np.exp(2 * shifted)
    slope = (twice - 1.0) / (twice + 1)
    return loss, np.dot(slope, 0.5 * X.T)


class Sums:
    def __init__(self, rows):
        self.rows = rows

    def dot(self, v):
        out = np.zeros_like(v)
        for i in range(len(v)):
            out[i] = self.rows[i] @ v
        return out

    def dot_turned(self, v):
        out = np.zeros_like(v)
        for i in range(len(v)):
            out += self.rows[i] * v[i]
        return out

    def value(self, v):
        return np.sum(np.exp(self.dot(v)))

    def slope(self, v):
        return self.dot_turned(np.exp(self.dot(v)))


def summed(S):
    sums = Sums(M)
    return sums.value(S), sums.slope(S)


def damped(A, B):
    reg, given = 0.3, 1.7
    loss = -given * reg * np.sum(np.sin(A) * np.cos(B))
    by_a = (
        given
        * np.cos(A)
        * np.cos(B)
        * (-reg)
    )  # fmt: skip
    by_b = (
        given
        * np.sin(A) * np.sin(B) * -1
        * (-reg)  # of both
    )  # fmt: skip
    return loss, {"A": by_a, "B": by_b}


MISTAKES = [
    (damped, "(-reg)  # of both", "(-given)  # of both"),
    (two_ways, "by_p + by_q", "by_q"),
    (pooled, "2 * means[at] / size", "2 * means[at]"),
    (gated, "    d *= gates[:, None]", "    pass"),
    (shifted, "np.conj(waves - GOALS)", "waves - GOALS"),
    (matched, "dV[j, :] += U[i, :]", "dV[j, :] += V[j, :]"),
    (layered, 'dw + reg * params["W" + str(i + 1)]', "dw"),
    (soft, "    f = (1 + z**2) ** -0.5", "    f = (1 + z**2) ** 0.5"),
    (energy, "    shifted = 0.5 * projected", "    shifted = projected"),
    (summed, "self.dot_turned(np.exp", "self.dot(np.exp"),
]


@pytest.mark.parametrize(("function", "old", "new"), MISTAKES)
def test_the_line_is_named_that_the_code_beside_tells_of(function, old, new, tmp_path):
    planted, name = Planted(__file__, tmp_path, ARRAYS), function.__name__
    assert not planted.errors(planted.wrong(old, old), name)

    (finding,) = planted.errors(planted.wrong(old, new), name)

    assert finding.line == planted.line(old)
    assert not planted.errors(repaired(planted.wrong(old, new), finding), name)
