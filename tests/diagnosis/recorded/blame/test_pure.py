"""Methods only compute that choose by what their class keeps, and raise exceptions."""

import numpy as np
import pytest

from planted import Planted, repaired

RNG = np.random.default_rng(5)
X = RNG.normal(size=(4, 3))
ARRAYS = {"V": RNG.normal(size=(3, 4)), "W": RNG.normal(size=(4, 2))}


class Net:
    SIGMOID = "sigmoid"

    def __init__(self, weights):
        self.weights, self.form, self.sums, self.outputs = weights, "sigmoid", [], [X]

    def act(self, z):
        if self.form == self.SIGMOID:
            return 1 / (1 + np.exp(-z))
        raise ValueError(self.form)

    def slope(self, z):
        if self.form == self.SIGMOID:
            return self.act(z) * (1 - self.act(z))
        raise ValueError(self.form)

    def forward(self):
        for weight in self.weights:
            self.sums.append(self.outputs[-1] @ weight)
            self.outputs.append(self.act(self.sums[-1]))
        return self.outputs[-1]

    def backward(self, dout):
        deltas = [dout * self.slope(self.sums[-1])]
        for layer in range(len(self.weights) - 1, 0, -1):
            z = self.sums[layer - 1]
            delta = deltas[-1].dot(self.weights[layer].T) * self.slope(z)
            deltas.append(delta)
        return [a.T @ d for a, d in zip(self.outputs, deltas[::-1], strict=False)]


def loss(V, W):
    net = Net([V, W, 2 * W.T, V.T])
    out = net.forward()
    first, second, third, fourth = net.backward(out)
    return 0.5 * np.sum(out**2), {"V": first + fourth.T, "W": second + 2 * third.T}


MISTAKES = [
    ("dout * self.slope(self.sums[-1])", "dout * self.act(self.sums[-1])"),
    (".dot(self.weights[layer].T) * self.slope(z)", ".dot(self.weights[layer].T)"),
]


@pytest.mark.parametrize(("right", "mistaken"), MISTAKES)
def test_such_a_method_may_be_the_one_that_is_meant_or_missing(right, mistaken, tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)
    wrong = planted.wrong(right, mistaken)

    (found,) = planted.errors(wrong, "loss")

    assert found.line == planted.line(right)
    assert repaired(wrong, found) == planted.wrong("", "")
