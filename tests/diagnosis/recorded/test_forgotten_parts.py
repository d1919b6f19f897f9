"""Forgotten terms, factors and powers, and wrong names among many, in code as people write it."""

import numpy as np
import pytest

from gradtui.diagnosis.recorded.blame import gradients
from planted import Planted, repaired

RNG = np.random.default_rng(5)
X = RNG.normal(size=(3, 4))
ROWS = np.array([2, 0])
ARRAYS = {
    "U": RNG.normal(size=(4, 4)), "V": RNG.normal(size=(4, 3)), "KERNEL": RNG.normal(size=(3, 3)),
    "WIDTH": 0.5 + RNG.random(size=4),
}  # fmt: skip


def with_a_penalty_among_others(U, V):
    h = np.tanh(X @ U)
    d = 2 * (h @ V)
    dh = d @ V.T * (1 - h**2)
    return np.sum((h @ V) ** 2) + np.sum(U**2), (X.T @ dh + 2 * U, h.T @ d)


def labelled(V):
    words = np.array([[0, 2], [1, 1]])
    s = X[None, :2] @ V + np.arange(2)[:, None, None] * V[0]
    p = np.exp(s) / np.exp(s).sum(axis=-1, keepdims=True)
    loss = -np.log(p[np.arange(2)[:, None], np.arange(2), words]).sum()
    d = p.copy()
    d[np.arange(2)[:, None], np.arange(2), words] -= 1
    dV = X[:2].T @ d.sum(axis=0)
    dV[0] += d[1].sum(axis=0)
    return loss, {"V": dV}


def sampled(U, V):
    centre, target, others = X[0] @ U, V[:, 1], V[:, ROWS].T
    p, q = 1 / (1 + np.exp(-target @ centre)), 1 / (1 + np.exp(-others @ centre))
    loss = -np.log(p) - np.sum(np.log(1 - q))
    dcentre = (p - 1) * target + q @ others
    return loss, {"U": np.outer(X[0], dcentre)}


def of_a_cell(U, WIDTH):
    c, h = {-1: np.zeros(4)}, {-1: np.zeros(4)}
    for t in range(3):
        c[t] = c[t - 1] * WIDTH + np.sin(X[t] + U @ h[t - 1])
        h[t] = np.tanh(c[t])
    dU, dw, dh, dc = np.zeros_like(U), np.zeros_like(WIDTH), np.zeros(4), np.zeros(4)
    for t in reversed(range(3)):
        dh = 2 * h[t] + dh
        dc = dc + dh * (1 - np.tanh(c[t]) ** 2)
        dz = dc * np.cos(X[t] + U @ h[t - 1])
        dU += np.outer(dz, h[t - 1])
        dw += dc * c[t - 1]
        dh, dc = U.T @ dz, dc * WIDTH
    for one in (dU, dw):
        np.clip(one, -1e3, 1e3, out=one)
    return sum(np.sum(h[t] ** 2) for t in range(3)), {"U": dU, "WIDTH": dw}


def number_by_number(KERNEL):
    step, rows, columns = 2, 6, 5
    out = np.zeros((rows, columns))
    for i in range(2):
        for j in range(2):
            for k in range(3):
                for m in range(3):
                    out[i * step + k, j + m] += X[i, j] * KERNEL[k, m]
    dK, d = np.zeros_like(KERNEL), 2 * out
    for i in range(2):
        for j in range(2):
            value = X[i, j]
            if value == 0:
                continue
            for k in range(3):
                for m in range(3):
                    dK[k, m] += d[i * step + k, j + m] * value
    return np.sum(out**2), dK


class Cell:
    def __init__(self, U, V):
        for name in ("ir", "iz", "in", "hr", "hz", "hn"):
            for kind in ("b", "db", "m", "v", "mb", "vb", "tb"):
                setattr(self, f"{kind}{name}", np.zeros(4))
        self.U, self.V, self.dU = U, V, np.zeros_like(U)

    def forward(self, x, h):
        self.x, self.h = x, h
        self.r, self.__z = np.tanh(self.U @ x), 1 / (1 + np.exp(-(self.U @ h)))
        self.n = np.sin(x + self.r * h)
        return self.__z * self.n + (1 - self.__z) * h

    def backward(self, d):
        dz = d * (self.n - self.h)
        dn = d * self.__z * np.cos(self.x + self.r * self.h)
        dr = dn * self.h * (1 - self.r**2)
        self.dU += np.outer(dr, self.x)
        self.dU += np.outer(dz * self.__z * (1 - self.__z), self.h)
        return self.dU


def with_many_attributes(U, V):
    cell = Cell(U, V)
    y = cell.forward(X[0], X[1])
    return np.sum(y**2), {"U": cell.backward(2 * y)}


