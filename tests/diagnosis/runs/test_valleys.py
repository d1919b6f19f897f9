"""Long narrow valleys, and the optimizer that gets along them."""

import gradtui
from diagnosis.runs.models import MEAN_SQUARE, PARCELS
from findings import only
from gradtui.diagnosis.runs.registry import diagnose_run
from gradtui.diagnosis.runs.run import Run
from gradtui.engine.history import History
from gradtui.scenario.changes import read_change


def test_another_optimizer_is_advised_with_a_rate_at_which_it_was_tried():
    problem = gradtui.load("ravine").problem
    finding = only(diagnose_run(problem))
    assert "try Adam with lr = 0.3: the same 200 steps end at " in finding.message
    adam = read_change("optimizer adam lr 0.3", problem).problem(problem)
    last = History(adam.trainer).tape(200)
    assert last.value(problem.graph.loss) == finding.evidence["loss_then"] < 1e-3


def test_where_no_optimizer_gains_none_is_advised(monkeypatch):
    monkeypatch.setattr(Run, "with_optimizer", lambda self, *args, **constants: self.losses)
    finding = only(diagnose_run(gradtui.load("ravine").problem))
    assert finding.message.endswith(" is left"), "there are no features, either"


def test_less_correlated_features_are_advised_where_there_are_rows_of_them(diagnosed):
    twins = {"data": "X = [[1, 1.1], [2, 1.9], [3, 3.1], [4, 3.9]]\ny = [3, -1, 2, 0]"}
    finding = only(diagnosed(MEAN_SQUARE, **{**PARCELS, **twins}, lr="0.03", steps=60))
    assert finding.rule == "ill-conditioned"
    assert "features that are less correlated" in finding.message
