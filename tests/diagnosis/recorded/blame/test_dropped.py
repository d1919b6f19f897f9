"""A call that only computes, whose result nothing keeps, lacks a name for it."""

import numpy as np
import pytest

from planted import Planted, repaired

RNG = np.random.default_rng(6)
X = RNG.normal(size=(5, 4))
ARRAYS = {"A": RNG.normal(size=(4, 6)), "B": RNG.normal(size=(6, 5)), "C": RNG.normal(size=(5, 2))}


def product_back(d, x, w):
    dx = d @ w.T
    return dx, x.T @ d


def bent(z):
    return np.maximum(z, 0)


def bent_back(d, z):
    return d * (z > 0)


def net(A, B, C):
    p = X @ A
    q = bent(p) @ B
    out = bent(q) @ C
    d, dC = product_back(2 * out, bent(q), C)
    d = bent_back(d, q)
    d, dB = product_back(d, bent(p), B)
    d = bent_back(d, p)
    d, dA = product_back(d, X, A)
    return (out**2).sum(), (dA, dB, dC)


def scaled(A):
    d = 2 * (X @ A)
    d = np.multiply(d, 0.5)
    return 0.5 * np.sum((X @ A) ** 2), {"A": X.T @ d}


MISTAKES = [(["d = bent_back(d, p)"], 1), (["d = bent_back(d, q)", "d = bent_back(d, p)"], 3)]


@pytest.mark.parametrize(("lines", "replaced"), MISTAKES)
def test_the_result_is_kept(lines, replaced, tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)
    wrong = planted.wrong(lines[0], lines[0].removeprefix("d = "))
    for line in lines[1:]:
        wrong = wrong.replace(line, line.removeprefix("d = "))

    (found,) = planted.errors(wrong, "net")

    assert found.line == planted.line(lines[0])
    assert found.replaces == (found.line, found.line + replaced - 1)
    assert planted.errors(repaired(wrong, found), "net") == []


def test_what_a_function_of_arrays_returns_is_kept(tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)
    line = "d = np.multiply(d, 0.5)"
    wrong = planted.wrong(line, line.removeprefix("d = "))

    (found,) = planted.errors(wrong, "scaled")

    assert (found.line, found.fix) == (planted.line(line), line)
    assert "multiply does not change d, and nothing keeps what it returns" in found.message
    assert planted.errors(planted.wrong("", ""), "scaled") == []
