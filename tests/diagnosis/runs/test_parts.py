"""Numbers, units and rates as the messages say them."""

import numpy as np
import pytest

import gradtui
from gradtui.diagnosis.runs.parts import (
    finding,
    listed,
    loss_ratio,
    rounded_rate,
    severity_by_loss,
    units_text,
)
from gradtui.diagnosis.runs.run import Run


@pytest.mark.parametrize(
    ("rate", "rounded"),
    [(0.068, 0.06), (0.01, 0.01), (123.0, 100.0), (9.99e-5, 9e-5), (0.0, 0.0), (np.inf, np.inf)],
)
def test_a_rate_to_try_has_one_digit_and_is_not_above(rate, rounded):
    assert rounded_rate(rate) == rounded


@pytest.mark.parametrize(
    ("units", "total", "text"),
    [
        ([0], 1, "its one unit"),
        ([0, 1, 2], 3, "all 3 units"),
        ([3], 8, "unit 3"),
        ([0, 2, 5], 8, "units 0, 2 and 5"),
        ([0, 3, 4, 7, 9], 64, "5 of 64 units (0, 3, 4, …)"),
        (range(20), 64, "units 0 to 19"),
        ([0, 1, *range(5, 9), 20], 64, "units 0, 1, 5 to 8 and 20"),
        (range(0, 64, 2), 64, "32 of 64 units (0, 2, 4, …)"),
    ],
)
def test_units_are_named_while_they_are_few(units, total, text):
    assert units_text(units, total) == text


def test_a_list_of_numbers():
    assert listed([0.5, 1 / 3]) == "0.5, 0.3333"


def test_a_loss_that_falls_makes_a_zero_harmless():
    """Two weights: 9 at first, 9·0.09^k at step k."""
    run = Run(gradtui.load("two_weights").problem)
    expected = sum(0.09**step for step in range(8, 13)) / 5
    assert loss_ratio(run) == pytest.approx(expected, rel=1e-6)
    assert severity_by_loss(run) == "info"


def test_a_finding_stands_at_the_rate_and_has_plain_numbers():
    problem = gradtui.load("two_weights").problem
    found = finding(Run(problem), "crawling", "info", "lr", 3, "slow", {"rate": np.float64(0.05)})
    assert (found.line, found.step) == (problem.rate_place.line, 3)
    assert type(found.evidence["rate"]) is float
