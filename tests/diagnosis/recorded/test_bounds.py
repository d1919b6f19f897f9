"""A gradient that ignores the bounds of a clip is right within them, and wrong beyond."""

import numpy as np
import pytest

import gradtui
from findings import line_of, only

RNG = np.random.default_rng(7)
X, Y = RNG.normal(size=(6, 4)), 1.0 * (RNG.random(6) > 0.5)
W, B = 0.8 * RNG.normal(size=4), np.array(0.3)


def within(x, bound):
    return np.clip(x, -bound, bound)


def by_two(x, bound):
    return np.minimum(np.maximum(x, -bound), bound)


def logistic(bound, cut=within, wrong=0.0, times=1.0):
    def case(w, b):
        p = 1 / (1 + np.exp(-cut(X @ w + b, bound)))
        loss = -np.sum(Y * np.log(p) + (1 - Y) * np.log(1 - p))
        e = p - Y + wrong * p
        db = e.sum()
        dw = times * (X.T @ e)
        return loss, (dw, db)

    return case


def of_a_share(w, b):
    p = np.clip(1 / (1 + np.exp(-(X @ w + b))), 0.004, 0.996)
    e = p - Y
    return -np.sum(Y * np.log(p) + (1 - Y) * np.log(1 - p)), (X.T @ e, e.sum())


@pytest.mark.parametrize("case", [logistic(5), logistic(5, by_two), of_a_share])
def test_bounds_that_the_given_arguments_keep_are_a_warning(case):
    finding = only(gradtui.check(case, w=W, b=B))

    assert (finding.rule, finding.severity) == ("relies-on-data", "warning")
    assert finding.message.startswith("the gradient of w (also of b) is right ")
    assert finding.message.endswith(
        "where the given arguments keep it: beyond, it ignores the slope of 0"
    )


@pytest.mark.parametrize("cut", [within, by_two])
def test_bounds_that_they_do_not_keep_are_an_error_with_the_missing_factor(cut):
    finding = only(gradtui.check(logistic(0.7, cut), w=W, b=B))

    assert (finding.rule, finding.severity) == ("missing-factor", "error")
    assert finding.factor == "(x > -0.7) & (x < 0.7)"
    assert finding.line == line_of(cut, 1)
    assert finding.evidence["gradients"] == ["w", "b"]


def test_a_gradient_that_knows_the_bounds_is_right():
    def case(w, b):
        z = X @ w + b
        p = 1 / (1 + np.exp(-np.clip(z, -0.7, 0.7)))
        loss = -np.sum(Y * np.log(p) + (1 - Y) * np.log(1 - p))
        e = (p - Y) * (np.abs(z) < 0.7)
        return loss, (X.T @ e, e.sum())

    assert gradtui.check(case, w=W, b=B) == []


@pytest.mark.parametrize("bound", [5, 0.7])
def test_a_mistake_beside_is_found_with_its_fix(bound):
    found = gradtui.check(logistic(bound, times=2.0), w=W, b=B)
    mistake = next(one for one in found if one.target == "w")

    assert mistake.fix == "dw = X.T @ e"
    assert {one.target for one in found} == {"w", "b"}


def test_a_mistake_in_all_gradients_is_found_at_its_line():
    finding = only(gradtui.check(logistic(5, by_two, wrong=0.3), w=W, b=B))

    assert (finding.severity, finding.line) == ("error", line_of(logistic, 4))
    assert finding.fix is not None


def clipped_once_doubled(w):
    r = X @ w - Y
    d = np.clip(2 * r, -1, 1)
    return r @ r, X.T @ d


def clipped_before_it_is_doubled(w):
    r = X @ w - Y
    d = 2 * np.clip(r, -0.5, 0.5)
    return r @ r, X.T @ d


def kept_below(w):
    r = X @ w - Y
    d = np.minimum(2 * r, 0.3)
    return r @ r, X.T @ d


@pytest.mark.parametrize(
    ("case", "fix"),
    [
        (clipped_once_doubled, "d = 2 * r"),
        (clipped_before_it_is_doubled, "d = 2 * r"),
        (kept_below, "d = 2 * r"),
    ],
)
def test_a_bound_of_the_backward_pass_alone_does_not_belong_there(case, fix):
    finding = only(gradtui.check(case, w=W))

    assert (finding.rule, finding.fix) == ("extra-factor", fix)


def test_a_rectifier_is_no_bound():
    def case(w):
        return np.sum(np.maximum(X @ w, 0.0) ** 2), 2 * X.T @ (X @ w)

    assert {one.severity for one in gradtui.check(case, w=W)} == {"error"}
