"""A factor that a term of a sum lacks, where another term would do as well."""

import numpy as np
import pytest

from planted import Planted, repaired

RNG = np.random.default_rng(0)
A, D = RNG.normal(size=(5, 3)), np.abs(RNG.normal(size=(5, 5)))


def likelihood(w):
    E = np.exp(-w * (D + D.T))
    K = E + 2 * np.eye(5)
    loss = A.shape[1] * np.linalg.slogdet(K)[1] + np.sum(A * np.linalg.solve(K, A))
    P = np.linalg.solve(K, np.eye(5))
    S = P @ A
    dK = S @ S.T - A.shape[1] * P
    return loss, np.sum(dK * E * (D + D.T)).reshape(1)


X, R = RNG.normal(size=(4, 3)), RNG.normal(size=(4, 3))


def normalised(scale):
    x = X * scale
    mean = x.mean(axis=-1, keepdims=True)
    size = np.sqrt(x.var(axis=-1, keepdims=True))
    z = (x - mean) / size
    D = x.shape[-1]
    total = np.sum(R, axis=-1, keepdims=True)
    along = np.sum(R * z, axis=-1, keepdims=True) * z
    dx = (D * R - total - along) / (D * size)
    return np.sum(R * z), np.sum(dx * X, axis=0)


MISTAKES = [("S @ S.T - A.shape[1] * P", "S @ S.T - P")]


@pytest.mark.parametrize(("old", "new"), MISTAKES)
def test_a_term_lacks_a_factor_rather_than_the_sum_the_same_term_again(old, new, tmp_path):
    planted = Planted(__file__, tmp_path, {"w": np.array([0.7])})
    at, wrong = planted.line(old), planted.wrong(old, new)

    (found,) = planted.errors(wrong, "likelihood")

    assert (found.line, found.rule) == (at, "constant-factor")
    assert found.message.endswith("the factor S.shape[1] is missing")
    assert planted.errors(repaired(wrong, found), "likelihood") == []


def test_a_count_that_an_array_is_taken_from_lacks_another(tmp_path):
    planted = Planted(__file__, tmp_path, {"scale": np.array([0.7, 1.2, -0.5])})
    wrong = planted.wrong("D * R - total", "D - total")

    (found,) = planted.errors(wrong, "normalised")

    assert found.line == planted.line("D * R - total")
    assert found.fix == "dx = (D * R - total - along) / (D * size)"
