"""What a judged run knows, however long it is and however large its model."""

import pytest

import gradtui
from diagnosis.runs.models import PARCELS
from gradtui.diagnosis.runs import run as run_module
from gradtui.diagnosis.runs.registry import diagnose_run
from gradtui.diagnosis.runs.run import Run
from gradtui.engine import vectorized
from gradtui.scenario.load import load_problem


def test_a_run_that_is_too_long_is_looked_at_in_part_and_says_so(diagnosed):
    code = "L = mean(log(1 + (X@w - y)**2))"
    found = diagnosed(code, **PARCELS, lr=1e-9, steps=900_000)
    assert found
    assert all(f"of {900_000:,})" in f.message and f.evidence["looked_at"] < 9e5 for f in found)


def test_the_gauge_of_a_step_is_computed_when_it_is_asked_for():
    run = Run(gradtui.load("five_parcels").problem)
    assert run.gauge(3).pull == pytest.approx(1.469, rel=1e-3)
    assert run.gauge(3) is run.gauge(3)


@pytest.mark.parametrize(
    "name", ["dead_relu", "absolute_error", "flat_start", "sigmoids_deep", "late_nan"]
)
def test_a_run_whose_tapes_find_no_room_is_judged_the_same(name, monkeypatch):
    problem = gradtui.load(name).problem
    expected = diagnose_run(problem)
    monkeypatch.setattr(run_module, "_KEPT", 1)
    monkeypatch.setattr(vectorized, "_TOGETHER", 1)
    assert expected and diagnose_run(problem) == expected


def test_of_a_large_model_few_steps_are_recorded_and_the_findings_say_so(monkeypatch):
    problem = gradtui.load("absolute_error").problem
    (whole,) = diagnose_run(problem)
    monkeypatch.setattr(run_module, "_NUMBERS", 1)
    monkeypatch.setattr(run_module, "_TRIED", 1)
    (found,) = diagnose_run(problem)
    assert (found.rule, found.target) == (whole.rule, whole.target)
    assert "recorded" not in whole.evidence
    assert found.evidence["recorded"] <= 8
    recorded = found.evidence["recorded"]
    assert f"the model is large: recorded {recorded} of {problem.steps + 1} steps" in found.message


def test_a_run_shorter_than_an_epoch_is_not_taken_for_one_mean_of_all_its_losses(write):
    """L = (w·x - 3x)² with x = ±1 falls to 0.64 of itself a step: 40 of an epoch's 400 steps."""
    x = [1.0, -1.0] * 200
    path = write(
        "L = mean((w*x - y)**2)", "w = 0.0", f"x = {x}\ny = {[3 * one for one in x]}", lr=0.1,
        steps=40, more="[batches]\nover = ['x', 'y']\nsize = 1",
    )  # fmt: skip
    problem = load_problem(path)
    assert Run(problem).losses[-1] < 1e-5
    assert diagnose_run(problem) == ()


def test_a_run_that_hand_written_gradients_move_is_not_compared_with_one_of_true_gradients():
    session = gradtui.load("grad_constant_factor")
    assert Run(session.problem).by_hand and not Run(gradtui.load("ravine").problem).by_hand
    session.branches.what_if("drive autodiff", 0)
    assert not Run(session.problem).by_hand
