"""What was written by hand, on the graph."""

import pytest

from gradtui.explain.byhand import blamed_edges, hand_line_mark
from gradtui.explain.graph_text import CLOSE, wire_text, wire_width
from gradtui.explain.spans import line_text
from gradtui.explain.step import now_line


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


HELPED = "[backward]\ncode = '''\nk = 2*e\nm = 3*e\nj = {}\ndw = j*x\ndb = {}\n'''"


@pytest.mark.parametrize(
    ("lines", "marks"),
    [
        (("k", "j"), ["right", "none", "right", "right", "right"]),
        (("k", "2*j"), ["right", "none", "right", "right", "wrong"]),
        (("k/2", "j"), ["none", "none", "wrong", "inherited", "inherited"]),
    ],
)
def test_a_helper_is_marked_right_once_right_gradients_come_from_it(session_of, lines, marks):
    session = session_of(
        "e = w*x + b - 5\nL = e**2", "w = 2.0\nb = 0.5", more=HELPED.format(*lines)
    )

    def marked():
        return [hand_line_mark(session.frame, at) for at in range(5)]

    assert marked()[:3] == ["none", "none", "none"]
    session.investigation.judge()
    assert marked() == marks
    session.restart()
    while not session.frame.written(0):
        session.into()
    said = line_text(now_line(session.frame)).rstrip()
    assert said.endswith("✓  a helper of right gradients" if marks[0] == "right" else "a helper")
