"""What functions import while they run is recorded as what their module has imported."""

import builtins

import numpy as np
import pytest

import gradtui

X = np.random.default_rng(3).normal(size=(5, 3))
W = np.array([0.3, -0.2, 0.5])


def numpys(w):
    import numpy as own

    e = own.zeros(5)
    for i in range(5):
        e[i] = X[i] @ w
    return own.sum(e**2), 2 * X.T @ e


def maths(w):
    from math import exp

    e = exp(X[0] @ w)
    return e, e * X[0]


def special(w):
    import scipy.special

    z = X * w
    share = scipy.special.softmax(z, axis=1)
    return np.sum(scipy.special.logsumexp(z, axis=1)), np.sum(X * share, axis=0)


@pytest.mark.parametrize("case", [numpys, maths, special])
def test_what_a_function_imports_is_known(case):
    assert gradtui.check(case, w=W) == []


def test_imports_are_as_before_after_an_exception():
    def case(w):
        from math import sqrt

        return sqrt(-np.sum(w**2)), w

    before = builtins.__import__
    with pytest.raises(ValueError, match=r"domain|nonnegative"):
        gradtui.check(case, w=W)
    assert builtins.__import__ is before
