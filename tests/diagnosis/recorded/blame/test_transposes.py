"""The order of axes that one half of a layer takes, and the other takes back."""

import numpy as np
import pytest

from planted import Planted, repaired

RNG = np.random.default_rng(21)
R = RNG.normal(size=(2, 3, 4, 2))
ARRAYS = {"x": RNG.normal(size=(2, 4, 2, 3)), "w": RNG.normal(size=(3, 3))}


class Channels:
    def forward(self, x, w):
        self.w = w
        self.rows = x.reshape(-1, 3)
        y = np.tanh(self.rows @ w).reshape(2, 4, 2, 3)
        return y.transpose(0, 3, 1, 2)

    def backward(self, dout):
        dout = dout.transpose(0, 2, 3, 1)
        d = dout.reshape(-1, 3) * (1 - np.tanh(self.rows @ self.w) ** 2)
        return (d @ self.w.T).reshape(2, 4, 2, 3), self.rows.T @ d


def channels(x, w):
    layer = Channels()
    return np.sum(R * layer.forward(x, w)), *layer.backward(R)


MISTAKES = [("dout = dout.transpose(0, 2, 3, 1)", "dout = dout")]


def test_sound_code_is_left_alone(tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)
    assert planted.errors(planted.wrong("", ""), "channels") == []


@pytest.mark.parametrize(("right", "mistaken"), MISTAKES)
def test_the_order_of_the_other_half_is_taken_back(right, mistaken, tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)
    text = planted.wrong(right, mistaken)

    (found,) = planted.errors(text, "channels")

    assert found.line == planted.line(right)
    assert planted.errors(repaired(text, found), "channels") == []
