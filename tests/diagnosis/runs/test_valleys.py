"""Long narrow valleys, and the optimizer that gets along them."""

from findings import only

import gradtui
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
    assert last.value(problem.graph.loss) <= finding.evidence["loss_then"] < 1e-3


def test_where_no_optimizer_gains_none_is_advised(monkeypatch):
    monkeypatch.setattr(Run, "with_optimizer", lambda self, *args, **constants: self.losses)
    finding = only(diagnose_run(gradtui.load("ravine").problem))
    assert "Adam" not in finding.message and "features that are less correlated" in finding.message
