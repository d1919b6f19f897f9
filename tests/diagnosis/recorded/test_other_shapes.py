"""Names of another shape than the one that belongs there, and factors of two gated values."""

import numpy as np
import pytest

from planted import Planted, repaired

RNG = np.random.default_rng(11)
X = RNG.normal(size=(5, 3))
ARRAYS = {"W": RNG.normal(size=(3, 4)), "V": RNG.normal(size=(3, 4)), "b": RNG.normal(size=4)}


def penalised(W, b):
    rate, scale = 0.3, np.sqrt(2.0)
    z = X @ W + b
    d = scale * z
    dW = X.T @ d
    dW += rate * W
    db = d.sum(axis=0)
    return 0.5 * scale * np.sum(z**2) + 0.5 * rate * np.sum(W**2), (dW, db)


def gated(W, V):
    h = np.cos(X @ V)
    z = 1.0 / (1.0 + np.exp(-(X @ W)))
    c = np.tanh(X @ V)
    out = (1 - z) * h + z * c
    arriving = out
    dz = arriving * (c - h)
    dc = arriving * z
    dh = arriving * (1 - z)
    dW = X.T @ (dz * z * (1 - z))
    dV = X.T @ (dc * (1 - c**2) - dh * np.sin(X @ V))
    return 0.5 * np.sum(out**2), (dW, dV)


MISTAKES = [
    (penalised, "dW += rate * W", "dW += b * W"),
    (penalised, "(dW, db)", "(dW, d)"),
    (gated, "dz = arriving * (c - h)", "dz = arriving"),
]  # fmt: skip


@pytest.mark.parametrize(("function", "old", "new"), MISTAKES)
def test_the_line_and_a_fix_are_named(function, old, new, tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)
    text = planted.wrong(old, new)

    (found,) = planted.errors(text, function.__name__)

    assert found.replaces == (planted.line(old),) * 2
    assert planted.errors(repaired(text, found), function.__name__) == []
