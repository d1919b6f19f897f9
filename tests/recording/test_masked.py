"""Logarithms and roots of masked arrays, which losses are written with."""

import numpy as np
import pytest

from planted import Planted, repaired

RNG = np.random.default_rng(31)
X, Y = RNG.normal(size=(5, 3)), np.eye(4)[[0, 2, 1, 3, 2]]
ARRAYS = {"W": RNG.normal(size=(3, 4))}


def shares_of(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def entropy(W):
    p = shares_of(X @ W)
    loss = -np.sum(np.ma.log(p * Y).filled(0) * Y)
    return loss, {"W": X.T @ (p - Y)}


def rooted(W):
    z = X @ W
    loss = np.sum(np.ma.sqrt(z).filled(0.5))
    return loss, {"W": X.T @ np.where(z > 0, 0.5 / np.sqrt(np.abs(z)), 0)}


MISTAKES = [
    ("entropy", "X.T @ (p - Y)", "X.T @ (p + Y)"),
    ("rooted", "0.5 / np.sqrt", "2 / np.sqrt"),
]


@pytest.mark.parametrize(("case", "old", "new"), MISTAKES)
def test_their_derivatives_are_known(case, old, new, tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)
    wrong = planted.wrong(old, new)

    (found,) = planted.errors(wrong, case)

    assert found.line == planted.line(old)
    assert repaired(wrong, found).count(old) == 1
    assert planted.errors(planted.wrong("", ""), case) == []
