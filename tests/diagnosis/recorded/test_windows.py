"""A rounding may be passed within a mask of the code's own, unless it has bounds itself."""

import numpy as np
import pytest

import gradtui
from findings import only
from gradtui.diagnosis.recorded.runs import Runs
from gradtui.diagnosis.recorded.targets import code_of
from gradtui.diagnosis.recorded.windows import windowed

RNG = np.random.default_rng(3)
X, Y, W = RNG.normal(size=(6, 4)), RNG.normal(size=(6, 3)), 2 * RNG.normal(size=(4, 3))


def rounded(W, bounds=None):
    q = np.round(W * 4) / 4
    e = X @ (q if bounds is None else np.clip(q, *bounds)) - Y
    return np.sum(e**2), 2 * X.T @ e * ((W >= -1.3) & (W <= 1.7))


def test_a_rounding_without_bounds_is_passed_within_a_mask():
    finding = only(gradtui.check(rounded, W))
    assert (finding.rule, finding.severity, finding.target) == ("straight-through", "info", "W")


@pytest.mark.parametrize(("bounds", "ways"), [(None, 1), ((-1, 1), 0)])
def test_a_mask_by_other_bounds_than_those_of_the_rounding_is_no_way(bounds, ways):
    runs = Runs(code_of(lambda W: rounded(W, bounds), [W], {}))
    point = runs.point(runs.given, ("W",), near=True)

    assert len([*windowed([point])]) == ways
