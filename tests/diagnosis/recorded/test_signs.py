"""Gradients of code that takes its arguments to have one sign, as the given ones do."""

import numpy as np
import pytest

import gradtui
from findings import line_of

RNG = np.random.default_rng(11)
ACTIVE = np.maximum(RNG.normal(size=(3, 5)), 0.0)
X = RNG.normal(size=(5, 4))
FEW, MORE = RNG.random(4) + 0.3, RNG.random(4) + 0.3


def sparse(slope):
    def case(z):
        e = z @ X - 1.0
        return np.sum(e**2) + 0.3 * np.abs(z).sum(), 2 * e @ X.T + 0.3 * slope(z)

    return case


def shared_part(x, y):
    apart = both = 0.0
    for i in range(len(x)):
        apart += np.abs(x[i] - y[i])
        both += np.abs(x[i] + y[i])
    slope = (np.sign(x - y) - apart / both) / both
    return apart / both, {"x": slope}


def test_a_penalty_of_what_is_never_negative_may_have_the_slope_1_and_that_is_said():
    case = sparse(np.ones_like)
    (found,) = gradtui.check(case, ACTIVE)
    assert (found.rule, found.severity, found.line) == (
        "relies-on-data",
        "warning",
        line_of(case, 2),
    )
    assert found.message.startswith(
        "the gradient of z is right only where the signs of z are those given: elsewhere z["
    )
    claimed, true = found.evidence["claimed"], found.evidence["true"]
    assert abs(claimed - true) == pytest.approx(0.6, rel=1e-3)


def test_the_same_in_a_loop_over_single_numbers():
    (found,) = gradtui.check(shared_part, FEW, MORE)
    assert (found.rule, found.line) == ("relies-on-data", line_of(shared_part, 4))


def test_a_slope_that_is_right_for_all_signs_has_no_note():
    assert gradtui.check(sparse(np.sign), ACTIVE + 0.1) == []


def test_a_gradient_that_is_coarser_where_signs_are_others_has_no_note():
    """As that of a solver, whose own steps are longer there."""
    case = sparse(lambda z: np.sign(z) * (1 + 1e-5 * (z < 0)))
    assert gradtui.check(case, ACTIVE + 0.1) == []


@pytest.mark.parametrize("slope", [np.zeros_like, lambda z: 2 * np.ones_like(z)])
def test_another_slope_is_wrong(slope):
    (found,) = gradtui.check(sparse(slope), ACTIVE + 0.1)
    assert found.severity == "error"


def test_with_both_signs_given_the_sign_is_missing():
    (found,) = gradtui.check(sparse(np.ones_like), ACTIVE - 0.2)
    assert found.severity == "error"


def test_a_residual_that_happens_to_be_positive_is_judged_with_either_sign():
    rows, w = RNG.normal(size=(3, 4)), np.arange(1.0, 5.0)
    y = rows @ w - [0.1, 0.3, 0.2]

    def case(w):
        return np.sum(np.abs(rows @ w - y)), rows.sum(axis=0)

    (found,) = gradtui.check(case, w)
    assert found.severity == "error"


def test_what_goes_wrong_where_the_call_changes_nothing_is_only_not_compared():
    """As in a solver of a problem that has no solution there."""

    def case(mass):
        x = np.where(mass > 0, mass**2, mass)
        return np.sum(x + np.abs(np.exp(-mass))), 2 * mass - np.exp(-mass)

    (found,) = gradtui.check(case, np.array([0.4, 1.3, 0.7]))
    assert (found.severity, found.line) == ("info", line_of(case, 1))
    assert found.message.endswith("what the gradients are where it is below is not compared")


def dividing(times):
    def case(x):
        whole = np.prod(x)
        return whole, times * whole / np.maximum(x, 1e-10)

    return case


def test_a_quotient_that_is_kept_from_0_is_right_for_positive_numbers_and_that_is_said():
    x = np.array([0.4, 1.3, 0.7])
    (found,) = gradtui.check(dividing(1.0), x)
    assert (found.rule, found.severity) == ("relies-on-data", "warning")
    assert found.line == line_of(dividing(1.0), 2)
    assert "is right only where the signs of x are those given" in found.message
    (wrong,) = gradtui.check(dividing(2.0), x)
    assert wrong.severity == "error"


def test_with_negative_numbers_given_what_keeps_it_from_0_is_a_mistake():
    (found,) = gradtui.check(dividing(1.0), np.array([0.4, -1.3, 0.7]))
    assert found.severity == "error"
