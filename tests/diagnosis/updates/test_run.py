"""An update is judged on the run of its file: its rates, its gradients, every step of it."""

import math

import numpy as np
import pytest

from diagnosis.updates.files import ADAM, ADAM_CODE, ADAM_STATE, SGD, found_in, mended, text_of
from gradtui.diagnosis.updates import run
from gradtui.diagnosis.updates.run import continued, number_by_number, own_run, rates_of
from gradtui.scenario.load import load_problem


def only(found):
    assert len(found) == 1, found
    return found[0]


HALVED = "w = w - where(t > 100, 0.5*lr, lr)*g"
CLIPPED = "w = w - lr*clip(g, -1e5, 1e5)"
STOPPED = ADAM_CODE.replace("beta2**t", "beta2**minimum(t, 40)")
CASES = [
    # optimizer, program, state, what makes it right on the run, what makes it wrong, where, fix
    (SGD, HALVED, "", {"steps": 60}, {"steps": 140}, "from step 101 on", "w = w - lr*g"),
    (SGD, CLIPPED, "", {}, {"scale": 1e8, "optimizer": 'name = "sgd"; lr = 1e-10'},
     "where gradients are 100000 or more", "w = w - lr*g"),
    (ADAM, STOPPED, ADAM_STATE, {"steps": 40}, {"steps": 60}, "from step 41 on",
     "vhat = v/(1 - beta2**t)"),
    (ADAM, ADAM_CODE.replace("sqrt(vhat) + eps", "sqrt(vhat + eps)"), ADAM_STATE, {},
     {"scale": 1e-6}, "where gradients are 0.01 or less", "w = w - lr*mhat/(sqrt(vhat) + eps)"),
    (SGD, "w = where(abs(g) > 1e-4, w - lr*g, w)", "", {"steps": 3}, {"steps": 400},
     "where gradients are 0.001 or less", "w = w - lr*g"),
]  # fmt: skip


@pytest.mark.parametrize(("optimizer", "code", "state", "right", "wrong", "where", "fix"), CASES)
def test_what_changes_the_run_is_wrong_and_what_does_not_is_a_remark_that_says_where_it_would(
    optimizer, code, state, right, wrong, where, fix, tmp_path
):
    remark = only(found_in(tmp_path, optimizer, code, state, **right))
    assert (remark.severity, remark.rule) == ("info", "relies-on-data")
    assert f"on this run, not {where}: " in remark.message
    error = only(found_in(tmp_path, **{"optimizer": optimizer, **wrong}, code=code, state=state))
    assert (error.severity, error.rule) == ("error", remark.alternatives[0])
    assert remark.fix == error.fix == fix
    assert not mended(tmp_path, [error])


