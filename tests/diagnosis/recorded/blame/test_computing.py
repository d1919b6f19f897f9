"""Functions that are called in place of others, which need as many arguments."""

import numpy as np

from planted import Planted, repaired

RNG = np.random.default_rng(8)
X, T = RNG.normal(size=(4, 3)), RNG.normal(size=(4, 2))
ARRAYS = {"W": RNG.normal(size=(3, 2))}


def slope_of_tanh(z):
    return 1.0 - np.tanh(z) ** 2


def slope_of_elu(z, alpha=1.0):
    return np.where(z > 0, 1.0, alpha * np.exp(z))


def layer(W):
    z = X @ W
    d = np.where(z > 0, z, np.exp(z) - 1.0) - T
    dz = d * slope_of_elu(z)
    return 0.5 * np.sum(d**2), {"W": X.T @ dz}


MISTAKES = [("d * slope_of_elu(z)", "d * slope_of_tanh(z)")]


def test_a_function_with_a_default_may_be_meant_that_needs_as_many_arguments(tmp_path):
    planted, (old, new) = Planted(__file__, tmp_path, ARRAYS), MISTAKES[0]
    text = planted.wrong(old, new)

    (found,) = planted.errors(text, "layer")

    assert (found.line, found.fix) == (planted.line(old), f"dz = {old}")
    assert planted.errors(repaired(text, found), "layer") == []
