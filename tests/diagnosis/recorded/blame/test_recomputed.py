"""What the backward pass computes anew is computed as the forward pass does it."""

import numpy as np

from planted import Planted, repaired

RNG = np.random.default_rng(2)
ARRAYS = {"z": RNG.normal(size=(4, 3))}
PICKED = np.eye(4, 3, dtype=bool)


def spread_forward(z):
    rest = z.copy()
    rest[PICKED] = -np.inf
    shares = np.exp(rest) / np.exp(rest).sum(axis=1, keepdims=True)
    return np.sum(shares**2)


def spread_backward(z):
    rest = z.copy()
    rest[PICKED] = -np.inf
    shares = np.exp(rest) / np.exp(rest).sum(axis=1, keepdims=True)
    return 2 * shares * (shares - (shares**2).sum(axis=1, keepdims=True))


def spread(z):
    return spread_forward(z), {"z": spread_backward(z)}


MISTAKES = [("    rest[PICKED] = -np.inf", "    rest[PICKED] = 0.0")]


def test_a_value_stored_is_that_of_the_function_beside(tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)
    (old, new), text = MISTAKES[0], planted.wrong("", "")
    wrong = text[: (at := text.rindex(old))] + new + text[at + len(old) :]

    (found,) = planted.errors(wrong, "spread")

    assert found.line == text[:at].count("\n") + 1
    assert f"0.0 must be -np.inf, as in line {text[: text.index(old)].count(chr(10)) + 1}" in (
        found.message
    )
    assert planted.errors(repaired(wrong, found), "spread") == []
    assert planted.errors(text, "spread") == []
