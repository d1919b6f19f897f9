"""A missing line changes no value in place that is the user's: given, saved, or a view of it."""

import numpy as np
import pytest

from planted import Planted, repaired

RNG = np.random.default_rng(3)
SCALE = RNG.normal(size=(4, 3))
MIX = RNG.normal(size=(3, 3))
X = RNG.normal(size=(4, 3))
LABELS = np.array([0, 2, 1, 1])


def scaled_back(saved):
    x, scale = saved
    x = x * SCALE
    cubed = 3 * x**2
    squared = 2 * x
    return (cubed + squared) * scale


def scaled(X):
    y = X * SCALE
    return np.sum(y**3) + np.sum(y**2), scaled_back((X, SCALE))


def residual_back(d, h):
    dh = d * (1 - np.tanh(h) ** 2)
    d = d + dh @ MIX.T
    return d


def residual(X):
    h = X @ MIX
    y = np.tanh(h) + X
    return np.sum(y**2), residual_back(2 * y, h)


def renamed_back(d, h):
    found = d
    dh = d * (1 - np.tanh(h) ** 2)
    found = found + dh @ MIX.T
    return found


def renamed(X):
    h = X @ MIX
    y = np.tanh(h) + X
    return np.sum(y**2), renamed_back(2 * y, h)


def summed(X):
    h = X @ MIX
    y = np.tanh(h) + X
    dX = 2 * y
    dX += (dX * (1 - np.tanh(h) ** 2)) @ MIX.T
    return np.sum(y**2), dX


def labelled_back(saved):
    chances, x = saved
    chances = chances.copy()
    chances[np.arange(len(LABELS)), LABELS] -= 1
    return x.T @ chances


def labelled(MIX):
    z = X @ MIX
    chances = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    loss = -np.sum(np.log(chances[np.arange(4), LABELS]))
    return loss, labelled_back((chances, X))


MISTAKES = [
    (scaled, "\n    x = x * SCALE", "", "x, scale = saved\n    x = x * SCALE"),
    (residual, "d = d + dh @ MIX.T", "d = dh @ MIX.T", "d = d + dh @ MIX.T"),
    (renamed, "found = found + dh", "found = dh", "found = found + dh @ MIX.T"),
    (summed, "dX += (dX", "dX = (dX", "dX += (dX * (1 - np.tanh(h) ** 2)) @ MIX.T"),
    (labelled, "    chances = chances.copy()\n    chances[np.arange(len(LABELS)), LABELS] -= 1\n",
     "", "chances, x = saved\n    chances = chances.copy()\n"
     "    chances[np.arange(len(LABELS)), LABELS] -= 1"),
]  # fmt: skip


@pytest.mark.parametrize(("function", "old", "new", "fix"), MISTAKES)
def test_only_the_functions_own_values_are_changed_in_place(function, old, new, fix, tmp_path):
    planted = Planted(__file__, tmp_path, {"X": X, "MIX": MIX})
    wrong = planted.wrong(old, new)

    (found,) = planted.errors(wrong, function.__name__)

    assert found.fix == fix
    assert planted.errors(repaired(wrong, found), function.__name__) == []
