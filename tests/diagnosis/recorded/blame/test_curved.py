"""A forgotten slope of which the backward half has neither the value nor the operand."""

import numpy as np
import pytest

from planted import Planted, repaired

RNG = np.random.default_rng(8)
X = RNG.normal(size=(5, 4))
W = RNG.normal(size=(4, 3))


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


class Gate:
    def forward(self, X, W):
        self.kept = X, W
        inner = X @ W
        return inner * sigmoid(inner)

    def backward(self, d):
        X, W = self.kept
        s = sigmoid(X @ W)
        d_inner = d * (s + X @ W * s * (1 - s))
        return d_inner @ W.T, X.T @ d_inner


def gate(X, W):
    layer = Gate()
    y = layer.forward(X, W)
    return np.sum(y**2), layer.backward(2 * y)


class Blend:
    def forward(self, X, W):
        u = 1 / (1 + np.exp(-(X @ W)))
        self.kept = X, W, u
        return (1 - u) * X[:, :3]

    def backward(self, d):
        X, W, u = self.kept
        dz = -d * X[:, :3] * u * (1 - u)
        dX = dz @ W.T
        dX[:, :3] += d * (1 - u)
        return dX, X.T @ dz


def blend(X, W):
    layer = Blend()
    y = layer.forward(X, W)
    return np.sum(y**2), layer.backward(2 * y)


MISTAKES = [
    ("        s = sigmoid(X @ W)\n        d_inner = d * (s + X @ W * s * (1 - s))\n",
     "        d_inner = d * 1\n", "the slope of inner * sigmoid(inner) in line"),
    ("d * (s + X @ W * s * (1 - s))", "d * s",
     "the factor (1 + X @ W * (1 - s)) is missing, part of the slope"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "told"), MISTAKES)
def test_a_forgotten_slope_is_computed_anew(old, new, told, tmp_path):
    planted = Planted(__file__, tmp_path, {"X": X, "W": W})
    wrong = planted.wrong(old, new)

    (found,) = planted.errors(wrong, "gate")

    assert "d_inner = d" in found.fix
    assert told in found.message
    assert planted.errors(repaired(wrong, found), "gate") == []


def test_a_value_at_hand_is_likelier_than_a_slope_of_what_is_computed_anew(tmp_path):
    planted = Planted(__file__, tmp_path, {"X": X, "W": W})

    (found,) = planted.errors(planted.wrong("+= d * (1 - u)", "+= d * u"), "blend")

    assert found.fix == "dX[:, :3] += d * (1 - u)"
