"""What was written by hand, on the graph."""

import pytest

from gradtui.explain.byhand import blamed_edges
from gradtui.explain.graph_text import CLOSE, wire_text, wire_width


@pytest.mark.parametrize("level", ["named", "operations"])
def test_the_blamed_edge_is_marked_on_the_graph(session_of, level):
    more = "[backward]\ncode = '''\ndyhat = 2*e\ndw = dyhat\ndb = dyhat\n'''"
    session = session_of("yhat = w*x + b\ne = yhat - 5\nL = e**2", "w = 2.0\nb = 0.5", more=more)
    if level == "operations":
        session.toggle_level()
    frame = session.frame
    edges = frame.structure.edges
    assert not any("✗" in wire_text(frame, *edge, CLOSE) for edge in edges)
    session.investigation.judge()
    frame = session.frame
    marked = [edge for edge in edges if edge in blamed_edges(frame)]
    assert [source for source, _ in marked] == [frame.graph.names["w"]]
    assert [wire_text(frame, *edge, CLOSE) for edge in edges if edge in marked] == ["✗ ×3"]
    assert [edge for edge in edges if "✗" in wire_text(frame, *edge, CLOSE)] == marked
    assert all(
        len(wire_text(frame, *edge, CLOSE)) <= wire_width(frame, *edge, CLOSE) for edge in edges
    )
