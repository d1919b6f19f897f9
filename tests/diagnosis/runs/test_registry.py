"""Rules in order: causes before what they bring about, and runs without a finding."""

from pathlib import Path

import pytest

import gradtui
from corpus.load import passes
from diagnosis.runs.models import MEAN_SQUARE, PARCELS
from findings import only
from gradtui.diagnosis.runs.registry import RUN_RULES, diagnose_run
from gradtui.scenario.load import load_problem


def test_each_rule_says_what_it_is_and_comes_before_what_it_brings_about():
    assert all(rule.summary for rule in RUN_RULES.values())
    order = [rule.find for rule in RUN_RULES.values()]
    for rule in RUN_RULES.values():
        for brought in (*rule.explains, *rule.explains_later):
            assert order.index(brought) > order.index(rule.find), (rule.name, brought)


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


ADVISED = {
    "practice": ("lr 0.02", 0), "rate_deadly_later": ("lr 0.02", 4930), "ravine":
    ("optimizer adam lr 0.3", 0), "kilometres": ("optimizer adam lr 0.03", 0), "clipped":
    ("clip_norm 199.5", 0), "absolute_error": ("lr 0.05", 0), "five_parcels_rate_0_001":
    ("lr 0.03", 0), "five_parcels_rate_1_5": ("lr 0.03", 0),
}  # fmt: skip


@pytest.mark.parametrize("name", ADVISED)
def test_a_change_that_is_advised_does_what_the_finding_says(name):
    session = gradtui.load(name)
    (found,) = (one for one in diagnose_run(session.problem) if one.trial is not None)
    assert (found.trial.change, found.trial.step) == ADVISED[name]
    session.seek(session.problem.steps)
    before = session.frame.loss
    session.branches.what_if(found.trial.change, found.trial.step)
    session.seek(session.problem.steps)
    if "loss_then" in found.evidence:
        assert session.frame.loss == pytest.approx(found.evidence["loss_then"], rel=1e-12)
    else:
        assert session.frame.loss < before / 10
