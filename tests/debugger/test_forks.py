"""A run that continues from a step of another with something changed."""

import pytest

import gradtui
from gradtui.debugger.forks import fork
from gradtui.engine.history import Origin
from gradtui.scenario.changes import read_change


def test_a_fork_begins_at_the_step_with_its_change():
    session = gradtui.load("two_weights")
    session.seek(1)  # w = 0.4, 1.1; the gradient is -3.6, -5.4
    problem = session.problem
    found = fork(problem, session.history.state(1), 1, read_change("lr 0.1", problem))
    assert found.step == 1 and "0.1" in found.change
    parameters = found.history(session.history, Origin(start=1)).tape(2)
    names = problem.graph.names
    assert float(parameters.value(names["w1"])) == pytest.approx(0.4 + 0.36)
    assert float(parameters.value(names["w2"])) == pytest.approx(1.1 + 0.54)
