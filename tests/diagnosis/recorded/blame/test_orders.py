"""Kernels that must be turned over."""

import numpy as np
import pytest

from planted import Planted, repaired

RNG = np.random.default_rng(17)
X, KERNEL = RNG.normal(size=(4, 5)), RNG.normal(size=(2, 2))


def filtered(X, KERNEL):
    n, m = X.shape
    y = np.zeros((n - 1, m - 1))
    for i in range(n - 1):
        for j in range(m - 1):
            y[i, j] = np.sum(KERNEL * X[i : i + 2, j : j + 2])
    arriving = np.pad(y**2, 1)
    turned = KERNEL[::-1, ::-1]
    d = np.zeros_like(X)
    for i in range(n):
        for j in range(m):
            d[i, j] = np.sum(turned * arriving[i : i + 2, j : j + 2])
    return np.sum(y**3) / 3, {"X": d}


MISTAKES = [(filtered, "turned = KERNEL[::-1, ::-1]", "turned = KERNEL")]


@pytest.mark.parametrize(("function", "old", "new"), MISTAKES)
def test_an_array_is_reversed_along_two_axes(function, old, new, tmp_path):
    planted = Planted(__file__, tmp_path, {"X": X, "KERNEL": KERNEL})
    at, wrong = planted.line(old), planted.wrong(old, new)

    (found,) = planted.errors(wrong, function.__name__)

    assert found.replaces == (at, at)
    assert planted.errors(repaired(wrong, found), function.__name__) == []
