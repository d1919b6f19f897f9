"""Weights that swing across the valley without settling."""

import numpy as np
import pytest

from diagnosis.runs.models import MEAN_SQUARE, PARCELS
from findings import only
from gradtui.diagnosis.runs.registry import diagnose_run
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


def relu_net(seed, lr, momentum=0.9):
    rng = np.random.default_rng(seed)
    X = np.round(rng.normal(size=(24, 2)), 3)
    y = np.round(np.sin(X[:, :1] * 1.5) + 0.5 * X[:, 1:], 3)
    W1 = np.round(rng.normal(size=(2, 6)), 3)
    W2 = np.round(rng.normal(size=(6, 1)) / np.sqrt(6), 3)
    return f"""
title = "A net with momentum"
[data]
X = {X.tolist()}
y = {y.tolist()}
[parameters]
W1 = {W1.tolist()}
b1 = {[0.0] * 6}
W2 = {W2.tolist()}
b2 = [0.0]
[model]
code = "h = relu(X@W1 + b1)\\nL = mean((h@W2 + b2 - y)**2)"
[optimizer]
name = "sgd"
lr = {lr}
momentum = {momentum}
[run]
steps = 60
"""


def found_in(folder, text):
    file = folder / "net.toml"
    file.write_text(text, encoding="utf-8")
    return diagnose_run(load_problem(str(file)))


@pytest.mark.parametrize(
    ("seed", "lr", "dead", "less"),
    [
        (1, 0.3, False, "rate_tried"),
        (0, 0.4, True, "momentum_tried"),
        (2, 0.4, True, "rate_tried"),
        (0, 0.5, True, "rate_tried"),
    ],
)
def test_a_loss_that_momentum_makes_rise_as_much_as_it_falls_is_told_before_dead_units(
    tmp_path, seed, lr, dead, less
):
    first = found_in(tmp_path, relu_net(seed, lr))[0]
    target = less.replace("rate", "lr").removesuffix("_tried")
    assert (first.rule, first.severity, first.target) == ("oscillating", "warning", target)
    assert first.message.startswith("the loss swings: ")
    assert "with momentum 0.9 a lasting gradient moves the weights 10 times as far" in first.message
    assert ("the fault also causes: dead-relu" in first.message) == dead
    assert first.evidence["risen"] >= first.evidence["gained"]
    problem = load_problem(str(tmp_path / "net.toml"))
    tried = relu_net(seed, **{"lr": lr, target: repr(first.evidence[less])})
    (tmp_path / "tried.toml").write_text(tried, encoding="utf-8")
    calmer = Run(load_problem(str(tmp_path / "tried.toml"))).losses
    assert calmer[-1] == pytest.approx(first.evidence["loss_then"])
    assert 2 * calmer[-1] < Run(problem).losses[-1]


def test_a_momentum_that_carries_past_the_bottom_at_any_rate_is_told_to_be_smaller(tmp_path):
    text = """
title = "Momentum of 0.99"
[data]
x = [0.1, 0.5, 1.0, 1.4, 2.0, 2.7]
y = [0.0, 0.0, 0.0, 1.0, 1.0, 1.0]
[parameters]
w = 3.0
b = 0.0
[model]
code = "L = mean((w*x + b - y)**2)"
[optimizer]
name = "sgd"
lr = 0.1
momentum = 0.99
[run]
steps = 100
"""
    (found,) = found_in(tmp_path, text)
    assert found.target == "momentum"
    assert found.evidence["momentum_tried"] == 0.5
    lowest = 0.0676989  # by least squares
    assert found.evidence["loss_then"] == pytest.approx(lowest, rel=1e-5)
    assert found.trial is not None
    assert found.trial.change == "momentum 0.5"
    assert "try momentum = 0.5: with it the same run ends at 0.0677, not 2.77" in found.message


@pytest.mark.parametrize("lr", [0.02, 0.05, 0.1])
@pytest.mark.parametrize("seed", [0, 1, 2, 4])
def test_momentum_that_overshoots_a_little_on_its_way_is_no_finding(tmp_path, seed, lr):
    assert all(one.rule != "oscillating" for one in found_in(tmp_path, relu_net(seed, lr)))


def test_a_loss_that_swings_but_ends_as_low_as_any_is_no_finding(tmp_path):
    problem = found_in(tmp_path, relu_net(1, 0.4))
    assert all(one.rule != "oscillating" for one in problem)


@pytest.mark.parametrize(("start", "dips"), [("w = [0.8, 1.5]", True), ("w = [1.5, 0.8]", False)])
def test_a_last_step_below_what_is_advised_is_told_to_be_a_dip(write, start, dips):
    """The steps of a mean of |e| are equally long: one may happen to end near the bottom."""

    def problem(lr):
        code = "L = mean(abs(X@w - y))"
        return load_problem(write(code, start, PARCELS["data"], lr=lr, steps=60))

    own = Run(problem("0.1")).losses
    found = diagnose_run(problem("0.1"))
    (finding,) = (one for one in found if one.rule == "oscillating")
    calm = Run(problem(repr(finding.evidence["rate_tried"]))).losses
    assert (own[60] < calm[60]) == dips == ("is a dip of the swing" in finding.message)
