"""Layers whose backward function is wrong by itself, or called wrongly, or not at all."""

import numpy as np
import pytest

from tests.planted import Planted, repaired

RNG = np.random.default_rng(3)
X, Y = RNG.normal(size=(6, 3)), RNG.normal(size=(6, 4))
KEPT = (RNG.random((6, 4)) > 0.4) * 1.0
THINNED, RATE = (RNG.random((6, 4)) > 0.3) * 1.0, 0.3
ARRAYS = {"W": RNG.normal(size=(3, 4)), "b": RNG.normal(size=4)}
ARRAYS |= {"V": RNG.normal(size=(2, 3, 4)), "K": RNG.normal(size=(2, 2, 2, 2))}


class Affine:
    def __init__(self, W, b):
        self.W, self.b = W, b

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dout):
        self.dW = self.x.T @ dout
        self.db = dout.sum(axis=0)
        return dout @ self.W.T


class Rectified:
    def forward(self, x):
        self.cache = x
        return x * (x > 0)

    def backward(self, dout):
        return dout * (self.cache > 0)


class Dropout:
    rate = 0.4

    def forward(self, x):
        return x * KEPT / (1 - self.rate)

    def backward(self, dout):
        return dout * KEPT / (1 - self.rate)


class Squared:
    def forward(self, out):
        self.out = out
        return 0.5 * np.mean((out - Y) ** 2)

    def backward(self):
        return (self.out - Y) / self.out.size


def layered(W, b):
    affine, loss = Affine(W, b), Squared()
    layers = [affine, Rectified(), Dropout()]
    out = X
    for layer in layers:
        out = layer.forward(out)
    total = loss.forward(out)
    grad = loss.backward()
    for layer in reversed(layers):
        grad = layer.backward(grad)
    return total, {"W": affine.dW, "b": affine.db}


class Smooth:
    """Its function and the slope of that are given to it, in one line."""

    def __init__(self, b):
        self.f, self.df = lambda z: np.log1p(np.exp(b * z)) / b, lambda z: 1 / (1 + np.exp(-b * z))

    def forward(self, z):
        self.z = z
        return self.f(z)

    def backward(self, dout):
        return dout * self.df(self.z)


def smooth(W, b):
    affine, bent, loss = Affine(W, b), Smooth(2), Squared()
    value = loss.forward(bent.forward(affine.forward(X)))
    affine.backward(bent.backward(loss.backward()))
    return value, affine.dW, affine.db


def curve(z):
    return np.tanh(z), z


def curve_backward(da, z):
    return da * (1 - np.tanh(z) ** 2)


def bend(z, name):
    if name == "tanh":
        return curve(z)
    if name == "identity":
        return z, z


def bend_backward(da, z, name):
    if name == "tanh":
        return curve_backward(da, z)
    return da


def thin(a):
    return a * THINNED / (1 - RATE)


def thin_backward(da):
    return da * THINNED / (1 - RATE)


def named(W, b):
    z = X @ W + b
    a, cache = bend(z, "tanh")
    d = thin(a)
    loss = 0.5 * np.sum((d - Y) ** 2)
    dd = d - Y
    da = thin_backward(dd)
    dz = bend_backward(da, cache, "tanh")
    return loss, {"W": X.T @ dz, "b": dz.sum(axis=0)}


def window(x, w):
    out = np.zeros((2, 3))
    for i in range(2):
        for j in range(3):
            out[i, j] = np.sum(x[i : i + 2, j : j + 2] * w)
    return out


def window_backward(x, dout, w):
    dx, dw = np.zeros(x.shape), np.zeros(w.shape)
    for i in range(2):
        for j in range(3):
            dx[i : i + 2, j : j + 2] += w * dout[i, j]
            dw += x[i : i + 2, j : j + 2] * dout[i, j]
    return dx, dw


class Thinned:
    """Each second one of what another layer puts together element by element."""

    def forward(self, a):
        self.shape, out = a.shape, np.zeros((2, 1, 2))
        for i in range(1):
            for j in range(2):
                out[:, i, j] = a[:, 2 * i, 2 * j]
        return out

    def backward(self, dout):
        da = np.zeros(self.shape)
        for i in range(dout.shape[1]):
            for j in range(dout.shape[2]):
                da[:, i, 2 * j] = dout[:, i, j]
        return da


