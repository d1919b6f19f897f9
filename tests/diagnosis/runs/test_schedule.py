"""Schedules that let the rate die too soon."""

import pytest

import gradtui
from findings import only
from gradtui.diagnosis.runs.registry import diagnose_run

CODE, START = "L = mean((w*x + b - y)**2)", "w = 3.0\nb = 0.0"
SIX = "x = [0.1, 0.5, 1.0, 1.4, 2.0, 2.7]\ny = [0.0, 0.0, 0.0, 1.0, 1.0, 1.0]"


def exponential(gamma):
    return f'[schedule]\nname = "exponential"\ngamma = {gamma}'


def test_a_rate_that_dies_far_from_the_bottom_is_told_with_a_rate_that_was_tried(write):
    path = write(CODE, START, SIX, lr=0.2, steps=40, more=exponential(0.5))
    session = gradtui.load(path)
    finding = only(diagnose_run(session.problem))
    assert (finding.rule, finding.step) == ("crawling", 7)  # 0.2·0.5⁷ = 0.0016: below 0.002
    assert "the schedule lets the rate die: from 0.2 it falls to 0.001563 at step 7" in (
        finding.message
    )
    session.seek(40)
    assert finding.evidence["loss"] == pytest.approx(session.frame.loss)
    session.branches.what_if(finding.trial.change, 0)
    session.seek(40)
    assert finding.evidence["loss_then"] == pytest.approx(session.frame.loss)
    assert session.frame.loss < 0.3 * finding.evidence["loss"]


def test_where_the_first_rate_alone_would_be_unstable_a_lower_one_is_held(diagnosed):
    finding = only(diagnosed(CODE, START, SIX, lr=0.6, steps=40, more=exponential(0.4)))
    assert finding.rule == "crawling"
    assert finding.trial.change == "schedule constant lr 0.1"


@pytest.mark.parametrize(
    "more",
    [
        exponential(0.97),
        '[schedule]\nname = "cosine"',
        '[schedule]\nname = "step"\nstep_size = 30\ngamma = 0.001',
    ],
)
def test_a_rate_that_falls_when_the_bottom_is_near_is_sound(diagnosed, more):
    assert diagnosed(CODE, START, SIX, lr=0.2, steps=60, more=more) == ()
