"""Levels with scales of their own, such as `p * (W > t) - n * (W < -t)`, in plain code.

The gradient passes a level by its scale, and the level 0 by 1 (Zhu et al., 2017, section 3).
"""

import numpy as np
import pytest

import gradtui
from findings import only

RNG = np.random.default_rng(4)
X, Y = RNG.normal(size=(6, 4)), RNG.normal(size=(6, 3))
W, P, N = RNG.normal(size=(4, 3)), np.array(0.7), np.array(0.9)


def ternary(slopes):
    def case(W, p, n):
        up, down = 1.0 * (W > 0.4), 1.0 * (W < -0.4)
        e = X @ (p * up - n * down) - Y
        g = 2 * X.T @ e
        return np.sum(e**2), (g * slopes(p, n, up, down), np.sum(g * up), -np.sum(g * down))

    return case


def binary(slope):
    def case(W):
        size = np.mean(np.abs(W), axis=0)
        e = X @ (size * np.sign(W)) - Y
        g = 2 * X.T @ e
        return np.sum(e**2), g * slope(size, np.abs(W) <= 1)

    return case


def own(p, n, up, down):
    return p * up + n * down + (1 - up - down)


def test_levels_may_be_passed_by_their_scales():
    finding = only(gradtui.check(ternary(own), W=W, p=P, n=N))

    assert (finding.rule, finding.severity, finding.target) == ("straight-through", "info", "W")
    assert "by the scale of each level, and of the level 0 by 1" in finding.message


def test_the_shared_scale_of_signs_may_be_passed_element_by_element():
    finding = only(gradtui.check(binary(lambda size, near: 1 / 4 + size * near), W=W))

    assert (finding.rule, finding.severity) == ("straight-through", "info")
    assert "plus 1/4, as XNOR-Net has it" in finding.message


@pytest.mark.usefixtures("unsearched")
@pytest.mark.parametrize(
    "slopes",
    [
        lambda p, n, up, down: own(n, p, up, down),
        lambda p, n, up, down: own(p, -n, up, down),
        lambda p, n, up, down: own(p, 1, up, down),
        lambda p, n, up, down: 2 * own(p, n, up, down),
        lambda p, n, up, down: p * up + n * down,
    ],
)
def test_other_slopes_of_levels_are_wrong(slopes):
    first, *_ = gradtui.check(ternary(slopes), W=W, p=P, n=N)

    assert (first.target, first.severity) == ("W", "error")


@pytest.mark.usefixtures("unsearched")
@pytest.mark.parametrize(
    "slope", [lambda size, near: size * near, lambda size, near: 1 / 3 + size * near]
)
def test_a_scale_made_of_the_signs_own_weights_is_no_constant_in_plain_code(slope):
    assert only(gradtui.check(binary(slope), W=W)).severity == "error"
