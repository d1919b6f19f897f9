"""A line that is missing altogether is named with the place where it belongs."""

import numpy as np
import pytest

import gradtui
from findings import line_of
from planted import Planted, repaired

RNG = np.random.default_rng(31)
ARRAYS = {
    "A": RNG.normal(size=(3, 4)),
    "B": RNG.normal(size=(4, 2)),
    "W": RNG.normal(size=(3, 2)) * 0.6,
    "U": RNG.normal(size=(3, 3)) * 0.6,
    "b": RNG.normal(size=3),
    "k": RNG.normal(size=(2, 3)),
    "x": RNG.normal(size=7),
    "rows": RNG.normal(size=3),
    "columns": RNG.normal(size=2),
    "v": RNG.normal(size=4),
    "p": 0.4,
    "q": 1.3,
}
DATA = RNG.normal(size=(5, 3))
INPUTS = RNG.normal(size=(4, 2))
PLACES = [(0, 1, 0.5), (2, 0, -1.0), (1, 1, 2.0), (2, 1, 0.3)]
POINT, OTHERS = RNG.normal(size=4), np.array([[1, 2], [0, 1]])
LINES, PENALTY = RNG.normal(size=(5, 4)), 0.7
SERIES = RNG.normal(size=8)


class Affine:
    def __init__(self, weights, decay):
        self.weights, self.decay = weights, decay

    def forward(self, x):
        self.x = x
        return x @ self.weights

    def backward(self, d):
        self.slope = self.x.T @ d
        self.slope += self.decay * self.weights
        return d @ self.weights.T


def shrunk(A, B):
    first, second = Affine(A, 0.3), Affine(B, 0.3)
    hidden = np.sin(first.forward(DATA))
    out = second.forward(hidden)
    loss = 0.5 * np.sum(out**2) + 0.15 * (np.sum(A**2) + np.sum(B**2))
    d = second.backward(out)
    first.backward(d * np.cos(DATA @ A))
    return loss, {"A": first.slope, "B": second.slope}


def cell_back(d, z, U):
    inner = d * (1 - z**2)
    return inner, U.T @ inner


def recurrent(W, U, b):
    states = [np.zeros(3)]
    for one in INPUTS:
        states.append(np.tanh(W @ one + U @ states[-1] + b))
    loss = 0.5 * sum((one**2).sum() for one in states)
    slopes_W, slopes_U, slopes_b = np.zeros_like(W), np.zeros_like(U), np.zeros_like(b)
    arriving = np.zeros(3)
    for t in reversed(range(len(INPUTS))):
        inner, before = cell_back(states[t + 1] + arriving, states[t + 1], U)
        slopes_W += np.outer(inner, INPUTS[t])
        slopes_U += np.outer(inner, states[t])
        slopes_b += inner
        arriving = before
    return loss, {"W": slopes_W, "U": slopes_U, "b": slopes_b}


def filtered(p, q):
    level, levels = 0.0, []
    for one in SERIES:
        level = p * level + q * one
        levels.append(level)
    off = np.array(levels) - 1.0
    dp, dq, carry = 0.0, 0.0, 0.0
    for t in range(len(SERIES) - 1, -1, -1):
        carry += off[t]
        dq += carry * SERIES[t]
        dp += carry * (levels[t - 1] if t else 0.0)
        carry = carry * p
    return 0.5 * np.sum(off**2), {"p": dp, "q": dq}


def convolved(x, k):
    count = len(x) - k.shape[1] + 1
    out = np.array([[k[f] @ x[i : i + k.shape[1]] for i in range(count)] for f in range(len(k))])
    dx, dk = np.zeros_like(x), np.zeros(k.shape)
    for f in range(len(k)):
        for i in range(count):
            part = x[i : i + 3]
            dk[f] += out[f, i] * part
            dx[i : i + 3] += out[f, i] * k[f]
    return 0.5 * np.sum(out**2), {"x": dx, "k": dk}


