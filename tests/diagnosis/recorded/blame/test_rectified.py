"""What flows back through a bend itself, instead of being masked by its slope."""

import numpy as np
import pytest

from planted import Planted, repaired

RNG = np.random.default_rng(12)
X, T = RNG.normal(size=(6, 4)), RNG.normal(size=(6, 3))
ARRAYS = {"W1": RNG.normal(size=(4, 5)), "W2": RNG.normal(size=(5, 3))}


def half_open(W1, W2):
    z = X @ W1
    h = np.maximum(z, 0)
    e = h @ W2 - T
    dh = e @ W2.T
    dz = dh * (z > 0)
    return 0.5 * np.sum(e**2), X.T @ dz, h.T @ e


def between(W1, W2):
    z = X @ W1
    h = np.clip(z, -1, 1)
    e = h @ W2 - T
    dh = e @ W2.T
    dz = dh * ((z > -1) & (z < 1))
    return 0.5 * np.sum(e**2), X.T @ dz, h.T @ e


def capped(W1, W2):
    z = X @ W1
    h = np.minimum(z, 0.5)
    e = h @ W2 - T
    dz = e @ W2.T * (z < 0.5)
    return 0.5 * np.sum(e**2), X.T @ dz, h.T @ e


class Relu:
    def forward(self, x):
        self.mask = x > 0
        return x * self.mask

    def backward(self, grad):
        return grad * self.mask


def layered(W1, W2):
    layer = Relu()
    h = layer.forward(X @ W1)
    e = h @ W2 - T
    return 0.5 * np.sum(e**2), X.T @ layer.backward(e @ W2.T), h.T @ e


MISTAKES = [
    (layered, "return grad * self.mask", "return np.maximum(grad, 0)"),
    (half_open, "dz = dh * (z > 0)", "dz = np.maximum(dh, 0)"),
    (half_open, "dz = dh * (z > 0)", "dz = dh.clip(min=0)"),
    (between, "dz = dh * ((z > -1) & (z < 1))", "dz = np.clip(dh, -1, 1)"),
    (capped, "dz = e @ W2.T * (z < 0.5)", "dz = np.minimum(0.5, e @ W2.T)"),
]


@pytest.mark.parametrize(("function", "right", "mistaken"), MISTAKES)
def test_the_mask_of_the_slope_is_named(function, right, mistaken, tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)
    wrong = planted.wrong(right, mistaken)

    (found,) = planted.errors(wrong, function.__name__)

    assert (found.rule, found.line) == ("wrong-point", planted.line(right))
    assert repaired(wrong, found) == planted.wrong("", "")
