"""A function of the user's own that a number, or an array, lacks."""

import numpy as np
import pytest

from planted import Planted, repaired

RNG = np.random.default_rng(6)
ARRAYS = {"w": RNG.normal(size=4), "x": RNG.normal(size=4)}


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def loss_of(y, z):
    return -y * np.log(sigmoid(z)) - (1 - y) * np.log(1 - sigmoid(z))


def single(w, x):
    z = np.dot(w, x)
    missed = sigmoid(z) - 1.0
    return loss_of(1.0, z), {"w": missed * x, "x": missed * w}


def several(w, x):
    z = w * x
    missed = sigmoid(z) - 1.0
    return np.sum(loss_of(1.0, z)), {"w": missed * x, "x": missed * w}


MISTAKES = ["single", "several"]


@pytest.mark.parametrize("name", MISTAKES)
def test_it_is_called_as_elsewhere(name, tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)
    text = planted.wrong("missed = sigmoid(z) - 1.0", "missed = z - 1.0")

    (found,) = planted.errors(text, name)

    assert found.fix == "missed = sigmoid(z) - 1.0"
    assert "sigmoid of z is needed" in found.message
    assert planted.errors(repaired(text, found), name) == []
