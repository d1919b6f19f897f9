"""Mistakes that other lines could make up for, or that are far-fetched: names tell of them."""

import numpy as np
import pytest

from gradtui.diagnosis.recorded.blame import search
from planted import Planted, told

RNG = np.random.default_rng(23)
X, T = RNG.normal(size=(6, 4)), RNG.normal(size=(6, 4))
TOKENS, WORDS = np.array([3, 0, 5, 1]), np.array([2, 4, 1])
LABELS = np.array([1, 0, 2, 1, 2, 0])
ARRAYS = {
    "x": X,
    "gamma": RNG.normal(size=4) + 2,
    "beta": RNG.normal(size=4),
    "W": RNG.normal(size=(4, 3)),
    "b": RNG.normal(size=3),
    "E": RNG.normal(size=(6, 4)),
    "V": RNG.normal(size=(3, 3)),
    "c": RNG.normal(size=3),
}


class Norm:
    def forward(self, x, gamma, beta):
        centred = x - x.mean(axis=0)
        spread = np.sqrt((centred**2).mean(axis=0) + 1e-2)
        scaled = centred / spread
        self.cache = {"centred": centred, "spread": spread, "scaled": scaled, "gamma": gamma}
        return gamma * scaled + beta

    def backward(self, dout):
        spread = self.cache["spread"]
        scaled = self.cache["scaled"]
        gamma = self.cache["gamma"]
        self.dgamma = np.sum(dout * scaled, axis=0)
        self.dbeta = np.sum(dout, axis=0)
        d = dout * gamma
        return (d - d.mean(axis=0) - scaled * (d * scaled).mean(axis=0)) / spread


def normed(x, gamma, beta):
    norm = Norm()
    out = norm.forward(x, gamma, beta)
    dx = norm.backward(2 * (out - T))
    grads = {}
    grads["gamma"], grads["beta"] = norm.dgamma, norm.dbeta
    return np.sum((out - T) ** 2), {"x": dx, **grads}


def affine_backward(dout, x):
    dW = x.T @ dout
    db = dout.sum(axis=0)
    return dW, db


def affine(W, b):
    out = np.tanh(X @ W + b)
    dW, db = affine_backward(2 * out * (1 - out**2), X)
    return np.sum(out**2), {"W": dW, "b": db}


class Network:
    def __init__(self, W, b, V, c):
        self.layers, self.zs, self.hs = [(W, b), (V, c)], [], []

    def forward(self, h):
        for W, b in self.layers:
            self.hs.append(h)
            z = h @ W + b
            self.zs.append(z)
            h = np.maximum(z, 0)
        return h

    def backward(self, d):
        found = []
        for (W, _), h, z in zip(self.layers[::-1], self.hs[::-1], self.zs[::-1], strict=True):
            d = d * (z > 0)
            found.append((h.T @ d, d.sum(axis=0)))
            d = d @ W.T
        return found[::-1]


def layered(W, b, V, c):
    net = Network(W, b, V, c)
    out = net.forward(X)
    (dW, db), (dV, dc) = net.backward(2 * out)
    return np.sum(out**2), {"W": dW, "b": db, "V": dV, "c": dc}


class Embedding:
    def __init__(self, E):
        self.E, self.kept, self.dE = E, {}, np.zeros_like(E)

    def forward(self, tokens, *, source):
        if source:
            self.kept["source"] = tokens
        else:
            self.kept["target"] = tokens
        return self.E[tokens]

    def backward(self, d, *, source):
        tokens = self.kept["source"] if source else self.kept["target"]
        for at, token in enumerate(tokens):
            self.dE[token] += d[at]


def embedded(E):
    table = Embedding(E)
    one, other = table.forward(TOKENS, source=True), table.forward(WORDS, source=False)
    table.backward(2 * one, source=True)
    table.backward(3 * other**2, source=False)
    return np.sum(one**2) + np.sum(other**3), {"E": table.dE}


def margins(W):
    loss, dW = 0.0, np.zeros_like(W)
    for i in range(len(X)):
        scores = X[i] @ W
        for j in range(W.shape[1]):
            margin = scores[j] - scores[LABELS[i]] + 1
            if j != LABELS[i] and margin > 0:
                loss += margin
                dW[:, j] = dW[:, j] + X[i]
                dW[:, LABELS[i]] = dW[:, LABELS[i]] - X[i]
    return loss, {"W": dW}


class Sigmoid:
    def forward(self, z):
        return 1 / (1 + np.exp(-z))

    def slope(self, z):
        value = self.forward(z)
        return value * (1 - value)


class Gate:
    def forward(self, z):
        return 1 / (1 + np.exp(-z))

    def slope(self, z):
        return self.forward(z) * (1 - self.forward(z))


def gated(W, b):
    z = X @ W + b
    out = Sigmoid().forward(z) * Gate().forward(2 * z)
    d = 2 * out * Gate().forward(2 * z) * Sigmoid().slope(z)
    d = d + 2 * out * Sigmoid().forward(z) * Gate().slope(2 * z) * 2
    return np.sum(out**2), {"W": X.T @ d, "b": d.sum(axis=0)}


class Strided:
    def __init__(self):
        self.stride = 2, 1

    def forward(self, x):
        down, right = self.stride
        self.shape = x.shape
        return x[::down, ::right]

    def backward(self, dout):
        down, right = self.stride
        dx = np.zeros(self.shape)
        for i, row in enumerate(range(0, self.shape[0], down)):
            for j, column in enumerate(range(0, self.shape[1], right)):
                dx[row, column] += dout[i, j]
        return dx


def strided(x):
    layer = Strided()
    out = layer.forward(x)
    return np.sum(out**3), {"x": layer.backward(3 * out**2)}


