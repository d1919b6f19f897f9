"""A rate that is far too small."""

import pytest

from diagnosis.runs.models import MEAN_SQUARE, PARCELS


@pytest.mark.parametrize(("steps", "rules"), [(3, []), (7, []), (8, ["crawling"])])
def test_a_run_of_a_handful_of_steps_is_not_called_crawling(diagnosed, steps, rules):
    assert [f.rule for f in diagnosed(MEAN_SQUARE, **PARCELS, lr=0.001, steps=steps)] == rules


@pytest.mark.parametrize(("rate", "rules"), [(1e-3, ["crawling"]), (0.1, [])])
def test_a_tiny_rate_is_told_though_batches_hide_the_descent(diagnosed, rate, rules):
    found = diagnosed(
        "L = mean((w*x - y)**2)", data="x = [1.0, 0.8, 1.2, 0.9]\ny = [5.0, 1.0, 9.0, 3.0]",
        parameters="w = 0.0", lr=repr(rate), steps=60,
        more="[batches]\nover = ['x', 'y']\nsize = 1\nshuffle = true\nseed = 1",
    )  # fmt: skip
    assert [one.rule for one in found] == rules


def test_a_tiny_rate_in_a_valley_is_the_cause_not_the_valley(diagnosed):
    # The curvature is 2 and 2e-4: at this rate even the steep direction moves by 0.6 %.
    (found,) = diagnosed(
        "L = u*u + 1e-4*v*v", data="x = 0.0", parameters="u = 3.0\nv = 100.0", lr="1e-4", steps=60
    )
    assert found.rule == "crawling"
    assert "consequences" not in found.evidence


def test_where_the_rate_is_a_hundred_thousandth_of_the_bound_one_near_it_is_tried(diagnosed):
    # λmax is 2, of b: the bound is 1.  A thousand times the rate is a hundredth of that.
    (found,) = diagnosed(
        "L = mean((x*w/1000 + b - y)**2)", data="x = [50.0, 80.0, 120.0]\ny = [150.0, 40.0, 260.0]",
        parameters="w = 0.0\nb = 0.0", lr="1e-5", steps=200,
    )  # fmt: skip
    assert found.rule == "crawling"
    assert found.trial.change == "lr 0.9"
    assert "the rate 1e-5 is far too small: 200 steps take" in found.message


@pytest.mark.parametrize(("rate", "rules"), [(0.02, ["crawling"]), (0.9, [])])
def test_a_rate_that_a_flat_direction_needs_larger_is_too_small_though_a_steep_one_is_descended(
    diagnosed, rate, rules
):
    # Curvatures 1, 0.05 and 1e-4: the last makes the condition number 1e4, and no loss.
    found = diagnosed(
        "L = (u*u + 0.05*v*v + 1e-4*t*t)/2", data="x = 0.0",
        parameters="u = 3.0\nv = 50.0\nt = 1.0",
        lr=repr(rate), steps=100,
    )  # fmt: skip
    assert [one.rule for one in found] == rules
    for one in found:
        assert one.message.startswith("the rate 0.02 is too small: 100 steps take the loss from ")
        assert "most of it along a direction 20 times as flat as the steepest" in one.message


def test_a_loss_left_along_another_direction_than_the_slowest_is_told_of_that(diagnosed):
    # Curvatures 1, 2e-3 and 1e-5: at the best rate v takes 1150 steps to get ten times nearer.
    (found,) = diagnosed(
        "L = (u*u + 2e-3*v*v + 1e-5*t*t)/2", data="x = 0.0",
        parameters="u = 3.0\nv = 50.0\nt = 1.0", lr="1.0", steps=100,
    )  # fmt: skip
    assert found.rule == "ill-conditioned"
    assert "most of it along a direction 500 times as flat as the steepest, which takes 1150" in (
        found.message
    )
