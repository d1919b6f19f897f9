"""A gradient is right where it agrees with the truth, not where nothing can be told."""

from typing import ClassVar

import numpy as np
import pytest

import gradtui
from gradtui.diagnosis.recorded import judge
from gradtui.diagnosis.recorded.differences import Slope, in_single

X = np.array([1.0, 2.0, -0.5])
RNG = np.random.default_rng(4)


def right(x):
    return np.sum(x * x), 2 * x


def wrong(x):
    return np.sum(x * x), 3 * x


@pytest.mark.parametrize(("case", "rules"), [(right, []), (wrong, ["not-compared"])])
def test_a_wrong_gradient_that_differences_cannot_confirm_is_not_called_right(
    monkeypatch, case, rules
):
    unsure = Slope(0.0, float("inf"), corner=False, sure=False)
    monkeypatch.setattr(judge, "slope_at", lambda *args, **options: unsure)
    assert [finding.rule for finding in gradtui.check(case, X)] == rules


@pytest.mark.parametrize(("small", "wrong"), [(1e-10, False), (1e-4, True)])
def test_what_an_eps_leaves_of_a_gradient_that_cancels_is_no_mistake(small, wrong):
    x, y, q = RNG.normal(size=(5, 3)), RNG.normal(size=(5, 3)), RNG.normal(size=(3, 3))

    def case(K, b):
        k = x @ K + b
        scores = x @ q @ k.T
        e = np.exp(scores - scores.max(axis=1, keepdims=True))
        p = e / e.sum(axis=1, keepdims=True)
        out = p @ x
        dp = (out - y) @ x.T
        ds = p * (dp - np.sum(dp * p, axis=1, keepdims=True) / (1 + small))
        dk = ds.T @ (x @ q)
        return np.sum((out - y) ** 2) / 2, (x.T @ dk, dk.sum(axis=0))

    found = gradtui.check(case, K=RNG.normal(size=(3, 3)), b=RNG.normal(size=3))
    named = [name for one in found for name in one.evidence.get("gradients", [one.target])]
    assert ("b" in named) == wrong


@pytest.mark.parametrize(
    ("rounded", "told"), [(np.float32, True), (np.float64, False), (lambda x: round(x, 4), False)]
)
def test_results_in_single_precision_are_known_by_a_move_that_they_do_not_show(rounded, told):
    class Rounding:
        given: ClassVar = {"x": X}

        def as_is(self, values):
            return float(sum(rounded(np.sin(float(one))) for one in values["x"])), {}

    assert in_single(Rounding()) is told
