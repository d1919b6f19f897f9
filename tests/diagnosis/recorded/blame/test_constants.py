"""Terms left out that are an array, which nothing else uses, times a product of numbers."""

import ast

import numpy as np
import pytest

from gradtui.diagnosis.recorded.blame.constants import is_agreed
from planted import Planted, repaired

W = np.random.default_rng(13).normal(size=4) + 2.0


def shares(W):
    f, g = np.sum(W**2), np.sum(np.sin(W)) + 5.0
    df, dg = 2 * W, np.cos(W)
    d = df / g - f / g**2 * dg
    return f / g, d


class Outputs:
    def __init__(self, Y):
        self.Y, self.count = Y, Y.shape[1]

    def mean(self):
        return self.Y.sum() / self.count

    def slope(self, W):
        return self.count * np.cos(W) - self.Y.sum(axis=1)


OUT = 3
OUTPUTS = Outputs(np.arange(12.0).reshape(4, OUT))


def through_outputs(W):
    loss = np.sum(np.sin(W)[:, None] - OUTPUTS.Y * W[:, None]) + OUTPUTS.mean()
    return loss, OUTPUTS.slope(W)


def entropy(W):
    p = 1 / (1 + np.exp(-W))
    loss = np.sum(p * np.log2(p) - np.log2(1 - p))
    dp = np.log2(p) + 1 / np.log(2)
    return loss, dp * p * (1 - p) + p / np.log(2)


def averaged(W):
    n = W.shape[0]
    loss = 0.5 * np.sum(W**2) / n
    return loss, W / n


WRITTEN = [
    (entropy, "+ p / np.log(2)", "+ p"),
    (entropy, "+ 1 / np.log(2)", "+ 1"),
    (averaged, "return loss, W / n", "return loss, W / 5"),
]


@pytest.mark.parametrize(("function", "old", "new"), WRITTEN)
def test_numbers_are_put_back_as_users_write_them(function, old, new, tmp_path):
    planted = Planted(__file__, tmp_path, {"W": W})
    wrong = planted.wrong(old, new)

    (found,) = planted.errors(wrong, function.__name__)

    assert old in found.fix
    assert planted.errors(repaired(wrong, found), function.__name__) == []


MISTAKES = [
    (shares, "d = df / g - f / g**2 * dg", "d = df / g"),
    (shares, "d = df / g - f / g**2 * dg", "d = -f / g**2 * dg"),
]


@pytest.mark.parametrize(("function", "old", "new"), MISTAKES)
def test_what_nothing_uses_is_added_times_two_numbers(function, old, new, tmp_path):
    planted = Planted(__file__, tmp_path, {"W": W})
    at, wrong = planted.line(old), planted.wrong(old, new)

    (found,) = planted.errors(wrong, function.__name__)

    assert found.replaces == (at, at)
    assert planted.errors(repaired(wrong, found), function.__name__) == []


def test_a_factor_is_called_what_the_function_calls_it(tmp_path):
    planted = Planted(__file__, tmp_path, {"W": W})

    (found,) = planted.errors(planted.wrong("self.count * np.cos", "np.cos"), "through_outputs")

    assert found.fix == "return np.cos(W) * self.count - self.Y.sum(axis=1)"


@pytest.mark.parametrize(
    ("code", "agreed"),
    [
        ("loss(w, 0.7), grad(w, 0.7)", True),
        ("loss(w, 0.7), grad(w, 0.3)", False),
        ("0.5 * loss(w), 0.5 * grad(w)", False),
    ],
)
def test_a_number_that_stands_twice_is_no_slip_of_the_pen(code, agreed):
    assert is_agreed(ast.parse(code), 0.7 if "0.7" in code else 0.5) is agreed
