"""Of several edits that repair the same, the one that undoes what was mistyped."""

import numpy as np
import pytest

import gradtui
from findings import line_of
from planted import Planted, repaired

RNG = np.random.default_rng(0)
X, GOALS = RNG.normal(size=(6, 4)), RNG.normal(size=(6, 3))
W, B = RNG.normal(size=(4, 3)), RNG.normal(size=3)
G, T, LABELS = RNG.normal(size=3), RNG.normal(size=15), np.array([0, 2, 1, 2, 0, 1])
P, PAIRS = RNG.normal(size=(6, 2)), ((0, 1), (1, 4), (2, 5), (3, 0), (4, 5))
SQUARE = np.vander(np.linspace(-1, 1, 6))
IMAGE, K, C = RNG.normal(size=(5, 5)), RNG.normal(size=(3, 3, 2)), RNG.normal(size=2)


def normalised(W, B, G):
    n = len(X)
    z = X @ W + B
    centred = z - 1.0 / n * np.sum(z, axis=0)
    var = 1.0 / n * np.sum(centred**2, axis=0)
    std = np.sqrt(var + 1e-5)
    inverse = 1.0 / std
    hat = centred * inverse
    off = np.tanh(hat * G) - GOALS
    dy = 2 * off * (1 - np.tanh(hat * G) ** 2)
    dhat = dy * G
    dinverse = np.sum(dhat * centred, axis=0)
    dstd = -1.0 / (std**2) * dinverse
    dvar = 0.5 / np.sqrt(var + 1e-5) * dstd
    dsquare = 1.0 / n * np.ones((n, 3)) * dvar
    dcentred = dhat * inverse + 2 * centred * dsquare
    dmean = -1 * np.sum(dcentred, axis=0)
    dz = dcentred + 1.0 / n * np.ones((n, 3)) * dmean
    return np.sum(off**2), (X.T @ dz, dz.sum(axis=0), np.sum(dy * hat, axis=0))


def layers(W, B, G):
    def pool(d):
        dx = np.zeros_like(X)
        for i in range(6):
            for j in range(4):
                at, to = 1 * i, 1 * j
                dx[at, to] += d[i, j]
        return dx

    kept = np.tanh(0.7 * X) @ W
    gates = np.exp(-kept) / 1.3
    off = np.tanh(gates * G + B) - GOALS
    dy = 2 * off * (1 - np.tanh(gates * G + B) ** 2)
    dgates = dy.copy()
    dgates *= G
    dkept = -dgates * np.exp(-kept) / 1.3
    dinputs = pool(np.tanh(0.7 * X))
    return np.sum(off**2), (dinputs.T @ dkept, dy.sum(axis=0), np.sum(dy * gates, axis=0))


def springs(P):
    energy, d = 0.0, np.zeros_like(P)
    for u, v in PAIRS:
        energy += np.sum((P[u] - P[v]) ** 2)
        pull = 2 * (P[u] - P[v])
        d[u] += pull
        d[v] -= pull
    return energy, d


def coupled(P):
    energy, d = 0.0, np.zeros_like(P)
    for u, v in PAIRS:
        energy -= P[u] @ P[v]
        d[u, :] -= P[v, :]
        d[v, :] -= P[u, :]
    return energy, d


def convolved(K, C):
    out, f = np.zeros((3, 3, 2)), len(K)
    for h in range(3):
        for w in range(3):
            for c in range(2):
                out[h, w, c] = np.sum(IMAGE[h : h + f, w : w + f] * K[:, :, c]) + C[c]
    dK, dC, d = np.zeros(K.shape), np.zeros(C.shape), 2 * out
    for h in range(3):
        for w in range(3):
            for c in range(2):
                dK[:, :, c] += IMAGE[h : h + f, w : w + f] * d[h, w, c]
                dC[c] += d[h, w, c]
    return np.sum(out**2), (dK, dC)


def attracted(P, other):
    apart = P[:, None] - P[None]
    near = np.exp(-np.sum(apart**2, axis=2))
    weights = near * (other - 1.0)
    return np.sum(weights), -4 * np.sum(weights[:, :, None] * apart, axis=1)


def attraction(P):
    return attracted(P, 2 * np.ones((6, 6)) - np.eye(6))


def repulsion(P):
    close = np.exp(-0.5 * np.sum((P[:, None] - P[None]) ** 2, axis=2))
    apart = P[:, None] - P[None]
    return np.sum(close), -2 * np.sum(close[:, :, None] * apart, axis=1)


class Squashed:
    def __call__(self, x):
        self.kept = np.copy(x)
        return 1 / (1 + np.exp(-x))

    def back(self, d):
        s = self(self.kept)
        return d * s * (1 - s)

    def loss(self, out):
        return np.sum(out**3)

    def slope(self, out):
        return self.cubed(out)

    def cubed(self, out):
        return 3 * out**2

    def doubled(self, out):
        return 2 * out


