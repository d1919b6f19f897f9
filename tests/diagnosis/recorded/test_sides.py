"""Kinks whose other side the given arguments and their surroundings do not reach."""

import numpy as np
import pytest

import gradtui
from findings import line_of
from gradtui.diagnosis.recorded.runs import Runs

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(20, 3)), np.arange(20) % 3
SMALL = RNG.normal(size=(3, 3)) * 1e-4
ROWS = np.arange(20)


def margins(masked):
    def case(W):
        s = X @ W
        m = np.maximum(0, s - s[ROWS, Y][:, None] + 1)
        m[ROWS, Y] = 0
        d = (m > 0) * 1.0 if masked else np.ones_like(m)
        d[ROWS, Y] = 0
        d[ROWS, Y] = -d.sum(axis=1)
        return m.sum() / 20, X.T @ d / 20

    return case


def margins_in_a_loop(W):
    dW, loss = np.zeros_like(W), 0.0
    for x, label in zip(X, Y, strict=True):
        s = x @ W
        for j in range(3):
            margin = s[j] - s[label] + 1
            if j != label and margin > 0:
                loss += margin
            if j != label:  # the mistake: also where the margin is kept
                dW[:, j] += x
                dW[:, label] -= x
    return loss / 20, dW / 20


def margins_in_a_right_loop(W):
    dW, loss = np.zeros_like(W), 0.0
    for x, label in zip(X, Y, strict=True):
        s = x @ W
        for j in range(3):
            margin = s[j] - s[label] + 1
            if j != label and margin > 0:
                loss += margin
                dW[:, j] += x
                dW[:, label] -= x
    return loss / 20, dW / 20


@pytest.mark.parametrize("case", [margins(False), margins_in_a_loop])
def test_margins_without_their_mask_are_wrong_although_all_rows_start_within(case):
    (found,) = gradtui.check(case, SMALL)
    assert (found.severity, found.target) == ("error", "W")


@pytest.mark.parametrize("case", [margins(True), margins_in_a_right_loop])
def test_margins_with_their_mask_are_right_and_nothing_is_said(case):
    assert gradtui.check(case, SMALL) == []


def never_below(w):
    s = np.tanh(w)
    return np.maximum(s, -1.5).sum(), 1 - s**2


def test_a_side_that_no_run_is_on_is_told():
    (found,) = gradtui.check(never_below, np.array([0.1, -0.3]))
    assert (found.rule, found.severity) == ("relies-on-data", "info")
    assert found.line == line_of(never_below, 2)
    assert found.message == (
        "the first argument of maximum is above the second at all points tried: "
        "what the gradients are where it is below is not compared"
    )


def kept_from_zero(w):
    size = np.maximum(np.sqrt((w * w).sum()), 1e-12)
    return size, w / size


def guarded(w):
    s = (w * w).sum() + 1
    if s < 0:
        raise ValueError("a square below 0")
    return s, 2 * w


def never_negative(w):
    size = np.maximum((w * w).sum() + np.abs(w).mean(), 0)
    return size, 2 * w + np.sign(w) / w.size


@pytest.mark.parametrize("case", [kept_from_zero, guarded, never_negative])
def test_bounds_that_keep_numbers_in_range_and_guards_are_not_told(case):
    assert gradtui.check(case, np.array([0.1, -0.3])) == []


def settling(w):
    value = w.copy()
    while np.abs(value - np.cos(value)).max() > 1e-9:
        value = np.cos(value)
    return np.abs(w + 10).sum(), np.ones_like(w)


def factored(w):
    lower = np.linalg.cholesky(np.outer(w, w) + np.eye(2))
    return np.maximum(w + 10, 0).sum() + 0 * lower.sum(), np.ones_like(w)


def largest_tried(case, w, monkeypatch):
    """Return the largest number of an argument at which a case is compared."""
    sizes, point = [], Runs.point

    def noted(self, values, names, *, near):
        sizes.append(np.abs(values["w"]).max())
        return point(self, values, names, near=near)

    monkeypatch.setattr(Runs, "point", noted)
    gradtui.check(case, w)
    return max(sizes)


@pytest.mark.parametrize("case", [settling, never_below, factored])
def test_code_that_settles_or_is_not_seen_into_is_not_run_far_out(case, monkeypatch):
    largest = largest_tried(case, np.array([0.1, 0.3]), monkeypatch)
    assert (largest > 1) == (case is never_below)


def test_no_numbers_are_tried_that_code_has_guards_against(monkeypatch):
    assert largest_tried(never_below, np.array([1.0, 3.0]), monkeypatch) == pytest.approx(10)
    assert largest_tried(never_below, np.array([1.0, 30.0]), monkeypatch) < 100


def ramp(slope):
    def case(x):
        return (x * x).sum() + np.maximum(x, 4).sum(), 2 * x + slope * (x > 4)

    return case


def test_a_kink_within_the_largest_numbers_tried_is_reached():
    x = np.linspace(0.2, 1, 6)
    assert gradtui.check(ramp(1), x) == []
    (found,) = gradtui.check(ramp(0.5), x)
    assert (found.severity, found.target) == ("error", "x")


def spread(slope):
    """Return the spread of units over rows: no gradient arrives where a unit is off for all."""

    def case(w, b):
        z = X @ w + b
        h = np.maximum(z, 0)
        d = np.sqrt(h.var(axis=0) + 2)
        dz = (h - h.mean(axis=0)) / len(X) / d * np.where(z > 0, 1, slope)
        return d.sum(), (X.T @ dz, dz.sum(axis=0))

    return case


def squared(w):
    m = np.maximum(X @ w + 0.5, 0)
    return (m * m).sum(), 2 * X.T @ m


def test_a_side_is_looked_for_on_which_a_gradient_arrives():
    given = np.random.default_rng(1).normal(size=(3, 4)), np.full(4, 9.0)
    assert gradtui.check(spread(0), *given) == []
    found = gradtui.check(spread(0.3), *given)
    assert {one.severity for one in found} == {"error"}


def test_nothing_is_said_of_a_side_on_which_no_gradient_can_arrive():
    assert gradtui.check(squared, np.array([0.1, -0.3, 0.2])) == []


def kept_in_bounds(share):
    """Return a sigmoid that cannot overflow; its gradient leaves the bound out."""

    def case(w):
        s = 1 / (1 + np.exp(-np.clip(4 * w, -20, None)))
        return s.sum(), 4 * s * (1 - share * s)

    return case


def test_a_bound_that_overflows_are_kept_by_may_be_left_out_of_a_gradient():
    given = np.linspace(-1, 1, 6)
    assert gradtui.check(kept_in_bounds(1), given) == []
    assert gradtui.check(kept_in_bounds(0.99), given)[0].severity == "error"
