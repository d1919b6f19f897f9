"""A loss that grows to the end, and the bound of the rate."""

import pytest

import gradtui
from diagnosis.runs.models import MEAN_SQUARE, PARCELS
from findings import only
from gradtui.diagnosis.runs.registry import diagnose_run
from gradtui.scenario.load import load_problem


def test_a_rate_above_the_bound_is_told_with_the_bound():
    finding = only(diagnose_run(gradtui.load("five_parcels_rate_1_5").problem))
    assert (finding.rule, finding.severity, finding.step) == ("diverging", "error", 0)
    assert finding.evidence["pull"] == pytest.approx(44.0749, rel=1e-5)
    assert finding.evidence["bound"] == 2.0
    assert finding.evidence["largest_rate"] == pytest.approx(0.06807, rel=1e-4)
    # The distance across the valley is multiplied by 1 - 44.07.
    assert finding.evidence["growth_per_step"] == pytest.approx(43.07, rel=3e-3)
    assert "try lr = 0.03" in finding.message


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
@pytest.mark.parametrize("factor", [0.5, 0.95, 1.1, 3.0, 2e-3])
def test_the_scale_of_the_loss_changes_no_verdict(diagnosed, scale, factor):
    code = MEAN_SQUARE.replace("mean", f"{scale!r}*mean")
    rate = factor * 2 / 29.38324303 / scale
    rules = {f.rule for f in diagnosed(code, **PARCELS, lr=repr(rate), steps=60)}
    expected = {1.1: {"diverging"}, 3.0: {"diverging"}, 2e-3: {"crawling"}}
    assert rules == expected.get(factor, set())


def test_the_losses_told_of_a_run_with_batches_are_those_of_its_steps(diagnosed):
    # e is multiplied by 1 - 2*0.375*4 = -2 at each step, whatever the batch.
    (found,) = diagnosed(
        "L = mean((w*x - y)**2)", data="x = [2.0, 2.0]\ny = [5.0, 5.0]", parameters="w = 3.0",
        lr="0.375", steps=20, more="[batches]\nover = ['x', 'y']\nsize = 1",
    )  # fmt: skip
    assert found.message.startswith("the loss grows from step 0 on: 1, 4, 16, 64; ")


@pytest.mark.parametrize(("rate", "rules"), [(0.29, ["diverging"]), (0.1, [])])
def test_a_loss_that_grows_from_part_to_part_diverges_though_batches_differ(diagnosed, rate, rules):
    # The steepest row multiplies its error by 1 - 2*rate*2.4**2, the flattest by nearly 1.
    found = diagnosed(
        "L = mean((w*x - y)**2)", data="x = [2.0, 0.5, 2.4, 1.6]\ny = [5.0, 1.0, 5.0, 3.0]",
        parameters="w = 3.0", lr=repr(rate), steps=60,
        more="[batches]\nover = ['x', 'y']\nsize = 1\nshuffle = true\nseed = 4",
    )  # fmt: skip
    assert [one.rule for one in found] == rules


@pytest.mark.parametrize(("rate", "rule"), [(0.2505, "diverging"), (0.2495, "oscillating")])
def test_a_loss_that_only_climbs_diverges_however_slowly(diagnosed, rate, rule):
    # The loss is multiplied by (1 - 8*rate)**2 = 1.004**2 at each step, to 10.9 after 300.
    (found,) = diagnosed(
        "L = (w*x - y)**2", data="x = 2.0\ny = 5.0", parameters="w = 3.0", lr=repr(rate), steps=300
    )
    assert found.rule == rule


