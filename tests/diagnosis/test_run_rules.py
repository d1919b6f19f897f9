"""What the rules over runs say: causes with their numbers, the step, the node, the cure."""

from pathlib import Path

import numpy as np
import pytest
from corpus.load import passes
from findings import only

import gradtui
from gradtui.diagnosis.runs import run as run_module
from gradtui.diagnosis.runs.registry import RUN_RULES, diagnose_run
from gradtui.diagnosis.runs.run import Run
from gradtui.diagnosis.runs.thresholds import THRESHOLDS
from gradtui.engine import vectorized
from gradtui.engine.history import History
from gradtui.scenario.changes import read_change
from gradtui.scenario.load import load_problem

PARCELS = dict(
    parameters="w = [0.8, 1.5]",
    data="X = [[2, 3], [1.5, 1], [4, 5], [0.8, 0.5], [3.2, 2.5]]\ny = [5, 3.2, 9.5, 2.1, 6.8]",
)
MEAN_SQUARE = "e = X@w - y\nL = mean(e**2)"


@pytest.fixture
def diagnosed(write):
    """Diagnose the run of a model given as its code."""
    return lambda code, *args, **parts: diagnose_run(load_problem(write(code, *args, **parts)))


def test_each_rule_says_what_it_is_and_comes_before_what_it_brings_about():
    assert all(rule.summary for rule in RUN_RULES.values())
    order = [rule.find for rule in RUN_RULES.values()]
    for rule in RUN_RULES.values():
        for brought in (*rule.explains, *rule.explains_later):
            assert order.index(brought) > order.index(rule.find), (rule.name, brought)


def test_every_threshold_has_a_meaning_and_a_source():
    assert all(t.meaning and t.source and t.value > 0 for t in THRESHOLDS.values())


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


@pytest.mark.parametrize(("steps", "rules"), [(3, []), (7, []), (8, ["crawling"])])
def test_a_run_of_a_handful_of_steps_is_not_called_crawling(diagnosed, steps, rules):
    assert [f.rule for f in diagnosed(MEAN_SQUARE, **PARCELS, lr=0.001, steps=steps)] == rules


SOUND = [
    (program, style)
    for topic in ("regression", "classification", "layers", "recurrent")
    for program, style in passes(topic)
][::6]


@pytest.mark.parametrize(("program", "style"), SOUND, ids=lambda part: getattr(part, "name", part))
def test_a_sound_program_of_a_few_steps_has_a_run_without_warning(program, style, tmp_path):
    path = tmp_path / "sound.toml"
    path.write_text(program.text(program.backward[style]), encoding="utf-8")
    found = diagnose_run(load_problem(path))
    assert [f.message for f in found if f.severity != "info"] == []


@pytest.mark.parametrize(("rate", "rules"), [(1.5, ["diverging"]), (0.03, []), (0.001, [])])
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_of_weights_moved_by_hand_no_bound_of_an_optimizer_is_told(write, optimizer, rate, rules):
    by_hand = f'[update]\ncode = """\nw = w - {rate}*g\n"""'
    path = Path(write(MEAN_SQUARE, **PARCELS, steps=60, more=by_hand))
    path.write_text(path.read_text().replace('"sgd"', f'"{optimizer}"'))
    found = diagnose_run(load_problem(path))
    assert [f.rule for f in found] == rules
    assert not any("λmax" in f.message or "pull" in f.evidence for f in found)


def test_what_a_cause_brings_is_listed_under_it(diagnosed):
    finding = only(diagnosed("L = (w*x - 1)**2", "w = 2.0", "x = 3.0", lr=3.0, steps=300))
    assert finding.rule == "diverging"
    (brought,) = finding.evidence["consequences"]
    assert (brought["rule"], brought["target"]) == ("non-finite", "L")
    assert finding.alternatives == ()
    assert f"non-finite at step {brought['step']}" in finding.message


