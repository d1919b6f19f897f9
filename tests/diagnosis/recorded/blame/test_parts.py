"""Parts of arrays under one another's names, and layers and functions taken for each other."""

import numpy as np
import pytest

from planted import Planted, repaired

RNG = np.random.default_rng(51)
X, T = RNG.normal(size=(5, 6)), RNG.normal(size=(5, 6))
ARRAYS = {"w": RNG.normal(size=6), "u": RNG.normal(size=6), "W": RNG.normal(size=(6, 4))}


def split(w, u):
    low, high = np.split(w, 2)
    out = np.concatenate([np.tanh(low), high**3]) * u
    back = T[0] * u
    d_low, d_high = np.split(back, 2)
    low_grad, high_grad = d_low * (1 - np.tanh(low) ** 2), 3 * d_high * high**2
    return out @ T[0], np.concatenate([low_grad, high_grad]), T[0] * out / u


def bounds(rows):
    return rows[0] * 2, rows[1] + 1


def numbered(w, u):
    g1, g2 = bounds(np.stack([w, u]))
    loss = np.sum(np.sin(g1) * g2**2)
    s1, s2 = bounds(np.stack([np.cos(g1) * g2**2, 2 * np.sin(g1) * g2 - 1]))
    return loss, s1, s2


class Bend:
    def forward(self, x):
        self.out = self.bent(x)
        return self.out

    def backward(self, d):
        return d * self.slope()


class Tanh(Bend):
    def bent(self, x):
        return np.tanh(x)

    def slope(self):
        return 1 - self.out**2


class Sigmoid(Bend):
    def bent(self, x):
        return 1 / (1 + np.exp(-x))

    def slope(self):
        return self.out * (1 - self.out)


class Cell:
    def __init__(self):
        self.gate, self.candidate = Sigmoid(), Tanh()

    def forward(self, w, u):
        return self.gate.forward(w) * self.candidate.forward(u)

    def through(self, layer, d):
        return layer.backward(d)

    def backward(self, d):
        dw = self.through(self.gate, d * self.candidate.out)
        du = self.through(self.candidate, d * self.gate.out)
        return dw, du


def gated(w, u):
    cell = Cell()
    loss = T[0] @ cell.forward(w, u)
    return loss, *cell.backward(T[0])


def get_r(rows):
    return rows[:3]


def get_i(rows):
    return rows[3:]


def complex_product(w, u):
    r, i = get_r(w), get_i(w)
    loss = T[0, :3] @ (r * get_r(u) - i * get_i(u)) + T[0, 3:] @ (r * get_i(u) + i * get_r(u))
    r = get_r(T[0])
    i = get_i(T[0])
    dr, di = r * get_r(u) + i * get_i(u), i * get_r(u) - r * get_i(u)
    return loss, np.concatenate([dr, di])


class Dense:
    def forward(self, W):
        self.W = W
        return X @ W

    def backward(self, dout):
        self.dW = np.dot(X.T, dout)


def dense(W):
    layer = Dense()
    out = layer.forward(W)
    layer.backward(2 * out)
    return np.sum(out**2), layer.dW


class Loss:
    def backward(self, z):
        n = z.shape[0]
        grad = z.copy()
        grad[:, 0] -= 1.0
        if len(z.shape) > 1:
            grad = grad.reshape(z.shape)
        return grad / n


def averaged(W):
    z = X @ W
    return np.sum(z**2 / 2) / 5 - np.sum(z[:, 0]) / 5, X.T @ Loss().backward(z)


class OneOf:
    def loss(self, scores, label):
        return np.log(np.sum(np.exp(scores))) - scores[label]

    def slope(self, scores, label):
        shares = np.exp(scores) / np.sum(np.exp(scores))
        shares[label] -= 1.0
        return shares


def labelled(w, u):
    ends, labels = OneOf(), [2, 5]
    loss, dw, du = 0.0, np.zeros(6), np.zeros(6)
    for label in labels:
        loss += ends.loss(w * u, label)
        d = ends.slope(w * u, label)
        dw += d * u
        du += d * w
    return loss, dw, du


def solved(a, b, upper=False):
    return np.linalg.solve(np.triu(a) if upper else np.tril(a), b)


def solved_back(a, d, upper):
    return solved(a.T, d, upper=upper)


def triangular(w):
    a = np.vander(X[0] + 2, 6) + 9 * np.eye(6)
    y = solved(a, w)
    return T[0] @ y, solved_back(a, T[0], not False)


MISTAKES = [
    (labelled, "shares[label] -= 1.0", "shares -= 1.0"),
    (triangular, "return solved(a.T, d, upper=upper)", "return solved(a.T, d, upper=False)"),
    (split, "d_low, d_high = np.split(back, 2)", "d_high, d_low = np.split(back, 2)"),
    (numbered, "    s1, s2 = bounds(np.stack([", "    s2, s1 = bounds(np.stack(["),
    (gated, "dw = self.through(self.gate, ", "dw = self.through(self.candidate, "),
    (complex_product, "    r = get_r(T[0])", "    r = get_i(T[0])"),
    (dense, "self.dW = np.dot(X.T, dout)", "self.dW = np.dot(dout.T, X)"),
]


@pytest.mark.parametrize(("function", "right", "mistaken"), MISTAKES)
def test_the_right_line_and_its_fix_are_found(function, right, mistaken, tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)
    text = planted.wrong("", "")
    assert planted.errors(text, function.__name__) == []

    wrong = planted.wrong(right, mistaken)
    (found,) = planted.errors(wrong, function.__name__)

    assert found.line == planted.line(right)
    assert repaired(wrong, found) == text


def test_a_line_that_is_there_is_told_before_one_that_may_be_missing(tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)

    (found,) = planted.errors(planted.wrong("return grad / n", "return grad"), "averaged")

    assert "\n" not in found.fix and "/ n" in found.fix
