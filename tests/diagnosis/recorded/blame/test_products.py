"""A result of a wrong shape may be a matrix product that lacks an operand."""

import numpy as np
import pytest

from planted import Planted, told

RNG = np.random.default_rng(9)
ARRAYS = {"A": RNG.normal(size=(6, 3)), "B": RNG.normal(size=(3, 5))}
M = RNG.normal(size=(6, 5))


class Linear:
    def __init__(self, B):
        self.B = B

    def forward(self, x):
        self.x = x
        return np.dot(x, self.B)

    def backward(self, dout):
        self.dB = np.dot(self.x.T, dout)
        return np.dot(dout, self.B.T)


def layered(A, B):
    layer = Linear(B)
    error = layer.forward(A) - M
    dA = layer.backward(error)
    return 0.5 * np.sum(error**2), {"A": dA, "B": layer.dB}


def factors(A, B):
    dL = A @ B - M
    dA = dL @ B.T
    dB = A.T @ dL
    return 0.5 * np.sum(dL**2), dA, dB


MISTAKES = [
    ("dA = dL @ B.T", "dA = B.T", "factors"),
    ("dB = A.T @ dL", "dB = A.T", "factors"),
    ("self.dB = np.dot(self.x.T, dout)", "self.dB = self.x.T", "layered"),
]


@pytest.mark.parametrize(("old", "new", "name"), MISTAKES)
def test_the_operand_is_put_back(tmp_path, old, new, name):
    planted = Planted(__file__, tmp_path, ARRAYS)
    assert told(planted, old, new, name) == (planted.line(old), [])


@pytest.mark.parametrize("name", ["factors", "layered"])
def test_the_right_program_is_silent(tmp_path, name):
    planted = Planted(__file__, tmp_path, ARRAYS)
    assert planted.errors(planted.wrong("", ""), name) == []