class Cell:
    def __init__(self, W, U, b):
        self.W, self.U, self.b = W, U, b
        self.dW, self.dU, self.db = np.zeros_like(W), np.zeros_like(U), np.zeros_like(b)

    def forward(self, x, h):
        return np.tanh(self.W @ x + self.U @ h + self.b)

    def backward(self, d, x, h, out):
        inner = d * (1 - out**2)
        self.dW += np.outer(inner, x)
        self.dU += np.outer(inner, h)
        self.db += inner
        return self.U.T @ inner


def by_cells(W, U, b):
    cell, states = Cell(W, U, b), [np.ones(3)]
    for one in INPUTS:
        states.append(cell.forward(one, states[-1]))
    d = states[-1]
    for at, one in reversed([*enumerate(INPUTS)]):
        d = cell.backward(d, one, states[at], states[at + 1])
    return 0.5 * np.sum(states[-1] ** 2), {"W": cell.dW, "U": cell.dU, "b": cell.db}


def into_sums(d, x, sums):
    sums["W"] += np.outer(d, x)
    sums["b"] += d


def by_entries(W, b):
    sums, loss = {"W": np.zeros_like(W), "b": np.zeros_like(b)}, 0.0
    for one in INPUTS:
        out = np.exp(W @ one + b)
        loss += np.sum(out)
        into_sums(out, one, sums)
    return loss, sums


def by_rows(A):
    slopes = np.zeros_like(A)
    for i in range(len(A)):
        slope = np.sin(A[i]) * np.cos(A[i])
        slopes[i] = slope
    return 0.5 * np.sum(np.sin(A) ** 2), {"A": slopes}


def of_both(rows, columns):
    sums, loss = {"rows": np.zeros_like(rows), "columns": np.zeros_like(columns)}, 0.0
    for i, j, wanted in PLACES:
        off = rows[i] + columns[j] - wanted
        loss += 0.5 * off**2 + 0.1 * (rows[i] ** 2 + columns[j] ** 2)
        sums["rows"][i] += off + 0.2 * rows[i]
        sums["columns"][j] += off + 0.2 * columns[j]
    return loss, sums


def opposed(A, b):
    loss, dA, db = 0.0, np.zeros_like(A), np.zeros_like(b)
    for i, j, _ in PLACES:
        near = np.tanh(A[i] @ POINT + b[i])
        far = np.tanh(A[OTHERS[j]] @ POINT + b[OTHERS[j]])
        loss += near**2 + np.sum(far)
        slope, slopes = 2 * near * (1 - near**2), 1 - far**2
        dA[i] += slope * POINT
        dA[OTHERS[j]] += np.outer(slopes, POINT)
        db[i] += slope
        db[OTHERS[j]] += slopes
    return loss, {"A": dA, "b": db}


def centred(A):
    mean = A.mean(axis=0)
    off = A - mean
    spread = (off**2).mean(axis=0) + 0.1
    out = off / np.sqrt(spread)
    d = out**2
    d_off = d / np.sqrt(spread)
    d_spread = -0.5 * np.sum(d * off, axis=0) / spread**1.5
    d_off += 2 / len(A) * off * d_spread
    dA = d_off - d_off.mean(axis=0)
    return np.sum(out**3) / 3, {"A": dA}


def penalised(v):
    out = np.sin(LINES @ v)
    loss = np.sum(out) + 0.5 * PENALTY * np.sum(v[1:] ** 2)
    dv = LINES.T @ np.cos(LINES @ v)
    dv[1:] += PENALTY * v[1:]
    return loss, {"v": dv}


class Node:
    def __init__(self, value, back=None):
        self.value, self.back = value, back
        self.slope = np.zeros(value.shape)


def times(one, two):
    def back(d):
        one.slope += np.dot(d, two.value.T)
        two.slope += np.dot(one.value.T, d)

    return Node(np.dot(one.value, two.value), back)


