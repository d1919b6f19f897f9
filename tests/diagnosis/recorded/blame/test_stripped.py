"""Lines that have lost all that they did with a value: a mean, a factor, a round's entry."""

import numpy as np
import pytest

from planted import Planted, told

RNG = np.random.default_rng(18)
ARRAYS = {
    "x": RNG.normal(size=(4, 5)), "g": RNG.normal(size=5), "w": RNG.normal(size=(5, 3)),
    "h": RNG.normal(size=(6, 1)), "U": RNG.normal(size=(3, 7)),
}  # fmt: skip
R, S, AIMS = RNG.normal(size=(4, 5)), RNG.normal(size=(4, 3)), RNG.normal(size=(3, 1))
PICKS = np.array([2, 0, 1, 2])
HIDDEN = 4


def normed(x, g):
    mu = x.mean(axis=1, keepdims=True)
    sd = np.sqrt(((x - mu) ** 2).mean(axis=1, keepdims=True) + 1e-5)
    xn = (x - mu) / sd
    dxn = R * g
    mean_dxn = dxn.mean(axis=1, keepdims=True)
    mean_dxn_x = (dxn * xn).mean(axis=1, keepdims=True)
    dx = (dxn - mean_dxn - xn * mean_dxn_x) / sd
    return np.sum(xn * g * R), {"x": dx, "g": np.sum(R * xn, axis=0)}


def squashed(x, w):
    a = np.tanh(x @ w)
    gate = 1 - a**2
    slope = S * gate
    dz = slope
    dw = x.T @ dz
    dx = dz @ w.T
    return np.sum(a * S), {"x": dx, "w": dw}


def scored(x, w):
    loss, scores = 0.0, np.zeros(4)
    for i in range(4):
        scores[i] = x[i] @ w[:, PICKS[i]]
        loss = loss + np.logaddexp(0, scores[i])
    dscores = 1 / (1 + np.exp(-scores))
    dw, dx = np.zeros_like(w), np.zeros_like(x)
    for i in range(4):
        dw[:, PICKS[i]] += dscores[i] * x[i]
        dx[i] = dscores[i] * w[:, PICKS[i]]
    return loss, {"x": dx, "w": dw}


def split(h, U):
    top = h[:HIDDEN, :]
    both = np.vstack([top, np.tanh(AIMS)])
    out = U @ both
    d_both = U.T @ out
    d_top = d_both[:HIDDEN, :]
    d_rest = h[HIDDEN:, :]
    dh = np.vstack([d_top, 0 * d_rest])
    return np.sum(out**2) / 2, {"h": dh, "U": out @ both.T}


def halves(U):
    left, right = U[:, :3], U[:, 3:]
    product = left.T @ right
    dleft, dright = right @ product.T, left @ product
    both = np.hstack([dleft, dright])
    first, rest = both[:, :3], both[:, 3:]
    return np.sum(product**2) / 2, {"U": np.hstack([first, rest])}


def paired(x, w):
    a = x @ w
    b = 2 * a
    da, db = _slopes(a)
    dw, dx = x.T @ (da + db), (da + db) @ w.T
    dc = np.zeros_like(b)
    dc, db = _slopes(b)
    dw += 2 * x.T @ (dc + db)
    dx += 2 * (dc + db) @ w.T
    return np.sum(a**2) + np.sum(np.sin(a)) + np.sum(b**2) + np.sum(np.sin(b)), {"x": dx, "w": dw}


def _slopes(a):
    return 2 * a, np.cos(a)


MISTAKES = [
    ("mean_dxn = dxn.mean(axis=1, keepdims=True)", "mean_dxn = dxn", "normed"),
    ("slope = S * gate", "slope = S", "squashed"),
    ("dw[:, PICKS[i]] += dscores[i] * x[i]", "dw[:, PICKS[i]] += x[i]", "scored"),
    ("dx[i] = dscores[i] * w[:, PICKS[i]]", "dx[i] = w[:, PICKS[i]]", "scored"),
    ("d_top = d_both[:HIDDEN, :]", "d_top = out[:HIDDEN, :]", "split"),
    ("first, rest = both[:, :3], both[:, 3:]", "first, rest = both[:, :3], U[:, 3:]", "halves"),
    ("dc, db = _slopes(b)", "db, db = _slopes(b)", "paired"),
]


@pytest.mark.parametrize(("old", "new", "name"), MISTAKES)
def test_the_line_is_told_and_mended(tmp_path, old, new, name):
    planted = Planted(__file__, tmp_path, ARRAYS)
    assert told(planted, old, new, name) == (planted.line(old), [])


@pytest.mark.parametrize("name", ["halves", "normed", "paired", "scored", "split", "squashed"])
def test_the_right_program_is_silent(tmp_path, name):
    planted = Planted(__file__, tmp_path, ARRAYS)
    assert planted.errors(planted.wrong("", ""), name) == []
