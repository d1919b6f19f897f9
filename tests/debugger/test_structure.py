"""Lines folded to one node among operations: what is drawn, what is stepped through."""

from functools import cache

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

import gradtui
from gradtui.debugger.steps import Compute, Flow, Level

MODEL = "a = w*x + v\nb = a*a - w\nL = (a + b)**2 + a*w"
START = {"parameters": "w = 2.0\nv = 1.0"}


def root(session, name):
    return session.problem.graph.names[name]


def unfold(session, name):
    session.selection.select(root(session, name))
    session.toggle_fold()


def test_only_the_selected_line_is_drawn_as_operations(session_of):
    session = session_of(MODEL, **START)
    unfold(session, "b")
    graph = session.problem.graph
    drawn = [(graph.nodes[id].name or graph.nodes[id].op) for id in session.structure.nodes]
    assert session.level is Level.OPERATIONS
    assert drawn == ["w", "v", "a", "*", "b", "L"]
    assert session.structure.whole == {root(session, "a"), root(session, "L")}
    assert session.selection.node == root(session, "b")


def test_an_edge_into_a_folded_line_has_the_lines_local_derivative(session_of):
    session = session_of(MODEL, **START)
    named = session.frame.edge_local(root(session, "a"), root(session, "L"))
    unfold(session, "b")
    assert session.frame.edge_local(root(session, "a"), root(session, "L")) == named
    assert session.frame.edge_local(root(session, "w"), root(session, "b")) == -1


def test_stepping_goes_into_the_unfolded_line_only(session_of):
    session = session_of(MODEL, **START)
    unfold(session, "b")
    computed = [m.node for m in session.order.moments if isinstance(m, Compute)]
    graph = session.problem.graph
    assert [graph.nodes[id].name for id in computed] == ["a", "", "b", "L"]
    flows = [m for m in session.order.moments if isinstance(m, Flow)]
    assert {f.source for f in flows} <= set(session.structure.nodes)


def test_all_folded_again_is_the_named_graph(session_of):
    session = session_of(MODEL, **START)
    named = session.structure
    for name in ("b", "L", "a"):
        unfold(session, name)
    assert session.structure.whole == frozenset()
    for name in ("a", "b", "L"):
        unfold(session, name)
    assert session.level is Level.NAMED
    assert session.structure is named


def test_a_parameter_and_a_single_operation_have_nothing_to_unfold(session_of):
    session = session_of("e = w*x\nL = e**2 + w")
    session.toggle_fold()
    assert session.message == "there is nothing to unfold in w"
    unfold(session, "e")
    assert session.message == "there is nothing to unfold in e"
    assert session.level is Level.NAMED


problem = cache(lambda name: gradtui.load(name).problem)


@settings(max_examples=60)
@example(where=0.0, keys=["a", "into", "x", "back", "x"], file="two_weights")
@example(where=0.0, keys=["a", "into", "x", "into", "back", "x"], file="two_weights")
@example(where=0.25, keys=["x"], file="softmax_classifier")  # Y comes from data alone: not drawn
@given(
    where=st.floats(0, 1),
    keys=st.lists(st.sampled_from(["a", "b", "L", "x", "into", "back"]), max_size=8),
    file=st.sampled_from(["two_weights", "softmax_classifier", "illustration"]),
)
def test_no_folding_shows_more_than_has_been_done(where, keys, file):
    session = gradtui.Session(problem(file))
    lines = session.problem.graph.statements
    session.position = int(where * session.order.end)
    left, toggled = set(), None
    for key in keys:
        before, listed = done(session.frame.done), done(session.order.moments)
        here = session.step, session.position
        if key in ("into", "back"):
            getattr(session, key)()
            continue
        if key == "x":
            session.toggle_level()
        else:
            session.selection.select(lines["abL".index(key) % len(lines)].root)
            session.toggle_fold()
        assert 0 <= session.position <= session.order.end
        # A change of level that is undone where it was made comes back to all that had been done.
        back = left if toggled == here and key == "x" else set()
        assert done(session.frame.done) & listed <= before | back
        left, toggled = before, (session.step, session.position) if key == "x" else None
        assert session.selection.node in session.selection.selectable


def test_from_lines_partly_unfolded_there_and_back_does_no_less(session_of):
    session = session_of(MODEL, **START)
    session.position = 0
    unfold(session, "L")
    session.into()
    session.into()  # a and b, one moment each; all unfolded they take four
    session.toggle_level()
    before = done(session.frame.done)
    session.toggle_level()
    assert session.structure.whole == frozenset()
    assert done(session.frame.done) == before


def done(moments):
    """Return the operations that moments compute and the edges that they take."""
    found = set()
    for moment in moments:
        if isinstance(moment, Compute):
            found |= {("value", id) for id in moment.operations}
        elif isinstance(moment, Flow):
            found |= {("flow", edge) for edge in moment.edges}
    return found


@pytest.mark.parametrize("level", [Level.NAMED, Level.OPERATIONS])
def test_the_end_of_a_step_stays_its_end(session_of, level):
    session = session_of(MODEL, **START)
    if level is Level.OPERATIONS:
        session.toggle_level()
    session.position = session.order.end
    unfold(session, "b")
    assert session.position == session.order.end


def test_the_paths_of_a_node_are_walked_once(session_of):
    structure = session_of("a = w*2\nL = a*w", "w = 3.0").structure
    walked = []

    class Counted(dict):
        def get(self, key, default=None):
            walked.append(key)
            return super().get(key, default)

    counted = replace(structure, readers=Counted(structure.readers))
    loss, node = structure.nodes[-1], structure.nodes[0]
    first = counted.paths(node, loss)
    before = len(walked)
    assert counted.paths(node, loss) == first and len(first) == 2
    assert len(walked) == before > 0


def test_the_edges_onward_from_a_node_are_those_on_its_paths_to_the_loss(session_of):
    """`dead` matters to no loss; `x` is not drawn, and leads on from what reads it."""
    session = session_of("a = w*x\ndead = a*v\nb = a + v\nL = (a*b)**2", "w = 2.0\nv = 1.0")
    structure, names = session.structure, session.problem.graph.names
    assert (names["a"], names["dead"]) in structure.edges
    for name, expected in {"w": "wa ab aL bL", "v": "vb bL", "x": "ab aL bL", "L": ""}.items():
        edges = [(names[source], names[target]) for source, target in expected.split()]
        assert sorted(structure.onward(names[name])) == sorted(edges)
