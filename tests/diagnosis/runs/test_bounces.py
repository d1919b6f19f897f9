"""Weights that swing across the valley without settling."""

import pytest

from diagnosis.runs.models import MEAN_SQUARE, PARCELS
from findings import only
from gradtui.diagnosis.runs.run import Run
from gradtui.scenario.load import load_problem


@pytest.mark.parametrize("steps", [60, 120, 300])
@pytest.mark.parametrize("share", [0.996, 0.998, 0.9999])
def test_weights_that_swing_and_hardly_settle_are_told_with_a_rate_that_was_tried(
    diagnosed, write, share, steps
):
    rate = share * 2 / 29.38324303
    finding = only(diagnosed(MEAN_SQUARE, **PARCELS, lr=repr(rate), steps=steps))
    assert finding.rule == "oscillating"
    tried, reached = finding.evidence["rate_tried"], finding.evidence["loss_then"]
    assert f"try lr = {tried:.4g}: with it the same run reaches {reached:.4g}" in finding.message
    assert reached < finding.evidence["loss"]
    losses = Run(load_problem(write(MEAN_SQUARE, **PARCELS, lr=repr(tried), steps=steps))).losses
    assert reached == pytest.approx(losses[-1])


@pytest.mark.parametrize("steps", [60, 300])
@pytest.mark.parametrize("share", [0.5, 0.9, 0.98])
def test_weights_whose_swing_dies_out_are_no_finding(diagnosed, share, steps):
    assert diagnosed(MEAN_SQUARE, **PARCELS, lr=repr(share * 2 / 29.38324303), steps=steps) == ()


def test_bounces_are_found_by_what_lies_between(diagnosed):
    finding = only(diagnosed("L = abs(w - 0.4)", "w = 0.0", "x = 0.0", lr=0.6, steps=40))
    assert finding.rule == "oscillating"
    assert finding.evidence["loss"] == pytest.approx(0.3)
    assert finding.evidence["loss_between"] < 0.01
