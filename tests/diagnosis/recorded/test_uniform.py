"""What a gradient lacks of a number goes unseen where that is 1, 0 or the like: that is told."""

import numpy as np
import pytest

import gradtui
from findings import line_of

RNG = np.random.default_rng(73)
X, Y, W = RNG.normal(size=(5, 3)), RNG.normal(size=5), RNG.normal(size=3)
ONES, ZEROS, MASK = np.ones(5), np.zeros(5), np.array([1.0, 0, 1, 1, 0])


def weighted(w, s, own):
    e = X @ w - Y
    return np.sum(s * e**2), {"w": 2 * X.T @ (own * e)}


def shifted(w, s, own):
    e = X @ w + s - Y
    return np.sum(e**2), {"w": 2 * X.T @ (X @ w + own - Y)}


def decayed(w, s, own):
    e = X @ w - Y
    return np.sum(e**2) + s * np.sum(w**2), {"w": 2 * X.T @ e + 2 * own * w}


def spread(w, s):
    e = X @ w - Y
    far = np.arctan2(e, s - 1 + np.cos(e) ** 2) * np.abs(s - 1) ** 0.5
    return np.sum(np.tanh(s * e) ** 2), {"w": 2 * X.T @ (np.tanh(e) / np.cosh(e) ** 2 + far)}


CASES = {
    "a forgotten weight": (lambda w, s=ONES: weighted(w, s, 1.0), "s is 1 throughout"),
    "a weight that is squared": (lambda w, s=ONES: weighted(w, s, s**2), "s is 1 throughout"),
    "a forgotten term": (lambda w, s=ZEROS: shifted(w, s, 0.0), "s is 0 throughout"),
    "a forgotten number": (lambda w, lam=1.0: decayed(w, lam, 1.0), "lam is 1"),
    "a number that is 0": (lambda w, lam=0.0: decayed(w, lam, 0.0), "lam is 0"),
    "a number that 2 makes 1": (lambda w, lam=0.5: decayed(w, lam, 0.5), "lam is 0.5"),
    "one of two numbers": (lambda w, lam=1.0, n=2.0: decayed(w, lam * n, lam * 2), "n is 2"),
    "a number in a dict": (lambda w, s={"lam": 1.0}: decayed(w, s["lam"], 1.0), 's["lam"] is 1'),
}
SOUND = {
    "weights": lambda w, s=ONES: weighted(w, s, s),
    "a term": lambda w, s=ZEROS: shifted(w, s, s),
    "other weights": lambda w, s=2 * ONES: weighted(w, s, s),
    "a mask that is squared": lambda w, s=MASK: weighted(w, s, s**2),
    "a number": lambda w, lam=1.0: decayed(w, lam, lam),
    "a whole number": lambda w, n=1: decayed(w, n, 1.0),
    "two numbers": lambda w, lam=1.0, n=2.0: decayed(w, lam * n, lam * n),
    "a number that keeps others in range": lambda w, eps=0.0: decayed(w, eps, 0.0),
    "a number that it leaves out": lambda w, s=ONES: (
        -np.sum(s[:3] * np.log(w**2 + 1e-5)),
        {"w": -2 * s[:3] / w},
    ),
    "what arrives from above": lambda w, g=1.0: (np.sum(w**2), {"w": g * 2 * w}),
}


LINES = {weighted: 2, shifted: 2, decayed: 2}
"""The lines of the functions that return a gradient."""


@pytest.mark.parametrize(("case", "those"), CASES.values(), ids=CASES)
def test_what_goes_unseen_is_told_with_the_line_and_the_general_rule(case, those):
    (found,) = gradtui.check(case, w=W)
    assert (found.rule, found.severity) == ("relies-on-data", "warning")
    assert f"the gradient of w is right only where {those}: elsewhere w[" in found.message
    assert found.line in {line_of(one, at) for one, at in LINES.items()}
    assert found.fix.startswith("return np.sum(")


def test_what_no_edit_makes_right_is_a_remark():
    (found,) = gradtui.check(lambda w, s=ONES: spread(w, s), w=W)
    assert (found.rule, found.severity, found.fix) == ("relies-on-data", "info", None)
    assert "the gradient of w is right only where s is 1 throughout: " in found.message


def test_a_penalty_that_lacks_its_number_is_told_at_weights_of_zero():
    (found,) = gradtui.check(CASES["a number that is 0"][0], w=np.zeros(3))
    assert "is right only where lam is 0: " in found.message


@pytest.mark.parametrize("case", SOUND.values(), ids=SOUND)
def test_nothing_is_told_of_a_gradient_that_is_right(case):
    assert {one.rule for one in gradtui.check(case, w=W)} <= {"missing-term"}


def test_code_that_takes_only_ones_is_left_alone():
    def case(w, s=ONES):
        if not np.all(s == 1):
            raise ValueError("ones only")
        return weighted(w, s, 1.0)

    assert gradtui.check(case, w=W) == []