def squashed(W, B):
    layer = Squashed()
    out = layer(X @ W + B)
    dz = layer.back(layer.slope(out))
    return layer.loss(out), (X.T @ dz, dz.sum(axis=0))


def flat(T):
    n, W, B = len(X), T[:12].reshape(4, 3), T[12:]
    out = np.tanh(X @ W + B)
    d = 2 * (out - GOALS) * (1 - out**2)
    dW = X.T @ d / n
    dB = np.sum(d, axis=0) / n
    return np.sum((out - GOALS) ** 2) / n, np.concatenate((dW.reshape(12), dB.reshape(3)))


def layer_normed(W):
    z = X @ W
    n = z.shape[1]
    centred = z - z.mean(axis=1, keepdims=True)
    std = np.sqrt((centred**2).mean(axis=1, keepdims=True) + 1e-5)
    d = 2 * (centred / std - GOALS)
    dcentred = d / std
    dvar = -0.5 * np.sum(d * centred * std**-3, axis=1, keepdims=True)
    dsquare = dvar / n
    dcentred = dcentred + 2 * centred * dsquare
    dz = dcentred - dcentred.mean(axis=1, keepdims=True)
    return np.sum((centred / std - GOALS) ** 2), X.T @ dz


def chosen(scores, rows):
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    loss = -np.log(p[np.arange(len(p)), LABELS]).mean()
    size = len(LABELS)
    if rows:
        d = (p - np.eye(3)[LABELS]) / size
    else:
        d = p.copy()
        d[np.arange(size), LABELS] -= 1
        d = d / size
    return loss, d


def classified(W, B):
    loss, d = chosen(X @ W + B, False)
    return loss, (X.T @ d, d.sum(axis=0))


def spread(d, shape):
    dx = np.zeros(shape)
    for i in range(3):
        for j in range(3):
            dx[i + 1, j] = d[i, j]
    return dx


def pooled(W):
    square = np.tanh(W[1:, :])
    d = spread(2 * square, W.shape)
    return np.sum(square**2), d * (1 - np.tanh(W) ** 2)


def looked_up(T):
    rows, d = [0, 3, 3, 14, 0], np.ones(15)
    np.subtract.at(d, rows, -2 * T[rows])
    return np.sum(T) + np.sum(T[rows] ** 2), d


def chained(S, T):
    steps, E = len(S), T[:9].reshape(3, 3)
    ahead, back = np.zeros((steps, 3)), np.zeros((steps, 3))
    ahead[0] = S[0]
    for t in range(1, steps):
        ahead[t] = np.log(np.exp(ahead[t - 1][:, None] + E).sum(axis=0)) + S[t]
    for t in range(steps - 2, -1, -1):
        back[t] = np.log(np.exp(E + S[t + 1] + back[t + 1]).sum(axis=1))
    total = np.log(np.exp(ahead[-1]).sum())
    dS, dE = np.zeros_like(S), np.zeros((3, 3))
    dS[0] = np.exp(ahead[0] + back[0] - total)
    for t in range(1, steps):
        both = np.exp(ahead[t - 1][:, None] + E + S[t] + back[t] - total)
        dS[t] = both.sum(axis=0)
        dE += both
    return total, (dS, np.concatenate([dE.ravel(), np.zeros(6)]))


def unfolded(K):
    rows = np.array([IMAGE[h : h + 3, w : w + 3].ravel() for h in range(3) for w in range(3)])
    out = np.tanh(rows @ K.reshape(9, 2))
    d = 2 * out * (1 - out**2)
    dK = (rows.T @ d).reshape(K.shape)
    return np.sum(out**2), dK


def penalised(W, B):
    n, beta = len(X), 0.8
    kept = {"h": X @ W + B}
    off = np.tanh(kept["h"]) - GOALS
    dout = 2 * off * (1 - np.tanh(kept["h"]) ** 2) / n
    dh = dout + beta * kept["h"] / n
    loss = np.sum(off**2) / n + 0.5 * beta * np.sum(kept["h"] ** 2) / n
    return loss, (X.T @ dh, dh.sum(axis=0))


def whitened(G):
    """An inverse that is 0 where there is none, of which the caller multiplies by."""
    spread = G**2 + 1
    loss = np.sum(np.arctan(G) * T[:3])
    back = T[:3] * inverted(spread, 1e-9)
    return loss, back


def even(m):
    return (m + m.T) / 2


