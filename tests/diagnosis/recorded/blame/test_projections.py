"""The second term of the gradient of a normalisation, which has two that are easily forgotten."""

import numpy as np
import pytest

from planted import Planted, repaired

RNG = np.random.default_rng(6)
X = RNG.normal(size=(5, 4))
Q = RNG.normal(size=(2, 3, 4))
G = np.array([0.7, 1.2, -0.6, 0.9])
SHIFT = RNG.normal(size=(5, 4))


def by_rows(X, G):
    centre = X.mean(axis=1, keepdims=True)
    spread = np.sqrt(X.var(axis=1, keepdims=True) + 1e-5)
    unit = (X - centre) / spread
    out = G * unit + SHIFT
    d = 3 * out**2
    du = d * G
    along = unit * (du * unit).mean(axis=1, keepdims=True)
    dX = (du - du.mean(axis=1, keepdims=True) - along) / spread
    return np.sum(out**3), dX, (d * unit).sum(axis=0)


def by_columns(X):
    n = len(X)
    spread = np.sqrt(np.var(X, axis=0) + 1e-5)
    unit = (X - np.mean(X, axis=0)) / spread
    out = unit + SHIFT
    d = 3 * out**2
    dX = (n * d - np.sum(d, axis=0) - unit * np.sum(d * unit, axis=0)) / (n * spread)
    return np.sum(out**3), dX


def of_tokens(Q):
    spread = np.sqrt(Q.var(-1, keepdims=True) + 1e-5)
    unit = (Q - Q.mean(-1, keepdims=True)) / spread
    out = unit + SHIFT[0]
    du = 3 * out**2
    d = du / spread
    d -= d.mean(-1, keepdims=True) + unit * (d * unit).mean(-1, keepdims=True)
    return np.sum(out**3), d


def divided(X):
    m = X.shape[1]
    spread = np.sqrt(X.var(1, keepdims=True) + 1e-5)
    unit = (X - X.mean(1, keepdims=True)) / spread
    out = unit + SHIFT
    du = 3 * out**2
    dX = (du - du.sum(1, keepdims=True) / m - unit * (du * unit).sum(1, keepdims=True) / m) / spread
    return np.sum(out**3), dX


def in_steps(X):
    n = X.shape[1]
    centred = X - X.mean(1, keepdims=True)
    inverse = 1 / np.sqrt((centred**2).mean(1, keepdims=True) + 1e-5)
    unit = centred * inverse
    out = unit + SHIFT
    by_centred = 3 * out**2 * inverse
    by_mean = -by_centred.sum(1, keepdims=True)
    dX = by_centred + by_mean / n - unit * (by_centred * unit).sum(1, keepdims=True) / n
    return np.sum(out**3), dX


def beside(X):
    spread = np.sqrt(X.var(1, keepdims=True) + 1e-5)
    unit = (X - X.mean(1, keepdims=True)) / spread
    out = unit + SHIFT
    du = 3 * out**2
    middle = du.mean(1, keepdims=True)
    dX = (du - middle - unit * (du * unit).mean(1, keepdims=True)) / spread
    return np.sum(out**3), dX


MISTAKES = [
    (by_rows, " - along", "", "unit * (du * unit).mean(axis=1, keepdims=True)"),
    (by_columns, " - unit * np.sum(d * unit, axis=0)", "", "unit * np.sum(d * unit, axis=0)"),
    (of_tokens, " + unit * (d * unit).mean(-1, keepdims=True)", "",
     "+ unit * (d * unit).mean(-1, keepdims=True)"),
    (divided, " - unit * (du * unit).sum(1, keepdims=True) / m", "",
     "- unit * (du * unit).sum(1, keepdims=True) / m"),
    (in_steps, " - unit * (by_centred * unit).sum(1, keepdims=True) / n", "",
     "- unit * (by_centred * unit).sum(1, keepdims=True) / n"),
    (beside, " - unit * (du * unit).mean(1, keepdims=True)", "",
     "- unit * (du * unit).mean(1, keepdims=True)"),
]  # fmt: skip


@pytest.mark.parametrize(("function", "old", "new", "fix"), MISTAKES)
def test_the_part_along_the_normalised_value_is_told(function, old, new, fix, tmp_path):
    planted = Planted(__file__, tmp_path, {"X": X, "Q": Q, "G": G})
    at, wrong = planted.line(old), planted.wrong(old, new)
    if function is by_rows:  # nothing else tells of it
        wrong = wrong.replace("    along = unit * (du * unit).mean(axis=1, keepdims=True)\n", "")

    (found,) = planted.errors(wrong, function.__name__)

    assert found.line == at - (function is by_rows)
    assert found.rule == "missing-term"
    assert fix in found.fix
    assert planted.errors(repaired(wrong, found), function.__name__) == []
