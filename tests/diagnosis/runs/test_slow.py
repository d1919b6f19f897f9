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