SCHEDULES = {
    "exponential": ('name = "exponential"; gamma = 0.9', "0.05*0.9**(t - 1)"),
    "step": ('name = "step"; step_size = 10', "0.05*where(t > 20, 0.01, where(t > 10, 0.1, 1))"),
    "cosine": ('name = "cosine"', "0.05*(1 + cos(3.141592653589793*(t - 1)/30))/2"),
    "cosine, a minimum": (
        'name = "cosine"; min_lr = 0.01',
        "0.01 + (0.05 - 0.01)*(1 + cos(3.141592653589793*(t - 1)/30))/2",
    ),
    "warm-up": (
        'name = "warmup_cosine"; warmup = 10',
        "where(t > 10, 0.05*(1 + cos(3.141592653589793*(t - 11)/20))/2, 0.05*t/10)",
    ),
    "a table": ('name = "step"; step_size = 15; gamma = 0.5', "0.05 - (t > 15)*0.025"),
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_the_files_own_schedule_written_out_is_right(name, tmp_path):
    schedule, rate = SCHEDULES[name]
    for code in (f"rate = {rate}\nw = w - rate*g", f"w = w - ({rate})*g"):
        remark = only(found_in(tmp_path, SGD, code, schedule=schedule))
        assert remark.severity == "info"
        assert "at other learning rates" in remark.message
        assert "lr in place of" in remark.message
        assert not mended(tmp_path, [remark])


@pytest.mark.parametrize(
    ("name", "right", "wrong", "rule"),
    [
        ("exponential", "(t - 1)", "t", "wrong-time-index"),
        ("cosine", "(t - 1)/30", "t/30", "wrong-time-index"),
        ("cosine", "/30", "/15", "wrong-hyperparameter"),
        ("cosine, a minimum", "(0.05 - 0.01)*", "0.05*", "update-rate"),
        ("step", "0.1, 1", "0.5, 1", "wrong-hyperparameter"),
        ("step", "t > 10", "t > 9", "wrong-hyperparameter"),
        ("warm-up", "(t - 11)", "(t - 10)", "wrong-time-index"),
    ],
)
def test_a_schedule_that_is_not_the_files_is_wrong_and_keeps_its_form(
    name, right, wrong, rule, tmp_path
):
    schedule, rate = SCHEDULES[name]
    assert right in rate
    code = f"rate = {rate.replace(right, wrong, 1)}\nw = w - rate*g"
    error = only(found_in(tmp_path, SGD, code, schedule=schedule))
    assert error.severity == "error"
    assert rule in (error.rule, *error.alternatives)
    assert error.fix.startswith("rate = ")
    assert error.fix != "rate = lr"
    assert only(mended(tmp_path, [error])).severity == "info"


def test_a_rate_that_watches_the_loss_is_the_runs_own(tmp_path):
    schedule = 'name = "plateau"; patience = 1; threshold = 0.5'
    assert found_in(tmp_path, SGD, "w = w - lr*g", schedule=schedule) == ()
    error = only(found_in(tmp_path, SGD, "w = w - 0.05*g", schedule=schedule))
    assert (error.severity, error.fix) == ("error", "w = w - lr*g")


CUT = 'name = "sgd"; lr = 0.05; clip_norm = 0.3'


@pytest.mark.parametrize(
    "code",
    [
        "n = sqrt(sum(g*g))\nw = w - lr*g*minimum(1, 0.3/(n + 1e-6))",
        "n = sqrt(sum(g**2))\nw = w - lr*where(n > 0.3, g*0.3/n, g)",
        "w = w - lr*clip(g, -0.3, 0.3)",
    ],
)
def test_clipping_that_has_been_done_already_changes_nothing(code, tmp_path):
    assert found_in(tmp_path, CUT, code) == ()


def test_clipping_to_another_length_is_wrong(tmp_path):
    code = "n = sqrt(sum(g*g))\ngc = g*minimum(1, 0.1/(n + 1e-6))\nw = w - lr*gc"
    error = only(found_in(tmp_path, CUT, code))
    assert (error.severity, error.fix) == ("error", "gc = g*minimum(1, 0.3/(n + 1e-6))")


def test_a_run_that_moves_nothing_leaves_the_verdict_to_what_is_drawn(tmp_path):
    for more in ({"scale": 0.0}, {"steps": 0}):
        error = only(found_in(tmp_path, SGD, "w = w + lr*g", **more))
        assert (error.severity, error.rule) == ("error", "update-sign")
        assert found_in(tmp_path, SGD, "w = w - lr*g", **more) == ()


def test_a_run_of_one_step_does_not_show_a_missing_velocity(tmp_path):
    momentum = 'name = "sgd"; lr = 0.05; momentum = 0.9'
    remark = only(found_in(tmp_path, momentum, "w = w - lr*g", steps=1))
    assert (remark.severity, remark.rule) == ("info", "relies-on-data")
    assert "not from step 2 on" in remark.message
    error = only(found_in(tmp_path, momentum, "w = w - lr*g", steps=2))
    assert (error.severity, error.rule) == ("error", "momentum-form")


def test_a_run_that_is_lost_is_judged_as_far_as_it_goes(tmp_path):
    far = 'name = "sgd"; lr = 1e9'
    assert found_in(tmp_path, far, "w = w - lr*g", steps=200) == ()
    assert only(found_in(tmp_path, far, "w = w - 2*lr*g", steps=200)).severity == "error"


# What is followed of a run.


def runs_of(tmp_path, **more):
    path = tmp_path / "run.toml"
    path.write_text(text_of(SGD, "w = w - lr*g", **more), encoding="utf-8")
    problem = load_problem(path)
    trainer = problem.build("autodiff")
    rates = rates_of(trainer, problem.steps)
    return problem, rates, own_run(trainer, problem.steps, rates, {}, math.inf)


def test_the_gradients_are_those_of_the_optimizers_run(tmp_path):
    problem, rates, (first, second) = runs_of(tmp_path, steps=4)
    x, y = problem.values["X"], problem.values["y"]
    a, b = np.array([0.67, -0.29]), 0.18
    assert (first.shape, second.shape, rates.tolist()) == ((2,), (), [0.05])
    for step in range(4):
        e = x @ a + b - y
        grad_a, grad_b = 2 * x.T @ e / 3, 2 * np.sum(e) / 3
        assert first.g[step, 0] == pytest.approx(grad_a, rel=1e-12)
        assert second.g[step, 0] == pytest.approx(grad_b, rel=1e-12)
        a, b = a - 0.05 * grad_a, b - 0.05 * grad_b


def test_single_numbers_of_all_parameters_are_followed_together(tmp_path):
    _, _, runs = runs_of(tmp_path, steps=4)
    (together,) = number_by_number(runs)
    assert (together.w.tolist(), together.g.shape) == ([0.67, -0.29, 0.18], (4, 3))


def test_of_a_large_parameter_some_numbers_are_followed_those_of_extreme_gradients_too(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(run, "_FOLLOWED", 8)
    _, _, runs = runs_of(tmp_path, steps=4)
    (together,) = number_by_number(runs)
    peaks = np.max(np.abs(np.concatenate([one.g.reshape(4, -1) for one in runs], axis=1)), axis=0)
    assert np.max(np.abs(together.g), axis=0).tolist() == [min(peaks), max(peaks)]


def test_the_steps_of_a_long_run_are_bounded_and_the_rest_is_like_them(tmp_path, monkeypatch):
    monkeypatch.setattr(run, "_WORK", 20_000)
    monkeypatch.setattr(run, "_LONGEST", 5_000)
    _, rates, runs = runs_of(tmp_path, steps=1_000_000)
    (together,) = number_by_number(runs)
    steps = len(together.g)
    assert 1 < steps < 100
    rest = continued(together, rates, 1_000_000)
    assert rest.g.shape == (5_000, 1)
    assert set(rest.g[:, 0]) <= set(together.g.ravel())
    error = only(found_in(tmp_path, SGD, "w = w - lr*where(t > 4000, 0, g)", steps=1_000_000))
    assert "after step 4,001" in error.message
