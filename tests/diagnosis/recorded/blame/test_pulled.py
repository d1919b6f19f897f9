"""The missing path of a value through one of two matrix products."""

import numpy as np

from planted import Planted, repaired

RNG = np.random.default_rng(6)
WEIGHTS, EYE = RNG.normal(size=(2, 3, 3)), np.eye(3)
ARRAYS = {"A": EYE + 0.2 * RNG.normal(size=(2, 3, 3))}


def inverted(A):
    x, before = 0.3 * np.broadcast_to(EYE, A.shape), []
    for _ in range(3):
        before.append(x)
        x = x @ (2 * EYE - A @ x)
    d, dA = WEIGHTS, np.zeros_like(A)
    for y in reversed(before):
        rest = 2 * EYE - A @ y
        d_rest = y.swapaxes(1, 2) @ d
        dA -= d_rest @ y.swapaxes(1, 2)
        d = d @ rest.swapaxes(1, 2) - A.swapaxes(1, 2) @ d_rest
    return np.sum(WEIGHTS * x), {"A": dA}


MISTAKES = [(" - A.swapaxes(1, 2) @ d_rest", "")]


def test_a_term_that_flows_back_through_a_product_of_stacks(tmp_path):
    planted, (old, new) = Planted(__file__, tmp_path, ARRAYS), MISTAKES[0]
    text = planted.wrong(old, new)

    (found,) = planted.errors(text, "inverted")

    assert found.line == planted.line(old)
    assert "A.swapaxes(-1, -2) @ d_rest" in found.fix
    assert planted.errors(repaired(text, found), "inverted") == []
