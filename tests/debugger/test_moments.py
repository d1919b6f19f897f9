"""The node that a moment of a step is about."""

import pytest

import gradtui
from gradtui.debugger.moments import claimed_by, last_node, node_of

HELPED = "[backward]\ncode = '''\nde = 2*e\nhelper = 3*de\ndw = de*x\n'''"


@pytest.fixture
def session(session_of):
    return session_of("e = w*x\nL = e**2", more=HELPED)


def names(session, nodes):
    called = {node.id: node.name for node in session.problem.graph.nodes}
    return [None if node is None else called[node] for node in nodes]


def test_each_moment_has_the_node_that_it_computes_or_moves():
    session = gradtui.load("one_weight")
    moments = session.order.moments
    about = names(session, (node_of(moment, session.problem) for moment in moments))
    graph = session.problem.graph
    assert about[0] == graph.nodes[graph.statements[0].root].name
    assert about[len(graph.statements)] == graph.nodes[graph.loss].name
    assert about[-1] == "w"
    assert node_of(None, session.problem) is None


def test_a_line_is_about_the_gradient_that_it_claims_and_a_helper_about_none(session):
    claimed = [claimed_by(index, session.problem) for index in range(3)]
    assert names(session, claimed) == ["e", None, "w"]


def test_before_any_moment_the_first_parameter_is_meant(session):
    assert names(session, [last_node(session.structure, 0, session.problem)]) == ["w"]
    assert names(session, [last_node(session.structure, 1, session.problem)]) == ["e"]