def convolved(V, K):
    thinned, out = Thinned(), np.zeros((2, 2, 3))
    for one in range(2):
        total = np.zeros((2, 3))
        for channel in range(2):
            total = total + window(V[channel], K[one, channel])
        out[one] = total
    small = thinned.forward(out)
    back = thinned.backward(small)
    dV, dK = np.zeros(V.shape), np.zeros(K.shape)
    for one in range(2):
        for channel in range(2):
            dx, dw = window_backward(V[channel], back[one], K[one, channel])
            dV[channel] += dx
            dK[one, channel] += dw
    return 0.5 * np.sum(small**2), {"V": dV, "K": dK}


class Largest:
    """The largest of each pair, which the layer before has often made equal: 0."""

    def forward(self, x):
        self.x = x
        return x.reshape(6, 2, 2).max(axis=2)

    def backward(self, dout):
        pairs = self.x.reshape(6, 2, 2)
        marked = np.zeros_like(pairs)
        np.put_along_axis(marked, pairs.argmax(axis=2)[..., None], 1, axis=2)
        return (marked * dout[..., None]).reshape(6, 4)


class Shut:
    def forward(self, x):
        self.kept = x > 0.5
        return x * self.kept

    def backward(self, dout):
        return dout * self.kept


def of_largest(W, b):
    affine, shut, largest = Affine(W, b), Shut(), Largest()
    out = largest.forward(shut.forward(affine.forward(X)))
    affine.backward(shut.backward(largest.backward(out - 1)))
    return 0.5 * np.sum((out - 1) ** 2), {"W": affine.dW, "b": affine.db}


MISTAKES = {
    "equal elements": (
        "of_largest", "return dout * self.kept", "return dout", "dout * self.kept",
    ),
    "what others call with windows": (
        "convolved", "da[:, i, 2 * j] = dout[:, i, j]", "da[:, i, 1 * j] = dout[:, i, j]",
        "da[:, i, 2 * j] = dout[:, i, j]",
    ),
    "a slope beside its function": (
        "smooth", "1 / (1 + np.exp(-b * z))", "1 / (1 + np.exp(b * z))", "np.exp(-b * z))",
    ),
    "a layer hands the gradient on": (
        "layered", "return dout * (self.cache > 0)", "return dout", "(self.cache > 0)",
    ),
    "a layer lacks a product": (
        "layered", "return dout * KEPT / (1 - self.rate)", "return dout", "KEPT / (1 - self.rate)",
    ),
    "a layer lacks its mask": (
        "layered", "return dout * KEPT / (1 - self.rate)", "return dout / (1 - self.rate)",
        "* KEPT",
    ),
    "a layer lacks a number of its class": (
        "layered", "return dout * KEPT / (1 - self.rate)", "return dout * KEPT",
        "/ (1 - self.rate)",
    ),
    "a loss lacks its division": (
        "layered", "(self.out - Y) / self.out.size", "(self.out - Y)", "/ self.out.size",
    ),
    "functions with names of one layer": (
        "named", "return da * (1 - np.tanh(z) ** 2)", "return da * np.tanh(z)", "1 - np.tanh(z)**2",
    ),
    "another word": (
        "named", '(da, cache, "tanh")', '(da, cache, "identity")', '"tanh"',
    ),
}  # fmt: skip


@pytest.mark.parametrize(("name", "old", "new", "fix"), MISTAKES.values(), ids=MISTAKES)
def test_the_line_of_the_layer_is_told(tmp_path, name, old, new, fix):
    planted = Planted(__file__, tmp_path, ARRAYS)
    text = planted.wrong(old, new)
    (error,) = planted.errors(text, name)
    assert error.line == planted.line(old)
    assert fix in error.fix
    assert not planted.errors(repaired(text, error), name)


def test_a_call_of_a_layer_that_is_missing_is_put_in(tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)
    text = planted.wrong("    da = thin_backward(dd)\n", "    da = dd\n")
    (error,) = planted.errors(text, "named")
    assert "thin_backward(" in error.fix
    assert not planted.errors(repaired(text, error), "named")