def turned_around(KERNEL):
    wide = np.pad(X, 2)
    out = np.zeros((5, 6))
    for i in range(5):
        for j in range(6):
            out[i, j] = np.sum(wide[i : i + 3, j : j + 3] * np.rot90(KERNEL, k=2))
    dK = np.zeros_like(KERNEL)
    for i in range(5):
        for j in range(6):
            dK += np.rot90(wide[i : i + 3, j : j + 3], axes=(0, 1), k=-2) * 2 * out[i, j]
    return np.sum(out**2), dK


def between_grid_points(WIDTH):
    low, high = np.floor(WIDTH), np.floor(WIDTH) + 1
    left, right = high - WIDTH, WIDTH - low
    up, down = X[0] ** 2, X[1] + X[2]
    y = left * right * up + left**2 * down
    slope = -right * up
    slope += left * up
    slope -= 2 * left * down
    upstream = np.cos(y)
    return np.sum(np.sin(y)), slope * upstream


def rotated(KERNEL):
    weights, turn = X[0, :3], np.exp(1j * X[1, :3])
    y = (KERNEL[0] + 1j * KERNEL[1]) * turn
    loss = np.sum(weights * np.abs(y) ** 2) + np.sum(y.real * KERNEL[2])
    d = 2 * weights * y + KERNEL[2]
    dz = d * np.conj(turn)
    return loss, np.stack([dz.real, dz.imag, y.real])


def with_logarithms(WIDTH):
    y = np.sin(WIDTH) * X[0]
    d = 2 * y * np.cos(WIDTH) * X[0]
    d += 1 / WIDTH
    return np.sum(y**2) + np.sum(np.log(WIDTH)), d


def filtered(x, taken):
    y = np.zeros_like(x)
    for t in range(len(x)):
        y[t] = x[t] - taken[t] * y[t - 1] if t else x[t]
    return y


def averaged(WIDTH):
    x = filtered(X[0], X[2])
    y, last = np.zeros_like(x), 0.0
    for t in range(len(x)):
        last = last + WIDTH[t] * (x[t] - last)
        y[t] = last
    later = np.roll(WIDTH, -1) - 1
    g = filtered(2 * y[::-1], later[::-1])[::-1]
    return np.sum(y**2), g * (x - np.append(0.0, y[:-1]))


def averaged_by_what_is_kept(WIDTH):
    x = filtered(X[0], X[2])
    y, last = np.zeros_like(x), 0.0
    for t in range(len(x)):
        last = last + WIDTH[t] * (x[t] - last)
        y[t] = last
    kept = 1 - np.roll(WIDTH, -1)
    g, last = np.zeros_like(y), 0.0
    for t in reversed(range(len(x))):
        last = 2 * y[t] + kept[t] * last
        g[t] = last
    return np.sum(y**2), g * (x - np.append(0.0, y[:-1]))


MISTAKES = [
    (averaged, "np.roll(WIDTH, -1) - 1", "np.roll(WIDTH, -1)"),
    (averaged_by_what_is_kept, "1 - np.roll(WIDTH, -1)", "np.roll(WIDTH, -1)"),
    (with_a_penalty_among_others, "(X.T @ dh + 2 * U, ", "(X.T @ dh, "),
    (labelled, "    d[np.arange(2)[:, None], np.arange(2), words] -= 1\n", "    pass\n"),
    (sampled, "(p - 1) * target + q @ others", "(p - 1) * target"),
    (of_a_cell, "(1 - np.tanh(c[t]) ** 2)", "(1 - np.tanh(c[t]))"),
    (of_a_cell, "dw += dc * c[t - 1]", "dw = dc * c[t - 1]"),
    (number_by_number, "j + m] * value", "j + m]"),
    (number_by_number, "d[i * step + k, j + m] * v", "d[i + k, j + m] * v"),
    (with_many_attributes, "dn = d * self.__z", "dn = d * self.r"),
    (with_many_attributes, "(1 - self.r**2)", "(1 - self.__z**2)"),
    (turned_around, "axes=(0, 1), k=-2", "axes=(0, 1), k=-1"),
    (with_logarithms, "d += 1 / WIDTH", "d += WIDTH"),
    (rotated, "np.conj(turn)", "turn"),
    (between_grid_points, "slope += left * up", "slope += right * up"),
]


@pytest.mark.parametrize(("function", "old", "new"), MISTAKES)
def test_the_line_and_its_fix_are_found_within_few_runs(function, old, new, tmp_path, monkeypatch):
    monkeypatch.setattr(gradients, "_MOST", 450)
    planted = Planted(__file__, tmp_path, ARRAYS)
    at, wrong = planted.line(old), planted.wrong(old, new)

    (found,) = planted.errors(wrong, function.__name__)

    assert found.replaces == (at, at)
    assert planted.errors(repaired(wrong, found), function.__name__) == []
