"""The value that has the name under which a line keeps or restores another one."""

import numpy as np
import pytest

from planted import Planted, repaired

RNG = np.random.default_rng(5)
X = RNG.normal(size=(5, 3))
ARRAYS = {"W": RNG.normal(size=(3, 4))}


class Scaled:
    def forward(self, W):
        self.rate = np.sqrt(W.shape[0] + 0.5)
        self.W, self.zs = W, []
        z = X @ W / self.rate
        shifted = z + 0.3
        self.zs.append(shifted)
        return np.tanh(shifted)

    def backward(self, d):
        rate = self.rate
        z = self.zs.pop()
        d = d * (1 - np.tanh(z) ** 2)
        return X.T @ d / rate


def scaled(W):
    layer = Scaled()
    out = layer.forward(W)
    return np.sum(out**2), {"W": layer.backward(2 * out)}


class Listed(Scaled):
    def forward(self, W):
        self.rate, self.zs = 1.0, []
        z = X @ W + 0.2
        self.zs.append(z)
        return np.tanh(z)


def listed(W):
    layer = Listed()
    out = layer.forward(W)
    return np.sum(out**2), {"W": layer.backward(2 * out)}


def weighed(x, weight, counts, rate=None):
    rate = weight if rate is None else rate
    return x * rate / counts


def by_name(W):
    weight, counts = np.sin(W), np.array([1, 2, 4, 7])
    back = weighed(x=np.cos(W), weight=weight, counts=counts)
    more = weighed(x=np.cos(W), weight=weight, counts=counts, rate=weight**2)
    return np.sum((weight**2 / 2 + weight**3 / 3) / counts), back + more


MISTAKES = [
    ("scaled", "rate = self.rate\n", "rate = self.W.shape[0]\n"),
    ("listed", "self.zs.append(z)\n", "self.zs.append(X @ W)\n"),
    ("by_name", "weight=weight, counts=counts)\n", "weight=weight, counts=weight)\n"),
    ("by_name", "if rate is None else rate", "if rate is None else weight"),
]


@pytest.mark.parametrize(("case", "old", "new"), MISTAKES)
def test_the_namesake_is_meant(case, old, new, tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)
    wrong = planted.wrong(old, new)

    (found,) = planted.errors(wrong, case)

    assert found.line == planted.line(old)
    assert repaired(wrong, found) == planted.wrong("", "")


def test_a_list_may_hold_something_else(tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)

    assert planted.errors(planted.wrong("", ""), "scaled") == []