def test_the_first_node_that_is_not_finite_is_named_with_its_operands_and_how_they_came(diagnosed):
    # w: 1, 0.6, 0.2, -0.2: the update of step 2 takes it below 0.
    finding = only(diagnosed("r = log(w)\nL = w + 0*r", "w = 1.0", "x = 0.0", lr=0.4, steps=9))
    assert (finding.rule, finding.target, finding.step) == ("non-finite", "r", 3)
    assert finding.evidence["operands"] == pytest.approx({"w": -0.2})
    assert finding.evidence["rates"] == [0.4] * 3
    assert finding.evidence["gradient_norms"] == [1.0] * 3
    assert "step 2 (lr 0.4, gradient 1): w 0.2 → -0.2" in finding.message


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("yhat = x/b + w\nL = yhat", "at step 0 '/' in yhat gives inf for x = 1 and b = 0"),
        ("yhat = log(b - w)*x\nL = yhat", "'log' in yhat gives nan for b - w = -0.5"),
        ("z = 9.0**9**9\nL = w*x + b + z", "for 9 and 9**9 = 3.874e8; the numbers are too large"),
        (
            "L = (w*x + b)*mean(V[1:1])",
            "'mean' in L gives nan for V[1:1], which is empty; keep its",
        ),
        (
            "L = (1e175*x + w)**2 + b",
            "'**' in L gives inf for 1e175*x + w = 1e175 and 2; the numbers",
        ),
    ],
)
def test_a_run_that_starts_lost_is_told_by_the_operation_and_its_operands(diagnosed, code, said):
    finding = only(diagnosed(code, "w = 0.5\nb = 0.0", "x = 1.0\nV = [1.0, 2.0]"))
    assert (finding.rule, finding.severity, finding.step) == ("non-finite", "error", 0)
    assert said in finding.message


def test_a_number_that_does_not_fit_into_the_type_is_told_where_it_stands(write):
    path = write("L = x*w + 1e100", data="x = 1e200", more='dtype = "float32"')
    finding = only(diagnose_run(load_problem(path)))
    assert (finding.rule, finding.target, finding.step) == ("non-finite", "x", 0)
    assert "x does not fit into float32: it is inf there" in finding.message
    assert Path(path).read_text().splitlines()[finding.line - 1] == "x = 1e200"


def test_a_gradient_that_is_lost_before_the_loss_is_found_in_the_backward_pass(diagnosed):
    finding = only(diagnosed("L = sqrt(abs(w) - 1) + w", "w = 1.0", "x = 0.0", steps=3))
    assert (finding.rule, finding.step) == ("non-finite", 0)
    assert "backward pass" in finding.message


def test_a_line_by_hand_that_is_not_finite_is_named_with_its_place(write):
    # At w = 0 the hand-written gradient is 0/0: no step of the run is finite.
    by_hand = '[backward]\ncode = """\nn = 4*z/z\ndw = n*x*p*(1 - p)/4\n"""'
    path = Path(write("z = w*x\np = sigmoid(z)\nL = p", "w = 0.0", more=by_hand))
    finding = only(f for f in diagnose_run(load_problem(path)) if f.severity == "error")
    assert (finding.rule, finding.target, finding.step) == ("non-finite", "n", 0)
    assert path.read_text().splitlines()[finding.line - 1] == "n = 4*z/z"
    assert (finding.place.line, finding.place.column) == (finding.line, 5)
    assert "'/' in n gives nan" in finding.message


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
    assert reached == pytest.approx(losses[-30:].mean(), rel=0.1)


@pytest.mark.parametrize("steps", [60, 300])
@pytest.mark.parametrize("share", [0.5, 0.9, 0.98])
def test_weights_whose_swing_dies_out_are_no_finding(diagnosed, share, steps):
    assert diagnosed(MEAN_SQUARE, **PARCELS, lr=repr(share * 2 / 29.38324303), steps=steps) == ()


def test_another_optimizer_is_advised_with_a_rate_at_which_it_was_tried():
    problem = gradtui.load("ravine").problem
    finding = only(diagnose_run(problem))
    assert "try Adam with lr = 0.3: the same 200 steps end at " in finding.message
    adam = read_change("optimizer adam lr 0.3", problem).problem(problem)
    last = History(adam.trainer).tape(200)
    assert last.value(problem.graph.loss) <= finding.evidence["loss_then"] < 1e-3


def test_where_no_optimizer_gains_none_is_advised(monkeypatch):
    monkeypatch.setattr(Run, "with_optimizer", lambda self, *args, **constants: self.losses)
    finding = only(diagnose_run(gradtui.load("ravine").problem))
    assert "Adam" not in finding.message and "features that are less correlated" in finding.message


def tanhs(start, target):
    lines = ["h1 = tanh(w1*x)", *(f"h{k} = tanh(w{k}*h{k - 1})" for k in range(2, 17))]
    parameters = "\n".join(f"w{k} = {start}" for k in range(1, 17))
    return "\n".join([*lines, f"L = (h16 - {target!r})**2"]), parameters


