"""The gauge of the rate: whether it is above the limit."""

import gradtui
from gradtui.explain.gauge import gauge_rows
from rows import texts


def test_above_the_limit_the_findings_say_whether_the_run_diverges():
    session = gradtui.load("five_parcels_rate_1_5")
    assert "above the limit" in texts(gauge_rows(session.frame, 60))[0]
    session.investigation.look()
    assert "diverges" in texts(gauge_rows(session.frame, 60))[0]


def test_momentum_that_swings_below_the_limit_is_no_warning():
    session = gradtui.load("five_parcels_adam")
    (row,) = [row for row in gauge_rows(session.frame, 60)[:1]]
    assert row[-1] == ("stable, swings", "good")


def test_at_a_rate_of_0_nothing_moves():
    session = gradtui.load("iris")
    session.seek(300)
    session.investigation.measure(session.frame.tape)
    assert session.frame.tape.rate == 0
    assert "nothing moves" in texts(gauge_rows(session.frame, 60))[0]


def test_where_the_loss_curves_downward_too_no_condition_number_is_told(session_of):
    # the curvature is 2 along v and -6 along w, then 2 and -0.1
    for factor, down in ((3.0, True), (0.05, False)):
        session = session_of(f"L = v**2 + u**2/4 - {factor}*w**2", "u = 1.0\nv = 1.0\nw = 1.0")
        session.investigation.measure(session.frame.tape)
        rows = texts(gauge_rows(session.frame, 60))
        assert rows[1].startswith("λmin < 0 · stable up to" if down else "κ 4 · ")


def test_before_the_backward_pass_is_done_nothing_is_said_of_the_rate():
    session = gradtui.load("five_parcels_rate_1_5")
    known = texts(gauge_rows(session.frame, 60))
    session.position = 1
    rows = texts(gauge_rows(session.frame, 60))
    assert rows == ["lr·λmax · after the backward pass", ""] and len(rows) == len(known)
    session.position = session.structure.order.backward
    assert texts(gauge_rows(session.frame, 60)) == known
