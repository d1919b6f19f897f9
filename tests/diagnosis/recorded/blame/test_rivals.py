"""Edits of other lines that are equal to the best one are told beside it, or are the best."""

import numpy as np
import pytest

from planted import Planted

RNG = np.random.default_rng(8)
X, T, DECAY = RNG.normal(size=(6, 3)), RNG.normal(size=6), 0.3
ARRAYS = {"w": RNG.normal(size=3)}


class Layer:
    def backward(self, w, off):
        self.dw = X.T @ off - DECAY * w

    def gradient(self, w):
        dw = self.dw + DECAY * w
        return dw


def decayed(w):
    off = X @ w - T
    layer = Layer()
    layer.backward(w, off)
    return 0.5 * np.sum(off**2), layer.gradient(w)


class Squash:
    def __init__(self, scale):
        self.scale = scale

    def function(self, z):
        return self.scale * np.tanh(z)

    def slope(self, z):
        kept = self.function(z) / self.scale
        return self.scale * (1 - np.square(kept))


def squashed(w):
    one, z = Squash(1.7), X @ w
    return np.sum(one.function(z) * T), X.T @ (one.slope(z) * T)


def push(force, on, by):
    force[on] -= by
    return force


def pulled(w):
    loss = 0.5 * np.sum((w - 1) ** 2) + 2 * np.sum(np.sin(w)) + np.sum(np.exp(w))
    back, on = -(w - 1), slice(3)
    force = push(np.zeros(3), on, back)
    back = -2 * np.cos(w)
    force = push(force, on, back)
    back = -np.exp(w)
    force = push(force, on, back)
    return loss, force


def repelled(w):
    freedom = 1
    near = 1 / (1 + (X @ w) ** 2 / freedom)
    dw = np.ndarray((3, 1))
    for j in range(3):
        dw[j] = np.dot(near**2 * (X @ w), X[:, j])
    dw = dw.ravel()
    c = -2.0 / freedom
    dw *= c
    return np.sum(near), dw


MISTAKES = [
    (decayed, "dw = self.dw + DECAY * w", "dw = self.dw - DECAY * w"),
    (squashed, "kept = self.function(z) / self.scale", "kept = self.function(z)"),
    (pulled, "back = -2 * np.cos(w)", "back = 2 * np.cos(w)"),
    (repelled, "dw *= c", "dw *= freedom"),
]


@pytest.mark.parametrize(("function", "right", "mistaken"), MISTAKES)
def test_the_right_line_is_told(function, right, mistaken, tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)

    (found,) = planted.errors(planted.wrong(right, mistaken), function.__name__)

    told = [(found.line, found.fix), *map(tuple, found.evidence.get("elsewhere", ()))]
    assert (planted.line(right), right) in told
