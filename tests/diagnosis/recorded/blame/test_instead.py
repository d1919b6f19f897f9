"""Products that were left out: with a stack of matrices, of a vector with itself."""

import numpy as np
import pytest

from planted import Planted, repaired

RNG = np.random.default_rng(19)
S, GIVEN = RNG.normal(size=(3, 2)), RNG.normal(size=3)
V, MIXED = RNG.normal(size=(2, 3, 4)), RNG.random((2, 3, 3))


def attended(V):
    y = MIXED @ V
    arriving = y**2
    d = MIXED.swapaxes(-1, -2) @ arriving
    return np.sum(y**3) / 3, d


def likely(S):
    inverse = np.linalg.inv(S @ S.T + np.eye(3))
    weights = inverse @ GIVEN
    loss = GIVEN @ weights / 2 + np.linalg.slogdet(S @ S.T + np.eye(3))[1] / 2
    slopes = 0.5 * (inverse - np.outer(weights, weights))
    return loss, 2 * slopes @ S


def sparse(S):
    p = np.sign(S)
    return np.sum(S**2) + 0.7 * np.abs(S).sum(), 2 * S + 0.7 * p


MISTAKES = [
    (attended, "d = MIXED.swapaxes(-1, -2) @ arriving", "d = arriving"),
    (likely, "0.5 * (inverse - np.outer(weights, weights))", "0.5 * inverse"),
]


@pytest.mark.parametrize(("function", "old", "new"), MISTAKES)
def test_a_product_is_put_back(function, old, new, tmp_path):
    planted = Planted(__file__, tmp_path, {"V": V, "S": S})
    at, wrong = planted.line(old), planted.wrong(old, new)

    (found,) = planted.errors(wrong, function.__name__)

    assert found.replaces == (at, at)
    assert planted.errors(repaired(wrong, found), function.__name__) == []


def test_the_slope_of_another_function_is_told_with_its_brackets(tmp_path):
    planted = Planted(__file__, tmp_path, {"S": S})
    wrong = planted.wrong("p = np.sign(S)", "p = np.tanh(S)")

    (found,) = planted.errors(wrong, "sparse")

    assert found.message.endswith("p must be np.sign(p)")
    assert found.fix.endswith("+ 0.7 * np.sign(p)")
