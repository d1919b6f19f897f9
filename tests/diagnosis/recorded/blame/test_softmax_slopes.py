"""The slope of a sigmoid, where a softmax, or a loss that has it already, needs another."""

import numpy as np
import pytest

from planted import Planted, repaired

RNG = np.random.default_rng(21)
X, R = RNG.normal(size=(6, 4)), RNG.normal(size=(6, 4))
T = (R > 0) * 1.0
ARRAYS = {name: RNG.normal(size=(4, 4)) for name in ("Wq", "Wk", "Wv")}


def softmax(scores):
    e = np.exp(scores - scores.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def attention(Wq, Wk, Wv):
    Q, K, V = X @ Wq, X @ Wk, X @ Wv
    A = softmax(Q @ K.T / 2)
    out = A @ V
    dV = A.T @ R
    dA = R @ V.T
    dS = A * (dA - (dA * A).sum(axis=-1, keepdims=True))
    dQ, dK = dS @ K / 2, dS.T @ Q / 2
    return np.sum(out * R), X.T @ dQ, X.T @ dK, X.T @ dV


def shares(Wq):
    p = softmax(X @ Wq)
    ds = p * (R - (R * p).sum(axis=-1, keepdims=True))
    return np.sum(p * R), X.T @ ds


def by_columns(Wq):
    p = softmax((X @ Wq).T).T
    ds = p * (R - (R * p).sum(axis=0, keepdims=True))
    return np.sum(p * R), X.T @ ds


def logistic(Wq):
    p = 1 / (1 + np.exp(-(X @ Wq)))
    loss = -np.sum(T * np.log(p) + (1 - T) * np.log(1 - p))
    dz = p - T
    return loss, X.T @ dz


MISTAKES = [
    (attention, "A * (dA - (dA * A).sum(axis=-1, keepdims=True))", "dA * A * (1 - A)"),
    (shares, "p * (R - (R * p).sum(axis=-1, keepdims=True))", "p * (1 - p) * R"),
    (shares, "p * (R - (R * p).sum(axis=-1, keepdims=True))", "R * (p * (1 - p))"),
    (by_columns, "p * (R - (R * p).sum(axis=0, keepdims=True))", "R * p * (1 - p)"),
    (logistic, "dz = p - T", "dz = (p - T) * p * (1 - p)"),
    (logistic, "dz = p - T", "dz = (p - T) * (p * (1 - p))"),
]


@pytest.mark.parametrize(("function", "right", "mistaken"), MISTAKES)
def test_the_right_slope_is_written(function, right, mistaken, tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)
    wrong = planted.wrong(right, mistaken)

    (found,) = planted.errors(wrong, function.__name__)

    assert found.line == planted.line(right)
    assert found.rule == ("extra-factor" if function is logistic else "missing-term")
    assert repaired(wrong, found) == planted.wrong("", "")
