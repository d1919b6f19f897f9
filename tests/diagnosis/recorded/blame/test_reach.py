"""What is said of a line that adds to an array and that is missing: true of the whole function."""

import ast

import numpy as np
import pytest

import gradtui
from gradtui.diagnosis.recorded.blame.reach import may_reach

POINTS = np.random.default_rng(1).normal(size=(5, 2))
BONDS = [(0, 1), (1, 2), (2, 3), (3, 4), (0, 3)]
X = np.random.default_rng(2).normal(size=(4, 3))
BIAS = np.full(4, 0.3)


def in_another_loop(p=POINTS):
    energy, d = 0.0, np.zeros_like(p)
    for a, b in BONDS:
        r = p[a] - p[b]
        energy += 0.5 * (np.sqrt(r @ r) - 1) ** 2 + 0.1 * (r @ r) ** 2
    for a, b in BONDS:
        r = p[a] - p[b]
        force = (np.sqrt(r @ r) - 1) * r / np.sqrt(r @ r)
        d[a] += force
    for i, j in BONDS:
        r = p[i] - p[j]
        d[i] += 0.4 * (r @ r) * r
        d[j] -= 0.4 * (r @ r) * r
    return energy, d


def nowhere(W=X.T, b=BIAS):
    loss, dW, db = 0.0, np.zeros_like(W), np.zeros_like(b)
    for x in X:
        h = x @ W + b
        loss += np.sum(np.sin(h))
        dh = np.cos(h)
        dW += np.outer(x, dh)
    return loss, {"W": dW, "b": db}


def test_what_another_loop_adds_to_is_not_said_to_get_nothing():
    (found,) = gradtui.check(in_another_loop)
    assert found.fix.endswith("d[b] -= force")
    assert "d[b] -= force is missing" in found.message
    assert "nothing is added" not in found.message


def test_what_nothing_is_added_to_is_said():
    (found,) = gradtui.check(nowhere)
    assert found.fix.endswith("db += dh")
    assert "nothing is added to db: db += dh is missing" in found.message


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("d[i] += x", "d"), ("d -= x", "d"), ("d[:] = x", "d"), ("np.add.at(d, i, x)", "d"),
        ("d = f(d)", "d"), ("e = d", "d"), ("g = {'W': d}", "d"), ("a, d = x, y", "d"),
        ("for one in (d, e):\n    one += x", "d"), ("g['W'] += x", "g['W']"),
        ("g[k] += x", "g['W']"), ("f(g)", "g['W']"), ("f(x, to=g)", "g['W']"),
        ("for k, v in g.items():\n    v += x", "g['W']"), ("self.d += x", "self.d"),
    ],
)  # fmt: skip
def test_code_may_write_by_other_names(line, name):
    assert may_reach(ast.parse(line), name)


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("d = np.zeros(3)", "d"), ("d, e = np.zeros_like(w), 0", "d"), ("e[i] += x", "d"),
        ("w = w - 0.1 * d", "d"), ("w -= 0.1 * d", "d"), ("e = d + x", "d"), ("f(e)", "d"),
        ("g['b'] += x", "g['W']"), ("e[k] += x", "g['W']"), ("self.e += x", "self.d"),
    ],
)  # fmt: skip
def test_what_is_only_read_stays_as_it_is(line, name):
    assert not may_reach(ast.parse(line), name)
