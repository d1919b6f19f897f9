"""Code that looks at what no recording can keep is judged by its plain runs."""

import numpy as np
import pytest

import gradtui

X = np.random.default_rng(41).normal(size=(3, 4))


def right_unless_recorded(x):
    slopes = 2 * x
    if slopes.base is not None:
        slopes = 3 * x
    return np.sum(x**2), {"x": slopes}


def wrong_unless_recorded(x):
    slopes = 3 * x
    if slopes.base is not None:
        slopes = 2 * x
    return np.sum(x**2), {"x": slopes}


@pytest.mark.parametrize(
    ("function", "rules"),
    [(right_unless_recorded, ["opaque"]), (wrong_unless_recorded, ["wrong-variable", "opaque"])],
)
def test_the_gradients_that_the_code_returns_by_itself_are_judged(function, rules):
    found = gradtui.check(function, x=X)
    assert [one.rule for one in found] == rules
    assert "the code computes something else where it is recorded" in found[-1].message