@pytest.mark.parametrize("start", [0.02, 0.1, 0.2, 0.5])
def test_where_no_stage_learns_as_all_shrinks_the_gradient_vanishes(diagnosed, start):
    finding = only(diagnosed(*tanhs(start, 0.8), "x = 0.5", lr=0.1, steps=50))
    assert finding.rule == "vanishing-gradient"
    assert "try larger initial weights (xavier, he)" in finding.message
    assert "plateau" in {one["rule"] for one in finding.evidence["consequences"]}


@pytest.mark.parametrize(("start", "target"), [(1.0, 0.8), (0.8, 0.8), (0.2, 0.0)])
def test_stages_that_learn_or_need_not_have_no_vanishing_gradient(diagnosed, start, target):
    assert diagnosed(*tanhs(start, target), "x = 0.5", lr=0.1, steps=50) == ()


NETWORK = "z = X@A + b\nh = relu(z)\nyhat = h@v\nL = mean((yhat - y)**2)"
DATA = "X = [[0.5, 1.0], [-1.0, 0.3], [0.8, -0.6], [-0.4, -0.9]]\ny = [1.0, 3.0, 2.0, 4.0]"


def test_a_dead_unit_is_named_with_what_is_above_it(diagnosed):
    start = "A = [[1.0, -0.5], [0.5, 1.0]]\nb = [0.3, -50.0]\nv = [0.2, 0.7]"
    finding = next(f for f in diagnosed(NETWORK, start, DATA, steps=9) if f.rule == "dead-relu")
    assert (finding.target, finding.step) == ("h", 0)
    assert finding.evidence["units"] == [1]
    assert finding.evidence["entries"] == ["A[0, 1]", "A[1, 1]", "b[1]"]
    assert "b[1] = -50" in finding.message


def test_a_layer_that_a_step_kills_dies_at_the_step_after():
    finding = only(diagnose_run(gradtui.load("dead_relu").problem))
    assert (finding.rule, finding.target, finding.step) == ("dead-relu", "h", 2)
    assert finding.evidence["units"] == [0, 1, 2]
    assert "the update of step 1 pushed" in finding.message


@pytest.mark.parametrize(
    ("code", "rule", "target"),
    [
        ("h = tanh(1e3*w)*x", "saturated", "h"),
        ("h = off*(tanh(w)*x)", "masked", "h"),
        ("h = where(off, w*x, 1)", "masked", "h"),
        ("h = w*off", "constant-feature", "off"),
        ("h = maximum(w*x - 9, 0)", "dead-relu", "h"),
        ("z = w*x - 9\nh = z*(z > 0)", "dead-relu", "h"),
        ("h = x + (w > 9)", "disconnected", "w"),
        ("h = x\nu = 2*w", "disconnected", "w"),
    ],
)
def test_a_zero_gradient_says_why(diagnosed, code, rule, target):
    data = "x = [1.0, 2.0]\ny = [3.0, 5.0]\noff = [0.0, 0.0]"
    found = diagnosed(f"{code}\nL = mean((h - y)**2)", "w = 0.5", data, steps=20)
    assert [(f.rule, f.target) for f in found] == [(rule, target)]


def test_a_run_that_is_too_long_is_looked_at_in_part_and_says_so(diagnosed):
    code = "L = mean(log(1 + (X@w - y)**2))"
    found = diagnosed(code, **PARCELS, lr=1e-9, steps=900_000)
    assert found
    assert all(f"of {900_000:,})" in f.message and f.evidence["looked_at"] < 9e5 for f in found)


def test_the_gauge_of_a_step_is_computed_when_it_is_asked_for():
    run = Run(gradtui.load("five_parcels").problem)
    assert run.gauge(3).pull == pytest.approx(1.469, rel=1e-3)
    assert run.gauge(3) is run.gauge(3)


def test_bounces_are_found_by_what_lies_between(diagnosed):
    finding = only(diagnosed("L = abs(w - 0.4)", "w = 0.0", "x = 0.0", lr=0.6, steps=40))
    assert finding.rule == "oscillating"
    assert finding.evidence["loss"] == pytest.approx(0.3)
    assert finding.evidence["loss_between"] < 0.01


def test_a_rate_that_crosses_the_bound_is_told_at_the_step_where_it_does(diagnosed):
    more = '[schedule]\nname = "exponential"\ngamma = 1.1'
    found = diagnosed(MEAN_SQUARE, **PARCELS, lr=0.01, steps=40, more=more)
    finding = only(found)
    # 0.01·1.1^k·29.38 > 2 first at k = 21.
    assert (finding.rule, finding.step) == ("rate-too-large-later", 21)
    assert np.isclose(finding.evidence["first_pull"], 0.2938, rtol=1e-3)


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
