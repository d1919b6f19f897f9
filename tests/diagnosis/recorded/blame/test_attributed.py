"""An attribute of an object without a name is taken for its gradient."""

import numpy as np
import pytest

from planted import Planted, repaired

RNG = np.random.default_rng(9)
X = RNG.normal(size=(5, 3))
ARRAYS = {
    "W1": RNG.normal(size=(3, 4)), "b1": RNG.normal(size=4),
    "W2": RNG.normal(size=(4, 2)), "b2": RNG.normal(size=2),
}  # fmt: skip


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


def case(W1, b1, W2, b2):
    layers = {"first": Affine(W1, b1), "second": Affine(W2, b2)}
    h = np.tanh(layers["first"].forward(X))
    out = layers["second"].forward(h)
    dh = layers["second"].backward(out)
    layers["first"].backward(dh * (1 - h**2))
    grads = {}
    for number, name in enumerate(("first", "second"), 1):
        grads["W" + str(number)] = layers[name].dW
        grads["b" + str(number)] = layers[name].db
    return 0.5 * np.sum(out**2), grads


MISTAKES = [("layers[name].db", "layers[name].b"), ("layers[name].dW", "layers[name].W")]


@pytest.mark.parametrize(("old", "new"), MISTAKES)
def test_it_is_told(old, new, tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)
    text = planted.wrong(old, new)

    (found,) = planted.errors(text, "case")

    assert found.line == planted.line(old)
    assert f"{new} must be {old}" in found.message
    assert planted.errors(repaired(text, found), "case") == []
