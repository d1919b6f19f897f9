"""Conditions that compare a name with the wrong word."""

import numpy as np
import pytest

from planted import Planted, repaired

RNG = np.random.default_rng(4)
X, SCALE = RNG.normal(size=(5, 3)), RNG.normal(size=(5, 4))
ARRAYS = {"w": RNG.normal(size=(3, 4))}


class Layer:
    def __init__(self, bend="sine"):
        self.bend, self.unit = bend, "m"

    def forward(self, z):
        self.z = z
        return np.sin(z) if self.bend == "sine" else z**2

    def backward(self, d):
        if self.bend == "sine":
            return d * np.cos(self.z)
        return 2 * d * self.z


def scaled(z, by="rows"):
    return z * (SCALE[:, :1] if by == "rows" else SCALE)


def scaled_back(d, by):
    dz = np.zeros(d.shape)
    if by == "rows":
        dz += d * SCALE[:, :1]
    elif by == "all":
        dz += d * SCALE
    return dz


def net(w):
    one, two = Layer(bend="square"), Layer()
    y = scaled(one.forward(X @ w)) + scaled(two.forward(X @ w), by="all")
    d = one.backward(scaled_back(2 * y, by="rows")) + two.backward(scaled_back(2 * y, by="all"))
    return np.sum(y**2), X.T @ d


MISTAKES = [
    ('        if self.bend == "sine":', '        if self.bend == "square":'),
    ('        if self.bend == "sine":', '        if self.bend == "sin":'),
    ('        if self.bend == "sine":', '        if self.unit == "sine":'),
    ('    if by == "rows":', '    if by == "all":'),
    ('    elif by == "all":', '    elif by == "rows":'),
]


@pytest.mark.parametrize(("old", "new"), MISTAKES)
def test_the_word_that_the_code_knows_is_told(old, new, tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)
    wrong = planted.wrong(old, new)

    (found,) = planted.errors(wrong, "net")

    assert (found.line, found.fix) == (planted.line(old), old.strip())
    assert planted.errors(repaired(wrong, found), "net") == []
