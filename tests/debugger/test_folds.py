"""Which moments the rounds of a loop are."""

import pytest

from debugger import looped
from debugger.looped import BACK, FIRST, INNER, OUTER
from gradtui.debugger.folds import loops_in, run_at, runs_of


@pytest.fixture(scope="module")
def session():
    return looped.session()


def lines(session, run):
    """Return the lines of a run, counted from that of the function."""
    call, called = session.problem.call, session.structure.called
    done = (called[at] for at in range(run.first, run.last + 1) if at in called)
    return [call.lines[at].place.line - FIRST for at in done]


def test_the_loops_of_a_call_are_known_with_their_bodies(session):
    assert loops_in(session.problem.call) == {OUTER, INNER, BACK}


def test_a_run_has_all_rounds_and_the_functions_called_in_them(session):
    (run,) = runs_of(session.structure, session.problem.call, OUTER)
    halved = looped.halved.__code__.co_firstlineno + 1 - FIRST
    assert lines(session, run) == [4, 4, halved, 5] * 3
    assert (len(run.rounds), run.total, run.rounds[0]) == (3, "3", run.first)


def test_an_inner_loop_runs_once_in_each_round_of_the_outer_one(session):
    runs = runs_of(session.structure, session.problem.call, INNER)
    assert [(lines(session, run), run.total) for run in runs] == [([4, 4], "2")] * 3


def test_the_last_run_that_has_begun_is_the_one_at_a_position(session):
    call = session.problem.call
    (back,) = runs_of(session.structure, call, BACK)
    assert run_at(session.structure, call, BACK, back.first - 1) is None
    assert run_at(session.structure, call, BACK, session.order.end) is back
    assert lines(session, back) == [9, 10] * 3
