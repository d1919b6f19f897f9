"""A minus before what a line only hands on may be one too many."""

import ast

import numpy as np
import pytest

from gradtui.diagnosis.recorded.blame.forms import idle_ones
from planted import Planted, repaired

RNG = np.random.default_rng(6)
R = RNG.normal(size=(4, 2, 3))
ARRAYS = {"x": RNG.normal(size=(4, 5)), "w": RNG.normal(size=(5, 6)), "b": RNG.normal(size=6)}


class Layer:
    def forward(self, x, w, b):
        self.x = x
        self.w = w
        z = x @ w + b
        self.h = np.tanh(z)
        return self.h.reshape(4, 2, 3)

    def backward(self, dout):
        flat = dout.reshape(4, 6)
        dz = self.slope(flat)
        self.db = dz.sum(axis=0)
        self.dw = self.x.T @ dz
        return dz @ self.w.T

    def slope(self, d):
        dz = d * (1 - self.h**2)
        return dz


def run(x, w, b):
    layer = Layer()
    out = layer.forward(x, w, b)
    dx = layer.backward(R)
    return np.sum(out * R), dx, layer.dw, layer.db


MISTAKES = [
    ("self.x = x\n", "self.x = -x\n"),
    ("return dz\n", "return -dz\n"),
    ("flat = dout.reshape(4, 6)", "flat = -dout.reshape(4, 6)"),
    ("return dz\n", "return -dz.copy()\n"),
    ("dz = d * (1", "dz = -d * (1"),
]


def test_sound_code_is_left_alone(tmp_path):
    assert (planted := Planted(__file__, tmp_path, ARRAYS)).errors(
        planted.wrong("", ""), "run"
    ) == []


@pytest.mark.parametrize(("right", "mistaken"), MISTAKES)
def test_a_minus_too_many_is_taken_away_where_it_stands(right, mistaken, tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)
    text = planted.wrong(right, mistaken)

    (found,) = planted.errors(text, "run")

    assert found.line == planted.line(right)
    assert planted.errors(repaired(text, found), "run") == []


@pytest.mark.parametrize(
    ("text", "count"), [("d = x**1 * y", 1), ("d = 1 * x[::1]", 2), ("d = x**2 + 1", 0)]
)
def test_a_power_of_1_does_nothing_as_a_factor_of_1(text, count):
    assert idle_ones(ast.parse(text).body[0]) == count
