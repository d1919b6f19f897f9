"""What a line does tells that it is the wrong one, where an edit elsewhere repairs as much."""

import numpy as np
import pytest

from planted import Planted, told

RNG = np.random.default_rng(12)
ARRAYS = {
    "x": RNG.normal(size=(4, 3)),
    "W": RNG.normal(size=(3, 3)),
    "U": RNG.normal(size=(3, 2)),
    "E": RNG.normal(size=(5, 3)),
    "b": RNG.normal(size=3),
}
INPUTS, MASK = RNG.normal(size=(4, 2)), RNG.random((4, 3)) > 0.6


class Norm:
    def forward(self, x):
        self.mu_save, self.var_save, self.eps_save = x.mean(axis=0), x.var(axis=0), 0.1
        self.x = x
        return (x - self.mu_save) / np.sqrt(self.var_save + self.eps_save)

    def backward(self, dout):
        mu = self.mu_save
        var = self.var_save
        eps = self.eps_save
        centred = self.x - mu
        root = np.sqrt(var + eps)
        dvar = np.sum(dout * centred, axis=0) * -0.5 / root**3
        return dout / root - dout.mean(axis=0) / root + 2 * centred * dvar / len(centred)


def normed(x):
    norm = Norm()
    y = norm.forward(x)
    return np.sum(y**3) / 3, norm.backward(y**2)


def recurrent(W, U, b):
    h, A, H = np.zeros(3), np.zeros((3, 4)), np.zeros((3, 4))
    for t in range(4):
        a = W @ h + U @ INPUTS[t] + b
        h = a**3 / 3
        A[:, t] = a
        H[:, t] = h
    dW, dU, db, dh = np.zeros_like(W), np.zeros_like(U), np.zeros_like(b), np.zeros(3)
    for t in reversed(range(4)):
        dh = dh + H[:, t]
        da = dh * A[:, t] ** 2
        before = H[:, t - 1] if t else np.zeros(3)
        dW += np.outer(da, before)
        dU += np.outer(da, INPUTS[t])
        db += da
        dh = W.T @ da
    return 0.5 * np.sum(H**2), dW, dU, db


def embedded(E, W):
    row, dE, loss = 3, np.zeros_like(E), 0.0
    dW = np.zeros_like(W)
    vector = E[row]
    for other in range(2):
        error = W @ vector - INPUTS[other].sum()
        loss += 0.5 * error @ error
        dW += np.outer(error, vector)
        dE[row] += W.T @ error
    return loss, dE, dW


def masked(x):
    value = 0.25
    y = x.copy()
    y[MASK] = value
    dx = y.copy()
    dx[MASK] = 0
    return 0.5 * np.sum(y**2), dx


def converted(W, b):
    out = INPUTS.sum(axis=1)[:, None] * b
    out = out @ W
    dW = np.outer(b, np.ones(3)) * np.sum(INPUTS.sum(axis=1)[:, None] * out, axis=0)
    db = np.sum(INPUTS.sum(axis=1)[:, None] * (out @ W.T), axis=0)
    db = db / len(INPUTS)
    dW = dW / len(INPUTS)
    dW = np.array(dW)
    return 0.5 * np.sum(out**2) / len(INPUTS), dW, db


MISTAKES = [
    ("eps = self.eps_save", "eps = self.var_save", "normed"),
    ("A[:, t] = a\n", "A[:, t] = h\n", "recurrent"),
    ("dE[row] += W.T @ error", "dE += W.T @ error", "embedded"),
    ("dx[MASK] = 0", "dx[MASK] = value", "masked"),
    ("db = np.sum(INPUTS", "db = np.mean(INPUTS", "converted"),
]


@pytest.mark.parametrize(("old", "new", "name"), MISTAKES)
def test_the_line_is_told(tmp_path, old, new, name):
    planted = Planted(__file__, tmp_path, ARRAYS)
    assert told(planted, old, new, name) == (planted.line(old), [])


@pytest.mark.parametrize("name", ["normed", "recurrent", "embedded", "masked", "converted"])
def test_the_right_program_is_silent(tmp_path, name):
    planted = Planted(__file__, tmp_path, ARRAYS)
    assert planted.errors(planted.wrong("", ""), name) == []
