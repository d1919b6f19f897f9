"""A mean over all elements that is divided by its rows."""

import numpy as np
import pytest

import gradtui

W0 = np.random.default_rng(0).normal(size=(3, 2))
X = np.random.default_rng(1).normal(size=(4, 3))
Y = np.random.default_rng(2).normal(size=(4, 2))


def by_length(W=W0):
    o = X @ W
    do = 2 * (o - Y) / len(o)
    return np.mean((o - Y) ** 2), {"W": X.T @ do}


def by_axis(W=W0):
    o = X @ W
    do = 2 * (o - Y) / o.shape[0]
    return ((o - Y) ** 2).mean(), {"W": X.T @ do}


def by_name(W=W0):
    N = X.shape[0]
    o = X @ W
    do = 2 / N * (o - Y)
    return np.sum((o - Y) ** 2) / o.size, {"W": X.T @ do}


@pytest.mark.parametrize(
    ("case", "fix"),
    [
        (by_length, "do = 2 * (o - Y) / o.size"),
        (by_axis, "do = 2 * (o - Y) / o.size"),
        (by_name, "do = 2 / o.size * (o - Y)"),
    ],
)
def test_all_elements_are_counted_though_two_columns_leave_a_factor_of_2(case, fix):
    (found,) = gradtui.check(case)
    assert found.rule == "constant-factor"
    assert found.fix == fix
    assert "the mean is that of all elements" in found.message
