"""What a graph says of its nodes: which come from where, and which are needed."""

import pytest

from gradtui.engine.graph import Kind, depends_on, needed_for


@pytest.fixture
def graph(session_of):
    return session_of("a = w*x\nb = x*x\nu = a + 1\nL = a*b").problem.graph


def names(graph, ids):
    return {graph.nodes[id].name for id in ids} - {""}


def test_what_depends_on_parameters_is_computed_from_them(graph):
    found = depends_on(graph.nodes, frozenset([Kind.PARAMETER]))
    assert names(graph, found) == {"w", "a", "u", "L"}


def test_what_is_needed_leaves_out_what_nothing_reads(graph):
    assert names(graph, needed_for(graph.nodes, [graph.loss])) == {"w", "x", "a", "b", "L"}
    given = frozenset([graph.names["a"]])
    assert names(graph, needed_for(graph.nodes, [graph.loss], given)) >= {"b", "x", "L"}
    assert "w" not in names(graph, needed_for(graph.nodes, [graph.loss], given))


def test_a_statement_reads_names_in_their_order(graph):
    last = graph.statements[-1]
    assert [graph.nodes[id].name for id in graph.sources(last)] == ["a", "b"]
    assert graph.root_of(last.root) == graph.loss
    assert [node.name for node in graph.parameters] == ["w"]
    assert [node.name for node in graph.data] == ["x"]
