"""The gauge of the rate: whether it is above the limit."""

import numpy as np
import pytest

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


def test_the_gauge_of_a_clipped_step_counts_the_factor_and_says_so():
    session = gradtui.load("clipped")
    session.seek(1)
    session.investigation.measure(session.frame.tape)
    values, lr, limit = session.frame.values, 0.05, 1.0
    X, y, w = (np.asarray(values[name]) for name in ("X", "y", "w"))
    gradient = 2 / len(X) * X.T @ (X @ w - y)
    clip = limit / (np.linalg.norm(gradient) + 1e-6)
    sharpest = np.linalg.eigvalsh(2 / len(X) * X.T @ X)[-1]
    rows = texts(gauge_rows(session.frame, 60))
    assert rows[0].startswith(f"lr·clip·λmax {lr * clip * sharpest:.3g} of 2 ")
    assert rows[0].endswith("no overshoot")
    assert f" · unclipped: stable up to lr {2 / sharpest:.4g}" in rows[1]
    assert rows[0].split()[1] == "0.00742" and rows[1].split()[-1] == "0.06807"


def test_a_step_that_is_not_clipped_has_the_usual_gauge():
    session = gradtui.load("clipped_loosely")
    session.seek(session.problem.steps)
    session.investigation.measure(session.frame.tape)
    rows = texts(gauge_rows(session.frame, 60))
    assert rows[0].startswith("lr·λmax ") and "unclipped" not in rows[1]


def test_with_adam_the_largest_rate_of_a_clipped_step_counts_the_factor(session_of):
    """g = 2·9·w = 36 is clipped by 1/4."""
    session = session_of("L = (w*x)**2", optimizer='name = "adam"\nclip_norm = 9')
    session.investigation.measure(session.frame.tape)
    rows = texts(gauge_rows(session.frame, 60))
    gauge = session.frame.known.gauge
    assert rows[0].startswith("lr·clip·λmax ")
    assert gauge.pull == pytest.approx(0.1 * 0.25 * gauge.sharpness, rel=1e-6)
    assert gauge.largest_rate == pytest.approx(gauge.limit / 0.25 / gauge.sharpness, rel=1e-6)
    assert rows[1].startswith("stable up to lr ")


@pytest.mark.parametrize("step", [1, 149])
@pytest.mark.parametrize("width", [36, 46])
def test_the_gauge_of_a_clipped_run_fits_and_keeps_the_largest_rate(width, step):
    session = gradtui.load("chain_clipped")
    session.seek(step)
    session.investigation.measure(session.frame.tape)
    rows = texts(gauge_rows(session.frame, width))
    assert "stable up to lr" in rows[1] and max(map(len, rows)) <= width


def test_no_slowest_way_is_told_of_a_rate_that_is_lost_along_the_steepest():
    lost, slow = (gradtui.load(f"five_parcels{name}") for name in ("_rate_1_5", "_rate_0_001"))
    for session in (lost, slow):
        session.investigation.measure(session.frame.tape)
    assert "slowest" not in texts(gauge_rows(lost.frame, 90))[1]
    assert "stable up to lr 0.06807" in texts(gauge_rows(lost.frame, 90))[1]
    assert "slowest: " in texts(gauge_rows(slow.frame, 90))[1]
