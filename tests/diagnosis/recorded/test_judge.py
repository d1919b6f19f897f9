"""A gradient is right where it agrees with the truth, not where nothing can be told."""

import numpy as np
import pytest

import gradtui
from gradtui.diagnosis.recorded import judge
from gradtui.diagnosis.recorded.differences import Slope

X = np.array([1.0, 2.0, -0.5])


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
