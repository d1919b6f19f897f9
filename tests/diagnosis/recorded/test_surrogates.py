"""Gradients that pass rounding on purpose are a note; those that are wrong beside it are not."""

import numpy as np
import pytest

import gradtui
from findings import only

RNG = np.random.default_rng(3)
X, Y = RNG.normal(size=(6, 4)), RNG.normal(size=(6, 3))
W, V = RNG.normal(size=(4, 3)), RNG.normal(size=(3, 3))


def stop_gradient(x):
    return x.copy()


@pytest.mark.parametrize("flat", [np.round, np.rint, np.sign, np.floor, np.ceil])
def test_a_rounding_that_is_passed_as_the_identity_is_a_note(flat):
    def case(W):
        e = X @ flat(W) - Y
        return np.sum(e**2), 2 * X.T @ e

    finding = only(gradtui.check(case, W=W))

    assert (finding.rule, finding.severity, finding.target) == ("straight-through", "info", "W")
    assert finding.line == case.__code__.co_firstlineno + 1
    assert f"passes through {flat.__name__}, which is flat" in finding.message


def binary(slope, out=1.0, step=np.sign):
    def case(W, V):
        z = X @ W
        h = step(z)
        e = h @ V - Y
        dh = 2 * e @ V.T
        return np.sum(e**2), (out * X.T @ (dh * slope(z)), 2 * h.T @ e)

    return case


@pytest.mark.parametrize(
    "slope", [lambda z: np.abs(z) <= 1, lambda z: 1 - np.tanh(z) ** 2, lambda z: z > 0]
)
def test_other_slopes_may_stand_for_that_of_a_sign(slope):
    finding = only(gradtui.check(binary(slope), W=W, V=V))

    assert (finding.rule, finding.severity, finding.target) == ("straight-through", "info", "W")


@pytest.mark.parametrize(
    "step", [lambda z: np.where(z > 0, 1.0, -1.0), lambda z: (z > 0).astype(float)]
)
def test_a_comparison_that_is_passed_on_purpose_is_a_note(step):
    finding = only(gradtui.check(binary(lambda z: np.abs(z) <= 1, step=step), W=W, V=V))

    assert (finding.rule, finding.severity, finding.target) == ("straight-through", "info", "W")
    assert "passes through a step, which is flat" in finding.message


def test_weights_that_are_made_whole_numbers_on_purpose_are_a_note():
    def case(W):
        e = X @ ((W * 8).astype(int) / 8) - Y
        return np.sum(e**2), 2 * X.T @ e

    assert only(gradtui.check(case, W=W)).rule == "straight-through"


@pytest.mark.parametrize(
    "case",
    [
        binary(np.ones_like, out=2.0),
        binary(np.ones_like, out=2.0, step=lambda z: np.where(z > 0, 1.0, -1.0)),
        binary(np.ones_like, out=-1.0, step=lambda z: (z > 0).astype(float)),
        binary(lambda z: z),
        lambda W: (np.sum(np.round(W) * 0 + 1), np.ones_like(W)),
    ],
)
def test_another_mistake_stays_an_error(case):
    names = ("W", "V") if "V" in case.__code__.co_varnames else ("W",)
    findings = gradtui.check(case, **{name: {"W": W, "V": V}[name] for name in names})

    assert [finding.severity for finding in findings if finding.target == "W"] == ["error"]


def test_a_true_zero_is_right():
    def case(W, V):
        h = np.sign(X @ W)
        e = h @ V - Y
        return np.sum(e**2), (np.zeros_like(W), 2 * h.T @ e)

    assert gradtui.check(case, W=W, V=V) == []


def test_a_gradient_that_stops_where_the_code_says_so_is_a_note():
    def case(W, V):
        z = X @ W
        q = z + stop_gradient(Y @ V - z)
        return np.sum(q**2), (2 * X.T @ q, None)

    finding = only(gradtui.check(case, W=W, V=V))

    assert (finding.rule, finding.severity) == ("straight-through", "info")
    assert "stops at the value that is detached here" in finding.message


def test_a_missing_path_through_a_copy_stays_an_error():
    def case(W):
        h = (X @ W).copy()
        h += np.tanh(h)
        return np.sum(h**2), 2 * X.T @ h

    assert only(gradtui.check(case, W=W)).severity == "error"


def test_an_argument_that_only_the_gradient_uses_is_a_mistake_in_plain_code():
    mask = RNG.random((6, 3)) > 0.5

    def case(W, mask=mask):
        H = X @ W
        return np.sum(H**2), X.T @ (2 * H * mask)

    finding = only(gradtui.check(case, W=W))

    assert (finding.severity, finding.target) == ("error", "W")
    assert finding.line == case.__code__.co_firstlineno + 2


def test_a_gradient_of_one_length_is_a_mistake_in_plain_code():
    def case(w):
        y = X[:, 0] * w
        return np.sum(y**3), -3.0

    finding = only(gradtui.check(case, w=np.array(0.7)))

    assert (finding.severity, finding.target) == ("error", "w")