def through_even(P):
    """A function of the even part of a matrix."""
    turned = np.roll(P, 1, axis=0)
    whole = P @ turned.T
    loss = np.sum(SQUARE * np.sin(even(whole)))
    d = SQUARE * np.cos(even(whole))
    even_d = even(d)
    return loss, even_d @ turned + np.roll(even_d.T @ P, -1, axis=0)


def spread_rows(P):
    """Rows divided by their sizes, with the slope written in several lines."""
    size = 1 / np.sqrt(np.sum(P**2, axis=1, keepdims=True))
    unit = P * size
    loss = np.sum(np.sin(unit)) / len(P)
    d = np.cos(unit)
    back = (1.0 / len(P)) * size * (
        d
        - unit * np.sum(d * unit, axis=1, keepdims=True)
    )  # fmt: skip
    return loss, back


def inverted(x, least):
    return np.where(np.abs(x) < least, np.zeros_like(x), 1.0 / x)


MISTAKES = (
    # The gradient of the bias is 0 whatever these lines do: errors of rounding tell nothing.
    ("normalised", "-1.0 / (std**2)", "-1.0 / (std)"),
    ("normalised", "0.5 / np.sqrt(var + 1e-5) * dstd", "0.5 * np.sqrt(var + 1e-5) * dstd"),
    # What the forward pass spells out: a number, a function.
    ("layers", "np.exp(-kept) / 1.3\n    dinputs", "np.exp(-kept) / 2.6\n    dinputs"),
    ("layers", "pool(np.tanh(0.7 * X))", "pool(0.7 * X)"),
    # A copy is made to be changed.
    ("layers", "    dgates *= G\n", ""),
    # Both ends of a pair get something, and so does a bias beside its weights.
    ("coupled", "        d[v, :] -= P[u, :]\n", ""),
    ("springs", "        d[v] -= pull\n", ""),
    ("convolved", "                dC[c] += d[h, w, c]\n", ""),
    # Another function has the line as it was.
    (
        "repulsion",
        "apart = P[:, None] - P[None]\n    return np.sum(close)",
        "apart = P[None] - P[:, None]\n    return np.sum(close)",
    ),
    # A line that only renames did something; others are divided, too, and so are those beside it.
    ("layer_normed", "dsquare = dvar / n", "dsquare = dvar"),
    (
        "flat",
        "np.sum(d, axis=0) / n\n    return np.sum((out",
        "np.sum(d, axis=0)\n    return np.sum((out",
    ),
    ("classified", "        d = d / size\n", ""),
    # Swapped names are still used.
    ("pooled", "1, j] = d[i, j]", "1, j] = d[j, i]"),
    # What repeated rows add counts several times.
    ("looked_up", "np.subtract.at(d, rows, -2 * T[rows])", "d[rows] -= -2 * T[rows]"),
    # The first step is no round of a loop.
    ("chained", "ahead[0] + back[0] - total", "ahead[0] - total"),
    # A gradient has the shape of its array.
    ("unfolded", "dK = (rows.T @ d).reshape(K.shape)", "dK = rows.T @ d"),
    # What is named after a function and its argument, and a factor before more lines.
    ("through_even", "even_d = even(d)", "even_d = d"),
    ("spread_rows", "(1.0 / len(P)) * size * (", "(1.0 / len(P)) * ("),
    # What is multiplied by 1.
    ("whitened", "1.0 / x", "1.0 * x"),
    # A term of three factors.
    ("penalised", 'dh = dout + beta * kept["h"] / n', "dh = dout"),
    # Methods of the same object.
    ("squashed", "s = self(self.kept)", "s = self.kept"),
    ("squashed", "self.cubed(out)", "self.doubled(out)"),
)


@pytest.fixture
def planted(tmp_path):
    return Planted(
        __file__, tmp_path, {"W": W, "B": B, "G": G, "P": P, "K": K, "C": C, "T": T, "S": GOALS}
    )


@pytest.mark.parametrize(("name", "own", "wrong"), MISTAKES)
def test_the_line_that_was_mistyped_is_found(planted, name, own, wrong):
    text = planted.wrong(own, wrong)

    (finding,) = planted.errors(text, name)

    assert finding.line in (planted.line(own), planted.line(own) - (not wrong))
    assert planted.errors(repaired(text, finding), name) == []


SHARES = RNG.normal(size=(2, 3))


def weighted_squares(X):
    rows, columns = X.shape  # noqa: RUF059 -- nothing uses them, although rows is 2
    loss = (X**2 * SHARES).sum()
    slope = X * SHARES
    return loss, slope


def test_a_missing_2_is_no_count_that_happens_to_be_2():
    (finding,) = gradtui.check(weighted_squares, X=np.array([[1.0, -2.0, 3.0], [0.5, 4.0, 1.0]]))

    assert finding.line == line_of(weighted_squares, 3)
    assert finding.fix == "slope = X * SHARES * 2"