@pytest.mark.parametrize(
    ("rate", "rules"), [(0.2, ["diverging"]), (0.5, ["diverging"]), (0.13, [])]
)
def test_a_schedule_that_ends_the_growth_far_above_the_start_comes_too_late(rate, rules):
    session = gradtui.load("five_parcels_cosine")  # of 40 steps, the last rates are nearly 0
    session.branches.what_if(f"lr {rate}", 0)
    assert [one.rule for one in diagnose_run(session.problem)] == rules
    session.seek(40)
    # Below the bound of 0.068 the valley is walked down again: at 0.13 all the way.
    assert session.frame.loss == pytest.approx(
        {0.2: 2.158e13, 0.5: 9.218e45, 0.13: 0.1155}[rate], 1e-3
    )


DYING = """
title = "A rate so high that the units die, and the loss falls again"
[data]
X = [[0.1, 0.9, 0.3, 1.2], [0.2, 0.8, 0.1, 0.9], [0.9, 0.1, 0.7, 0.2], [0.8, 0.3, 0.9, 0.1],
     [0.5, 0.5, 0.2, 0.4], [0.4, 0.6, 0.1, 0.6], [0.15, 0.85, 0.25, 1.0], [0.85, 0.15, 0.8, 0.15]]
y = [0, 0, 1, 1, 2, 2, 0, 1]
[parameters]
W1 = { shape = [4, 8], init = "he", seed = 3 }
b1 = { shape = [8], init = "zeros" }
W2 = { shape = [8, 3], init = "xavier", seed = 4 }
b2 = { shape = [3], init = "zeros" }
[model]
code = "L = cross_entropy(relu(X@W1 + b1)@W2 + b2, y)"
[optimizer]
name = "sgd"
lr = 8.0
[run]
steps = 80
"""


def test_growth_that_ends_where_units_die_is_told_though_the_loss_falls_lower_later(tmp_path):
    file = tmp_path / "dying.toml"
    file.write_text(DYING, encoding="utf-8")
    found = diagnose_run(load_problem(str(file)))[0]
    assert (found.rule, found.step) == ("diverging", 0)
    assert "the loss grows from step 0 on: 1.347, 2.78, 24.49, 45.06; " in found.message
    assert "the fault also causes: dead-relu" in found.message


def test_a_run_that_ends_far_above_its_start_is_told_with_a_rate_that_was_tried():
    session = gradtui.load("practice_rate_2")
    session.branches.what_if("optimizer adam", 0)  # it has no bound of plain descent
    finding = only(diagnose_run(session.problem))
    assert (finding.rule, finding.severity) == ("diverging", "error")
    assert "the loss ends far above its start: 0.25 at step 0, 104.5 at step 4" in finding.message
    session.branches.what_if(finding.trial.change, 0)
    first = session.frame.loss
    session.seek(session.problem.steps)
    assert session.frame.loss < first


def test_growth_that_a_dead_unit_ends_is_that_of_the_rate(write):
    # The error w is multiplied by 1 - 2*1.5 = -2, until relu is off at -32 and only c learns.
    path = write(
        "L = (relu(w + 20) - 20 + 0.01*c)**2", data="", parameters="w = 1.0\nc = 0.0", lr="1.5",
        steps=40,
    )  # fmt: skip
    (found,) = (one for one in diagnose_run(gradtui.load(path).problem) if one.severity != "info")
    assert found.rule == "diverging"
    assert (
        "the loss grows from step 0 on: 1, 4.001, 16.01, 64.06; lr·λmax = 1.5·2 = 3"
        in found.message
    )


def test_units_that_a_rate_of_another_size_throws_off_are_its_consequence():
    session = gradtui.load("living_relu")
    session.branches.what_if("optimizer adam lr 100", 0)
    found = only(diagnose_run(session.problem))
    assert (found.rule, found.trial.change) == ("diverging", "lr 0.4")
    assert "the loss ends far above its start" in found.message and "dead-relu" in found.message


def test_a_run_that_ends_a_little_above_its_start_is_no_such_finding():
    session = gradtui.load("five_parcels_clipped")
    session.branches.what_if("momentum 0.99", 0)  # 0.73 to 0.97: on its way round the valley
    assert "diverging" not in [one.rule for one in diagnose_run(session.problem)]