class Summed:
    def begin(self, W, b):
        self.sums = [np.zeros(W.shape), np.zeros(b.shape)]
        self.dx = np.zeros(X.shape)

    def add(self, d, x, W):
        self.sums[0] += x.T @ d
        self.sums[1] += d.sum(axis=0)
        self.dx += d @ W.T


def summed(x, W, b):
    out = np.tanh(x @ W + b)
    sums = Summed()
    sums.begin(W, b)
    sums.add(2 * out * (1 - out**2), x, W)
    dW, db = sums.sums
    return np.sum(out**2), {"x": sums.dx, "W": dW, "b": db}


def relu_slope(z):
    return (z > 0).astype(z.dtype)


def padded(x, W):
    wide = np.pad(x, ((1, 1), (0, 0)), "constant")
    z = wide[:-2] @ W + wide[2:] @ W
    out = np.maximum(z, 0)
    d = np.pad(2 * out * relu_slope(z), ((1, 1), (0, 0)), "constant")
    dx = (d[2:] + d[:-2]) @ W.T
    dW = wide[:-2].T @ d[1:-1] + wide[2:].T @ d[1:-1]
    return np.sum(out**2), {"x": dx, "W": dW}


class Scale:
    def __init__(self, gamma):
        self.gamma = gamma

    def forward(self, x):
        self.x = x
        return self.gamma * x

    def backward(self, d):
        self.dx, self.dgamma = d * self.gamma, np.sum(d * self.x, axis=0)
        return self.dx


class Bend(Scale):
    def forward(self, x):
        self.x = np.tanh(x)
        return self.x

    def backward(self, d):
        self.dx = d * (1 - self.x**2)
        return self.dx


def chained(x, gamma):
    scale, bend = Scale(gamma), Bend(gamma)
    out = bend.forward(scale.forward(bend.forward(x)) + x)
    first = Bend(gamma)
    first.forward(x)
    d = 2 * out
    d = bend.backward(d)
    dx = d
    d = scale.backward(d)
    d = first.backward(d)
    return np.sum(out**2), {"x": dx + d, "gamma": scale.dgamma}


def products(V):
    rows = X[:, :3]
    sizes = np.sum(np.einsum("ni,nj->nij", rows, rows**2) ** 2, axis=(1, 2))
    found = []
    for x in rows:
        share = np.outer(x, x**2)
        share = share / np.sum(share**2)
        found.append(share)
    dV = np.zeros((3, 3))
    for share in found:
        dV += share
    return np.einsum("ij,ni,nj,n->", V, rows, rows**2, 1 / sizes), {"V": dV}


def branched(W, V):
    first, second = X @ W, T @ W
    out = first @ V + second**2
    dout = 2 * out
    grad1, grad2 = dout @ V.T, dout * 2 * second
    dW = X.T @ grad1 + T.T @ grad2
    dV = first.T @ dout
    return np.sum(out**2), {"W": dW, "V": dV}


MISTAKES = [
    ("normed", "= norm.dgamma, norm.dbeta", "= norm.dbeta, norm.dgamma"),
    ("normed", '"scaled": scaled,', '"scaled": centred,'),
    ("normed", '"spread": spread,', '"spread": spread.T**2,'),
    ("affine", "    dW, db = affine_backward(", "    db, dW = affine_backward("),
    ("layered", "self.zs.append(z)", "self.zs.append(h @ W)"),
    ("embedded", 'else self.kept["target"]', 'else self.kept["source"][:3]'),
    ("margins", "dW[:, j] = dW[:, j] + X[i]", "dW[:, j] = dW[:, LABELS[i]] + X[i]"),
    ("gated", "return value * (1 - value)", "return z * (1 - z)"),
    (
        "gated",
        "return self.forward(z) * (1 - self.forward(z))",
        "return z * (1 - z)",
    ),
    (
        "strided",
        "down, right = self.stride\n        dx",
        "down = right = self.stride[0]\n        dx",
    ),
    ("summed", "[np.zeros(W.shape), np.", "[np.ones(W.shape), np."),
    ("summed", "self.dx = np.zeros(X.shape)", "self.dx = np.ones(X.shape)"),
    ("padded", "return (z > 0).astype(z.dtype)", "return np.maximum(z, 0).astype(z.dtype)"),
    ("padded", '(z), ((1, 1), (0, 0)), "constant")', '(z), ((1, 1), (0, 0)), "edge")'),
    ("chained", "d = scale.backward(d)", "scale.backward(d)"),
    ("products", "found.append(share)", "found.append(share.T)"),
    ("branched", "dW = X.T @ grad1 + T.T @ grad2", "dW = X.T @ grad1"),
]


@pytest.mark.parametrize(("case", "old", "new"), MISTAKES)
def test_names_tell_the_line(tmp_path, case, old, new):
    planted = Planted(__file__, tmp_path, ARRAYS)

    assert told(planted, old, new, case) == (planted.line(old), [])


@pytest.mark.parametrize("case", sorted({case for case, _, _ in MISTAKES}))
def test_right_code_has_no_error(tmp_path, case):
    planted = Planted(__file__, tmp_path, ARRAYS)

    assert planted.errors(planted.wrong("", ""), case) == []


@pytest.mark.parametrize(("case", "old", "new"), MISTAKES)
def test_it_is_told_in_slow_code(tmp_path, monkeypatch, case, old, new):
    """The likeliest edits of all lines come first there, for few are run in time."""
    monkeypatch.setattr(search, "_SLOW", 0.0)
    planted = Planted(__file__, tmp_path, ARRAYS)

    found = planted.errors(planted.wrong(old, new), case)

    assert found[0].line == planted.line(old)
