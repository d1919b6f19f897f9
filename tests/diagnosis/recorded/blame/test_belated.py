"""The gain of a normalisation, which belongs in front of the means of what it multiplies."""

import numpy as np
import pytest

from planted import Planted, repaired

RNG = np.random.default_rng(31)
X, R = RNG.normal(size=(6, 4)), RNG.normal(size=(6, 5))
ARRAYS = {"g": RNG.normal(size=5), "W": RNG.normal(size=(4, 5))}


def layer_norm(g, W):
    h = X @ W
    std = np.sqrt(h.var(1, keepdims=True) + 1e-5)
    n = (h - h.mean(1, keepdims=True)) / std
    dn = R * g
    dh = (dn - dn.mean(1, keepdims=True) - n * (dn * n).mean(1, keepdims=True)) / std
    return np.sum(R * g * n), (R * n).sum(0), X.T @ dh


def normalise(x):
    size = np.sqrt((x**2).sum(1, keepdims=True))
    return x / size, size


def backward(error, gain, n, size):
    return (error * gain - n * np.sum(error * gain * n, axis=1, keepdims=True)) / size


def unit_rows(g, W):
    n, size = normalise(X @ W)
    dh = backward(R, g, n, size)
    return np.sum(R * g * n), (R * n).sum(0), X.T @ dh


MISTAKES = [
    (layer_norm, [
        ("dn = R * g", "dn = R"),
        ("dn * n).mean(1, keepdims=True)) / std", "dn * n).mean(1, keepdims=True)) / std * g"),
    ]),
    (unit_rows, [
        ("(error * gain - n * np.sum(error * gain * n,", "gain * (error - n * np.sum(error * n,"),
    ]),
]  # fmt: skip


@pytest.mark.parametrize(("function", "changes"), MISTAKES)
def test_a_factor_behind_a_mean_is_put_in_front_of_it(function, changes, tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)
    wrong = planted.wrong(*changes[0])
    for change in changes[1:]:
        assert wrong.count(change[0]) == 1
        wrong = wrong.replace(*change)

    (found,) = planted.errors(wrong, function.__name__)

    assert (found.rule, found.line) == ("missing-term", planted.line(changes[-1][0]))
    assert "must multiply" in found.message
    assert planted.errors(repaired(wrong, found), function.__name__) == []