def by_tape(A, B):
    inner = times(Node(DATA), first := Node(A))
    out = times(hidden := Node(np.sin(inner.value)), second := Node(B))
    out.back(out.value)
    inner.back(hidden.slope * np.cos(inner.value))
    return 0.5 * np.sum(out.value**2), {"A": first.slope, "B": second.slope}


def averaged(A):
    out = np.tanh(DATA @ A)
    loss = 0.5 * np.sum(out**2) / (len(out) if POINT.any() else 1)
    d = out * (1 - out**2)
    if POINT.any():
        d = d / len(out)
    return loss, DATA.T @ d


MISTAKES = [
    (by_tape, "        two.slope += np.dot(one.value.T, d)\n"),
    (penalised, "    dv[1:] += PENALTY * v[1:]\n"),
    (of_both, '        sums["columns"][j] += off + 0.2 * columns[j]\n'),
    (opposed, "        db[i] += slope\n"),
    (opposed, "        db[OTHERS[j]] += slopes\n"),
    (opposed, "        dA[OTHERS[j]] += np.outer(slopes, POINT)\n"),
    (centred, "    d_off += 2 / len(A) * off * d_spread\n"),
    (by_rows, "        slopes[i] = slope\n"),
    (by_cells, "        self.dW += np.outer(inner, x)\n"),
    (by_cells, "        self.dU += np.outer(inner, h)\n"),
    (by_cells, "        self.db += inner\n"),
    (by_entries, '    sums["b"] += d\n'),
    (shrunk, "        self.slope += self.decay * self.weights\n"),
    (recurrent, "        arriving = before\n"),
    (recurrent, "        slopes_W += np.outer(inner, INPUTS[t])\n"),
    (recurrent, "        slopes_U += np.outer(inner, states[t])\n"),
    (recurrent, "        slopes_b += inner\n"),
    (filtered, "        carry = carry * p\n"),
    (convolved, "            dx[i : i + 3] += out[f, i] * k[f]\n"),
    (convolved, "            dk[f] += out[f, i] * part\n"),
]


@pytest.mark.parametrize(("function", "line"), MISTAKES)
def test_a_line_that_is_missing_is_put_back(function, line, tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)
    wrong = planted.wrong(line, "")

    (found,) = planted.errors(wrong, function.__name__)

    assert abs(found.line - planted.line(line)) <= 3
    assert planted.errors(repaired(wrong, found), function.__name__) == []


@pytest.mark.parametrize("function", dict.fromkeys(function for function, _ in MISTAKES))
def test_the_programs_are_sound(function, tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)

    assert planted.errors(planted.wrong("", ""), function.__name__) == []


def test_a_line_is_missing_where_nothing_is_done_under_a_condition(tmp_path):
    planted, line = Planted(__file__, tmp_path, ARRAYS), "        d = d / len(out)\n"
    wrong = planted.wrong(line, "        pass\n")

    (found,) = planted.errors(wrong, "averaged")

    assert found.line == planted.line(line)
    assert planted.errors(repaired(wrong, found), "averaged") == []


def stepping(A):
    d = 2 * A**3
    loss = 0.5 * np.sum(A**4)
    A -= 0.1 * d
    return loss, {"A": 2 * A**3}


def with_a_corner_of_zeros(A):
    dA = 2 * A**3
    dA[1, 2] = 0
    return 0.5 * np.sum(A**4), {"A": dA}


def without_what_is_large(A):
    dA = 2 * A**3
    dA = np.where(np.abs(dA) > 0.5, 0, dA)
    return 0.5 * np.sum(A**4), {"A": dA}


@pytest.mark.parametrize(
    ("function", "after", "fix"),
    [
        (stepping, 3, "pass"),
        (with_a_corner_of_zeros, 2, "pass"),
        (without_what_is_large, 2, "dA = dA"),
    ],
)
def test_what_spoils_a_right_value_does_not_belong_there(function, after, fix):
    (found,) = gradtui.check(function, A=ARRAYS["A"])

    assert (found.line, found.fix) == (line_of(function, after), fix)
