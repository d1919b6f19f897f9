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


def test_an_element_that_goes_where_it_should_is_no_evidence(session_of):
    """The decay moves no bias, which is 0: w goes from 4 to 4 - 0.1·48 - 0.01·4, not to -0.8."""
    decayed = "[update]\ncode = 'w = w - lr*g - 0.01*w'"
    values = "w = [3.0, 4.0]\nb = 0.0"
    session = session_of("L = (w@x + b + 1)**2", values, "x = [1.0, 2.0]", more=decayed)
    for name in ("b", "w"):
        assert told(session, name=name) == (
            "in this run, step 0: w[1] goes from 4 to -0.84, sgd would move it to -0.8 "
            "(g 48, lr 0.1)"
        )


def test_moves_that_make_no_other_number_are_told_as_moves(session_of):
    session = session_of("L = 1e-9*w", "w = 2.0", more="[update]\ncode = 'w = w + lr*g'")
    assert told(session) == (
        "in this run, step 0: w, 2, moves by 1e-10, sgd would move it by -1e-10 (g 1e-9, lr 0.1)"
    )


def test_a_step_in_which_all_weights_go_where_they_should_says_so(session_of):
    session = session_of("L = w**2", "w = 2.0", more="[update]\ncode = 'w = w - lr*g/t'")
    assert told(session) == "in this run, step 0: every weight goes where sgd would move it"
    assert "sgd would move it to 1.28 (" in told(session, step=1)
