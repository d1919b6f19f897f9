"""Mistakes that are as well repaired in several lines: the code beside tells which is wrong."""

import numpy as np
import pytest

from planted import Planted

RNG = np.random.default_rng(17)
X, T = RNG.normal(size=(6, 4)), RNG.normal(size=(6, 3))
IMAGE, ABOVE = RNG.normal(size=(7, 8)), RNG.normal(size=(3, 4))
ARRAYS = {
    "x": X,
    "g": RNG.normal(size=4) + 2,
    "U": RNG.normal(size=(4, 5)),
    "V": RNG.normal(size=(5, 3)),
    "K": RNG.normal(size=(3, 2)),
    "s": RNG.normal(size=4),
}


def norm(x):
    mean, var = x.mean(axis=1, keepdims=True), x.var(axis=1, keepdims=True)
    return (x - mean) / np.sqrt(var + 1e-3)


def norm_backward(dout, x):
    N = x.shape[1]
    mean, var = x.mean(axis=1, keepdims=True), x.var(axis=1, keepdims=True)
    dvar = np.sum(dout * (x - mean) * -0.5 * (var + 1e-3) ** -1.5, axis=1, keepdims=True)
    dmean = np.sum(-dout / np.sqrt(var + 1e-3), axis=1, keepdims=True)
    dx = dout / np.sqrt(var + 1e-3) + dvar * 2 * (x - mean) / N + dmean / N
    return dx


def normed(x):
    y = norm(x)
    return np.sum(y**3), {"x": norm_backward(3 * y**2, x)}


def short_backward(dout, x):
    d = dout
    mean, var = x.mean(axis=1, keepdims=True), x.var(axis=1, keepdims=True)
    y = (x - mean) * (var + 1e-3) ** -0.5
    inner = d - d.mean(axis=1, keepdims=True) - y * (d * y).mean(axis=1, keepdims=True)
    return 1.0 / np.sqrt(var + 1e-3) * inner


def shortly(x):
    y = norm(x)
    return np.sum(y**3), {"x": short_backward(3 * y**2, x)}


def strided(K):
    rows, columns, step = *K.shape, 2
    out = np.zeros((3, 4))
    dK = np.zeros(K.shape)
    for i in range(3):
        for j in range(4):
            part = IMAGE[i * step : i * step + rows, j * step : j * step + columns]
            out[i, j] = np.sum(part * K)
    for i in range(3):
        for j in range(4):
            dK += (
                ABOVE[i, j]
                * IMAGE[
                    i * step : i * step + rows,
                    j * step : j * step + columns,
                ]
            )
    return np.sum(out * ABOVE), {"K": dK}


class Kept:
    def __init__(self):
        self.sums = {}

    def add(self, name, d):
        self.sums[name] = self.sums.get(name, 0) + d


def averaged(x, g, s):
    kept, rows = Kept(), len(x)
    off = x * g + s
    dx, dg, ds = off * g, (off * x).sum(axis=0), off.sum(axis=0)
    kept.add("x", dx / rows)
    kept.add("g", dg / rows)
    kept.add("s", ds / rows)
    return 0.5 * np.sum(off**2) / rows, kept.sums


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def slope(z):
    y = sigmoid(z)
    return y * (1 - y)


class Net:
    def forward(self, U, V):
        self.zs, self.activations = [], [X]
        for W in (U, V):
            self.zs.append(self.activations[-1] @ W)
            self.activations.append(sigmoid(self.zs[-1]))
        return self.activations[-1]

    def backward(self, V):
        d = (self.activations[-1] - T) * slope(self.zs[-1])
        dV = self.activations[-2].T @ d
        z = self.zs[-2]
        d = d @ V.T * slope(z)
        return self.activations[-3].T @ d, dV


def net(U, V):
    own = Net()
    y = own.forward(U, V)
    dU, dV = own.backward(V)
    return 0.5 * np.sum((y - T) ** 2), {"U": dU, "V": dV}


class Mixed:
    def forward(self, U, V):
        rough = X @ U
        fine = np.tanh(rough)
        out = fine @ V
        self.kept = (rough, fine, out)
        return np.sum(out**2)


def backward_of(kept, V):
    rough, fine, out = kept
    d = 2 * out
    return X.T @ (d @ V.T * (1 - np.tanh(rough) ** 2)), fine.T @ d


def mixed(U, V):
    own = Mixed()
    loss = own.forward(U, V)
    dU, dV = backward_of(own.kept, V)
    return loss, {"U": dU, "V": dV}


def stepwise(U, V):
    z = X @ U
    dy = 2 * (z @ V)
    dV_1 = 1.0
    dV = dV_1 * z.T @ dy
    dU_1 = 1.0
    dU = dU_1 * X.T @ (dy @ V.T)
    return np.sum((z @ V) ** 2), {"U": dU, "V": dV}


