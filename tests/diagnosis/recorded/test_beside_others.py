"""Mistakes of which the code beside them tells: strides, rounds, sums, parts, masks."""

import numpy as np
import pytest

from planted import Planted, repaired

RNG = np.random.default_rng(4)
STATES, IMAGE, STEP = RNG.normal(size=(5, 3)), RNG.normal(size=(7, 8)), 2
ALL = RNG.normal(size=12)


def windows(IMAGE):
    rows, columns = (IMAGE.shape[0] - 3) // STEP + 1, (IMAGE.shape[1] - 2) // STEP + 1
    out, d = np.zeros((rows, columns)), np.zeros_like(IMAGE)
    for i in range(rows):
        for j in range(columns):
            y0, x0 = i * STEP, j * STEP
            out[i, j] = np.sum(IMAGE[y0 : y0 + 3, x0 : x0 + 2] ** 2)
    for i in range(rows):
        for j in range(columns):
            top, bottom = i * STEP, i * STEP + 3
            left, right = j * STEP, j * STEP + 2
            d[top:bottom, left:right] += 2 * out[i, j] * 2 * IMAGE[top:bottom, left:right]
    return np.sum(out**2), d


def rounds(STATES):
    total, d = 0.0, np.zeros_like(STATES)
    for t in range(len(STATES)):
        for k in range(max(0, t - 2), t + 1):
            total += np.sum(np.sin(STATES[t]) * STATES[k])
    for t in range(len(STATES)):
        for k in reversed(np.arange(max(0, t - 2), t + 1)):
            d[t] += np.cos(STATES[t]) * STATES[k]
            d[k] += np.sin(STATES[t])
    return total, d


class Gate:
    def parts(self, d, x, y):
        return d * y, d * x

    def __call__(self, STATES):
        self.dz, self.dh = np.zeros_like(STATES), np.zeros_like(STATES)
        z, h = np.tanh(STATES), np.sin(STATES)
        a, b = self.parts(np.ones_like(h), z, h)
        self.dz += a
        self.dh += b
        a, b = self.parts(np.ones_like(h), z, z)
        self.dz += a
        self.dz += b
        return np.sum(z * h + z * z), self.dz * (1 - z**2) + self.dh * np.cos(STATES)


def gated(STATES):
    return Gate()(STATES)


def product(ALL):
    a, b, c = ALL.reshape(3, -1)
    return np.sum(np.sin(a) * b**2 * np.exp(c))


def parted(ALL):
    n = len(ALL) // 3
    first, second = ALL[:n], ALL[n : 2 * n]
    last = ALL[-n:]
    out = np.exp(last) * second
    return product(ALL), np.concatenate([np.cos(first) * out * second, 2 * np.sin(first) * out,
                                         np.sin(first) * second * out])  # fmt: skip


def kept(ALL):
    positive = ALL > 0
    d = 3 * ALL**2
    d[positive] -= 1
    return np.sum(ALL**3) - np.sum(ALL[positive]), d


MISTAKES = [
    (parted, "last = ALL[-n:]", "last = ALL[n : 2 * n]"),
    (kept, "d[positive] -= 1", "d -= 1"),
    (windows, "top, bottom = i * STEP, i * STEP + 3", "top, bottom = i, i + 3"),
    (rounds, "np.arange(max(0, t - 2), t + 1)", "np.arange(max(0, t - 2), t)"),
    (gated, "        self.dz += b", "        self.dz = b"),
]


@pytest.mark.parametrize(("function", "old", "new"), MISTAKES)
def test_what_is_alike_beside_a_line_is_its_fix(function, old, new, tmp_path):
    planted = Planted(__file__, tmp_path, {"STATES": STATES, "IMAGE": IMAGE, "ALL": ALL})
    at, wrong = planted.line(old), planted.wrong(old, new)

    (found,) = planted.errors(wrong, function.__name__)

    assert found.replaces == (at, at)
    assert planted.errors(repaired(wrong, found), function.__name__) == []
