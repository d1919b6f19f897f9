"""A wrong update, told by the numbers of the run that is looked at."""

import pytest

import gradtui
from gradtui.explain.findings import findings_rows
from gradtui.explain.own_move import own_move
from gradtui.explain.spans import line_text


def told(session, step=0, name=None):
    """Return what is said of a session's only finding at a step."""
    session.seek(step)
    if name is not None:
        session.selection.select(session.problem.graph.names[name])
    session.investigation.judge()
    frame = session.frame
    finding = next(one for one in frame.known.findings if one.of_update)
    return own_move(frame, finding)


def test_the_first_step_is_that_of_the_optimizer():
    # w2 = 2 has the larger gradient, 18: 2 + 0.05·18 = 2.9, and 2 - 0.05·18 = 1.1
    assert told(gradtui.load("update_uphill")) == (
        "in this run, step 0: w2 goes from 2 to 2.9, sgd would move it to 1.1 (g 18, lr 0.05)"
    )


def test_the_selected_weight_is_told():
    assert told(gradtui.load("update_uphill"), name="w1") == (
        "in this run, step 0: w1 goes from 1 to 1.6, sgd would move it to 0.4 (g 12, lr 0.05)"
    )


def test_later_steps_start_from_where_the_run_is():
    session = gradtui.load("update_uphill")
    said = told(session, step=2, name="w1")
    frame = session.frame
    old, slope = float(frame.values["w1"]), float(frame.gradients["w1"])
    assert f"from {old:.6g} to {old + 0.05 * slope:.6g}, " in said
    assert f"sgd would move it to {old - 0.05 * slope:.6g}" in said


def test_an_optimizer_with_a_memory_is_told_by_the_fix():
    session = gradtui.load("update_momentum_average")
    assert "sgd would move it to " in told(session)
    said = told(session, step=2, name="w")
    session.seek(2)
    frame, update = session.frame, session.problem.trainer.program.updates[0]
    w, b = (frame.tape.value(old) for old, _ in update.state)
    right = w - 0.01 * (0.9 * b + frame.gradients["w"])
    assert any(f", the fix would move it to {value:.6g} " in said for value in right)


def test_nothing_is_told_before_the_update_is_known():
    session = gradtui.load("update_uphill")
    assert told(session)
    session.position = session.order.forward
    finding = next(one for one in session.frame.known.findings if one.of_update)
    assert own_move(session.frame, finding) == ""


def test_nothing_is_told_of_a_run_that_the_optimizer_drives():
    session = gradtui.load("update_uphill")
    session.investigation.judge()
    finding = next(one for one in session.frame.known.findings if one.of_update)
    session.branches.toggle_drive()
    assert own_move(session.frame, finding) == ""


@pytest.mark.parametrize("name", ["update_uphill", "adam_uncorrected"])
def test_the_panel_names_the_tried_numbers_as_such(name):
    session = gradtui.load(name)
    session.investigation.judge()
    said = " ".join(line_text(row).strip() for row in findings_rows(session.frame, 400))
    assert "(tried from w 1 with g 2 and lr 0.05)" in said
    assert "in this run, step 0: " in said
    assert said.index("in this run") < said.index("(tried from")
