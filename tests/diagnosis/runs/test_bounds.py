import numpy as np
import pytest

from gradtui.diagnosis.runs.bounds import gauge_numbers, near_bound, unstable
from gradtui.engine.curvature import Dynamics, Gauge


def gauge(rate, sharpness=4.0):
    """Return a gauge of plain descent, whose bound is 2: a rate of 0.5 at sharpness 4."""
    return Gauge(0, rate, sharpness, Dynamics(), 1.0, 0.0, True)


def test_above_095_of_the_bound_nothing_settles_soon():
    assert [unstable(gauge(rate)) for rate in (0.47, 0.48, 0.6)] == [False, True, True]
    assert not unstable(None) and not unstable(gauge(0.6), share=1.3)


def test_a_rate_above_the_bound_is_told_with_the_bound():
    assert near_bound(gauge(0.6)) == (
        "lr·λmax = 0.6·4 = 2.4, where 2 is the largest stable: a rate above 0.5 throws the weights "
        "farther out at each step"
    )
    assert near_bound(gauge(0.49)).endswith("close to the rate 0.5 at which nothing settles")


def test_its_numbers_are_evidence():
    assert gauge_numbers(gauge(0.6)) == pytest.approx(
        {"lr": 0.6, "sharpness": 4, "pull": 2.4, "bound": 2, "largest_rate": 0.5}
    )
    assert gauge_numbers(gauge(0.6, 0.0))["largest_rate"] == np.inf


@pytest.mark.parametrize(("rate", "shown"), [(0.50001, "2.00004"), (0.4999999, "1.9999996")])
def test_a_rate_next_to_the_bound_is_told_apart_from_it(rate, shown):
    assert f"= {rate}·4 = {shown}, where 2 is" in near_bound(gauge(rate)).replace("e-", "")