def keyed(U, V):
    cache = {"A0": X}
    for l, W in ((1, U), (2, V)):  # noqa: E741
        cache["Z" + str(l)] = cache["A" + str(l - 1)] @ W
        cache["A" + str(l)] = np.tanh(cache["Z" + str(l)])
    L = 2
    d = 2 * cache["A" + str(L)] * (1 - cache["A" + str(L)] ** 2)
    before = cache["A" + str(L - 1)]
    dV = before.T @ d
    d = d @ V.T * (1 - before**2)
    return np.sum(cache["A2"] ** 2), {"U": X.T @ d, "V": dV}


LABELS = np.array([0, 2, 1, 1, 0, 2])


def classified(U):
    scores = X @ U[:, :3]
    N = len(LABELS)
    shares = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    wanted = np.zeros_like(shares)
    wanted[np.arange(N), LABELS] = 1
    d = shares - wanted
    d /= N
    loss = -np.log(shares[np.arange(N), LABELS]).mean()
    return loss, {"U": np.hstack((X.T @ d, np.zeros((4, 2))))}


class Parameter:
    def __init__(self, data):
        self.data, self.grad = data, np.zeros_like(data)


class Bend:
    def __call__(self, z):
        self.z = z
        return np.tanh(z)

    def backward(self, d):
        return d * (1 - np.tanh(self.z) ** 2)


class Affine:
    def __init__(self, W):
        self.W = Parameter(W)

    def __call__(self, x):
        self.x = x
        return x @ self.W.data

    def backward(self, d):
        self.W.grad += self.x.T @ d
        return d @ self.W.data.T


class Sloped:
    def __init__(self, curve):
        self.curve = curve

    def forward(self, z):
        self.z = z
        return self.curve(z)

    def backward(self, d):
        slope_of = self.curve.backward_of
        d = d * slope_of(self.z)
        return d


class Curve:
    def __call__(self, z):
        return np.tanh(z)

    def backward_of(self, z):
        return 1 - np.tanh(z) ** 2


def curved(U, V):
    layer = Sloped(Curve())
    a = layer.forward(X @ U)
    out = a @ V
    dU = X.T @ layer.backward(2 * out @ V.T)
    return np.sum(out**2), {"U": dU, "V": a.T @ (2 * out)}


def pooled(x):
    size, step = 2, 1
    out, d = np.zeros((5, 3)), np.zeros(x.shape)
    for i in range(5):
        for j in range(3):
            out[i, j] = np.sum(x[i : i + 2, j : j + 2] ** 2)
    for i in range(5):
        for j in range(3):
            i_0, i_1 = i * step, i * step + size
            j_0, j_1 = j * step, j * step + size
            d[i_0:i_1, j_0:j_1] += 2 * x[i_0:i_1, j_0:j_1] * out[i, j] ** 2
    return np.sum(out**3) / 3, {"x": d}


def layered(U, V):
    first, bend, last = Affine(U), Bend(), Affine(V)
    out = last(bend(first(X)))
    dh = last.backward(2 * out)
    dz = bend.backward(dh)
    first.backward(dz)
    return np.sum(out**2), {"U": first.W.grad, "V": last.W.grad}


MISTAKES = [
    ("classified", "    d /= N", "    d / N"),
    ("classified", "    d /= N", "    d /= shares.size"),
    ("classified", "wanted[np.arange(N), LABELS] = 1", "wanted[:, LABELS] = 1"),
    ("curved", "        d = d * slope_of(self.z)", "        d = d + 0"),
    ("pooled", "j * step + size", "j * step + size - 1"),
    ("layered", "return d @ self.W.data.T", "return d @ self.W.grad.T"),
    ("layered", "dz = bend.backward(dh)", "dz = bend(dh)"),
    ("normed", "dmean / N", "dmean"),
    ("shortly", "1.0 / np.sqrt(var + 1e-3) * inner", "1.0 / (var + 1e-3) * inner"),
    ("strided", "i * step : i * step + rows,\n", "i : i + rows,\n"),
    ("averaged", "dg / rows", "dg"),
    ("net", "z = self.zs[-2]", "z = self.activations[-2]"),
    ("net", "y = sigmoid(z)", "y = np.tanh(z)"),
    ("mixed", "self.kept = (rough, fine, out)", "self.kept = (fine, rough, out)"),
    ("stepwise", "dV_1 = 1.0", "dV_1 = -1.0"),
    ("keyed", 'before = cache["A" + str(L - 1)]', 'before = cache["Z" + str(L - 1)]'),
]


@pytest.mark.parametrize(("name", "old", "new"), MISTAKES)
def test_the_line_is_named(tmp_path, name, old, new):
    planted = Planted(__file__, tmp_path, ARRAYS)
    (found,) = planted.errors(planted.wrong(old, new), name)
    assert found.line == planted.line(old)


@pytest.mark.parametrize("name", sorted({name for name, *_ in MISTAKES}))
def test_what_is_right_stays_so(tmp_path, name):
    planted = Planted(__file__, tmp_path, ARRAYS)
    assert not planted.errors(planted.wrong("", ""), name)
