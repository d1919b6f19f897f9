import pytest

import gradtui
from gradtui.debugger import investigation as module
from gradtui.debugger.investigation import COMPUTING

WRONG = "[backward]\ncode = '''\nde = 2*e\ndw = de\n'''"
CODE, DATA = "e = w*x - y\nL = e**2", "x = 3.0\ny = 5.0"


def test_nothing_is_found_before_it_is_looked_for(session_of):
    looked = session_of(CODE, data=DATA, more=WRONG).investigation
    assert (looked.judgement, looked.run_findings, looked.findings) == (None, None, ())
    assert looked.unknown == "comparing what was written by hand …"
    looked.judge()
    assert looked.unknown == "looking at the run …"
    assert [(one.rule, one.target) for one in looked.findings] == [("missing-factor", "dw")]
    looked.look()
    assert looked.unknown == ""


def test_the_next_finding_comes_after_the_chosen_one_and_the_first_after_the_last(session_of):
    more = "[backward]\ncode = '''\nde = 2*e\ndw = de\ndb = -de\n'''"
    session = session_of("e = w*x + b - y\nL = e**2", "w = 2.0\nb = 0.1", DATA, more=more)
    looked = session.investigation
    assert looked.next() is None
    looked.judge()
    first, second = looked.findings
    for expected in (first, second, first):
        assert looked.next() == expected
        looked.chosen = expected
    assert looked.number == 0


def test_a_run_that_a_wrong_gradient_drives_is_not_blamed_for_it(session_of):
    wrong = session_of(CODE, data=DATA, more=WRONG.replace("dw = de", "dw = -de*x")).investigation
    wrong.look()
    assert [one.severity for one in wrong.findings] == ["error"] and wrong.run_findings == ()


def test_a_branch_that_ends_at_twice_the_loss_is_a_setback(session_of):
    session = session_of(CODE, data=DATA, lr=0.02)
    session.branches.what_if("lr 0.2", 0)
    session.investigation.look()
    setback = session.investigation.setback
    # e shrinks by 1 - 2·9·lr a step: 0.64 on the run, -2.6 on the branch; its square is the loss
    assert setback.step == 5
    assert setback.before == pytest.approx(0.64**10)
    assert setback.loss == pytest.approx(2.6**10)


def test_the_gauge_is_the_rate_times_the_curvature(session_of):
    session = session_of(CODE, data=DATA, lr=0.1)
    gauge = session.investigation.gauge(session.tape(0))
    # L = (3w - 5)² curves by 2·3² = 18
    assert gauge != COMPUTING and gauge.sharpness == pytest.approx(18.0, rel=1e-6)


@pytest.mark.parametrize(("moment", "at_once"), [(60.0, True), (-1.0, False)])
def test_a_gauge_is_computed_at_once_where_the_last_one_took_only_a_moment(
    session_of, monkeypatch, moment, at_once
):
    monkeypatch.setattr(module, "_AT_ONCE", 0)  # none by estimate
    monkeypatch.setattr(module, "_MOMENT", moment)
    session = session_of(CODE, data=DATA)
    looked = session.investigation
    assert looked.gauge(session.tape(0)) == COMPUTING
    looked.measure(session.tape(0))
    assert (looked.gauge(session.tape(1)) != COMPUTING) == at_once


def test_where_the_update_is_written_by_hand_no_gauge_applies(session_of):
    session = session_of(CODE, data=DATA, more="[update]\ncode = 'w = w - lr*g'")
    assert session.investigation.gauge(session.tape(0)) == "unknown: update by hand"


def test_to_a_learner_who_is_asked_no_finding_is_told(session_of):
    session = session_of(CODE, data=DATA, more=WRONG)
    session.investigation.look()
    known = session.investigation.known(session.tape(0))
    assert known.findings and known.judgement
    assert (known.untold.findings, known.untold.judgement, known.untold.chosen) == ((), None, None)
    assert known.untold.gauge == known.gauge


@pytest.mark.parametrize("judged", [False, True])
def test_the_gauge_of_true_gradients_says_nothing_where_wrong_ones_move_the_weights(judged):
    session = gradtui.load("grad_missing_factor")
    if judged:
        session.investigation.judge()
    said = {session.investigation.gauge(session.tape(step)) for step in (0, 3)}
    assert said == {"unknown: gradients by hand"}
    session.branches.toggle_drive()
    assert session.investigation.gauge(session.tape(0)).pull == pytest.approx(1.3)


def test_right_gradients_by_hand_have_a_gauge(session_of):
    right = "[backward]\ncode = 'dw = 2*(w*x - 5)*x'"
    session = session_of("L = (w*x - 5)**2", "w = 3.0", "x = 2.0", more=right)
    assert session.investigation.gauge(session.tape(0)).sharpness == pytest.approx(8.0)


def test_gradients_by_hand_are_compared_once_a_step(session_of, monkeypatch):
    compared, alike = [], module._alike
    monkeypatch.setattr(module, "_alike", lambda *two: compared.append(two) or alike(*two))
    right = "[backward]\ncode = 'dw = 2*(w*x - 5)*x'"
    session = session_of("L = (w*x - 5)**2", "w = 3.0", "x = 2.0", more=right)
    for step in (0, 0, 1, 0):
        session.investigation.gauge(session.tape(step))
    assert len(compared) == 2
