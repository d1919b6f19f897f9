import numpy as np
import pytest

import gradtui
from findings import only

RNG = np.random.default_rng(3)
X = RNG.normal(size=(3, 2))
W = RNG.normal(size=(2, 3))


def hidden(X):
    Y = np.arctan(X @ W)
    return np.sum(Y**2), 2 * Y @ W.T


def shared(X):
    total = np.cosh(X).sum(axis=0)
    return np.sum((X / total) ** 3), 3 * (X / total) ** 2 / total


@pytest.mark.parametrize(
    ("function", "rule", "told"),
    [
        (hidden, "missing-factor", "the slope of np.arctan(X @ W) in line 13 is missing"),
        (shared, "missing-path", "what flows back through np.cosh(X).sum(axis=0) in line 18"),
    ],
)
def test_what_a_gradient_leaves_out_is_told_where_no_edit_puts_it_back(function, rule, told):
    found = only(gradtui.check(function, X=X))

    assert found.rule == rule
    assert told in found.message
    assert found.fix is None


def chained(W):
    hs = [np.zeros(2)]
    for x in X:
        hs.append(np.tanh(x + W @ hs[-1]))
    dW, d = np.zeros((2, 2)), np.sin(sum(hs))
    for t in range(3):
        dz = d * np.cosh(np.arctanh(hs[t + 1])) ** -2
        dW += dz[:, None] * hs[t]
    return -np.sum(np.cos(sum(hs))), dW


@pytest.mark.usefixtures("briefly")
def test_what_no_round_hands_to_the_one_before_is_told():
    found = only(gradtui.check(chained, W=W[:, :2].copy()))

    assert found.rule == "missing-path"
    assert "what flows back through W @ hs[-1] in line 40 to hs[-1] is missing" in found.message
