"""What is right but for an approximation is a note; what is right but for a branch is wrong."""

from types import SimpleNamespace

import numpy as np
import pytest

import gradtui
from gradtui.diagnosis.recorded.approximate import approximate

X = np.linspace(-0.5, 0.5, 7)


def case(x):
    return np.sum(x - x**3 / 6 + x**5 / 120), np.cos(x)


def test_an_approximation_is_a_note():
    (finding,) = gradtui.check(case, X)

    assert (finding.rule, finding.severity) == ("unexplained", "info")
    assert "as an approximation is" in finding.message


def point(share, *, near):
    true = np.array([1.0, -2.0, 4.0])
    return SimpleNamespace(near=near, hand={"x": true + 4 * share}, true={"x": true})


@pytest.mark.parametrize(
    ("own", "beside", "far", "found"),
    [(1e-5, 2e-5, 0.1, 2e-5), (1e-5, 1e-2, 0.1, None), (1e-5, 0.0, 0.1, None)],
)
def test_a_gradient_is_approximate_where_it_is_slightly_off_all_around(own, beside, far, found):
    points = point(own, near=True), point(far, near=False), point(beside, near=True)

    assert approximate("x", points) == (None if found is None else pytest.approx(found))
