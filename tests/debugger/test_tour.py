"""What a lesson's question holds back: the cursor, and what was found."""

import pytest

from gradtui.debugger import tour
from gradtui.debugger.session import Session
from gradtui.debugger.stops import next_finding
from gradtui.scenario.load import load_problem

SQUARE = "yhat = w*x\nL = (yhat - 5)**2"
ASKING = '[[lesson]]\ntext = "t"\nask = "grad(yhat)"\n'


def test_a_gradient_that_is_passed_on_unchanged_shows_where_its_own_name_has_it(write):
    session = Session(load_problem(write(SQUARE, more=ASKING)))
    tour.begin(session)
    session.seek(0)
    # yhat, L, the seed: the next thing done is the way from L to yhat
    assert session.position == 3
    assert session.frame.gradient_state(session.problem.graph.names["yhat"]) == "unknown"


@pytest.mark.parametrize("read", [True, False])
def test_what_was_found_is_told_after_the_last_question(write, read):
    more = '[backward]\ncode = "dw = 2*(5 - yhat)*x"\n' + ("" if read else ASKING)
    session = Session(load_problem(write(SQUARE, more=more + '[[lesson]]\ntext = "t"\n')))
    session.investigation.judge()
    session.investigation.look()
    tour.begin(session)
    assert bool(session.frame.known.findings) == read
    if not read:
        next_finding(session)
        assert "after the lesson's last question" in session.message
        session.guide.answer(right=True)
    assert [finding.rule for finding in session.frame.known.findings][:1] == ["sign"]
    next_finding(session)
    assert "finding 1" in session.message
