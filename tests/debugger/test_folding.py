"""A folded loop is one moment, until what is inside it is looked for."""

import pytest

import gradtui
from debugger import looped
from debugger.looped import BACK, FIRST, INNER, OUTER
from gradtui.debugger.folding import reveal, step, toggle
from gradtui.debugger.folds import runs_of
from gradtui.debugger.stops import go_on


@pytest.fixture
def session():
    return looped.session()


def here(session):
    """Return the line at the cursor, counted from that of the function."""
    at = session.structure.called[session.position]
    return session.problem.call.lines[at].place.line - FIRST


def test_the_innermost_loop_around_the_cursor_is_folded_and_the_folded_one_unfolded(session):
    (outer,) = runs_of(session.structure, session.problem.call, OUTER)
    session.position = outer.first
    toggle(session)
    assert session.folds == {INNER}
    assert session.message == f"the loop of line {INNER[1]} is folded"
    toggle(session)
    assert session.folds == frozenset()
    session.position = outer.first + 2  # in the function that the loop calls
    toggle(session)
    assert session.folds == {OUTER}


def test_outside_of_loops_all_are_folded_or_unfolded(session):
    session.position = 0
    toggle(session)
    assert session.folds == {OUTER, INNER, BACK}
    toggle(session)
    assert session.folds == frozenset()


def test_where_the_gradient_flows_back_the_loop_is_that_of_the_line_in_view(session):
    (outer,) = runs_of(session.structure, session.problem.call, OUTER)
    last = session.problem.graph.root_of(session.order.moments[outer.last - 1].node)
    flows = [
        at for at, moment in enumerate(session.order.moments, 1)
        if getattr(moment, "target", None) == last
    ]  # fmt: skip
    session.position = flows[0]
    toggle(session)
    assert session.folds == {OUTER}


def test_a_folded_loop_is_passed_at_once_in_both_directions(session):
    (outer,) = runs_of(session.structure, session.problem.call, OUTER)
    session.folds = frozenset({OUTER, INNER})
    session.position = outer.first - 1
    step(session, 1)
    assert session.position == outer.last
    step(session, 1)
    assert here(session) == 6
    step(session, -1)
    assert session.position == outer.last
    step(session, -1)
    assert session.position == outer.first - 1
    session.position = outer.first + 3
    step(session, 1)
    assert session.position == outer.last


def test_a_line_that_is_gone_to_is_unfolded(session):
    session.position = runs_of(session.structure, session.problem.call, OUTER)[0].first
    session.folds = frozenset({OUTER, BACK})
    go_on(session)
    assert here(session) == 4 and session.folds == {BACK}
    session.position = 0
    reveal(session)
    assert session.folds == {BACK}


def test_a_run_has_no_loop_to_fold():
    session = gradtui.load("two_weights")
    before = session.position
    toggle(session)
    assert session.message == "there is no loop of your own code" and not session.folds
    step(session, -1)
    assert session.position == before - 1
