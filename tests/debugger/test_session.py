"""The debugger's cursor: the figures of the lesson, walking both ways, nothing shown too early."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gradtui
from gradtui.debugger.session import MAX_STEP
from gradtui.debugger.steps import Level
from gradtui.diagnosis.check import judge
from gradtui.explain.chain import chain_rows
from gradtui.explain.header import header
from gradtui.explain.program import program_rows
from gradtui.explain.spans import line_text
from gradtui.explain.step import now_line
from gradtui.explain.update import update_rows
from gradtui.explain.vector import gradient_rows


@pytest.mark.parametrize(
    ("name", "step", "loss", "parameters", "gradients"),
    [
        ("one_weight", 0, 1, {"w": 3}, {"w": 4}),
        ("one_weight", 1, 0.04, {"w": 2.6}, {"w": 0.8}),
        ("one_weight", 2, 0.0016, {"w": 2.52}, {"w": 0.16}),
        ("one_weight", 3, 6.4e-5, {"w": 2.504}, {"w": 0.032}),
        ("one_weight", 4, 2.56e-6, {"w": 2.5008}, {"w": 0.0064}),
        ("one_weight", 5, 1.024e-7, {"w": 2.50016}, {"w": 0.00128}),
        ("two_weights", 0, 9, {"w1": 1, "w2": 2}, {"w1": 12, "w2": 18, "e": 6, "yhat": 6}),
        ("two_weights", 1, 0.81, {"w1": 0.4, "w2": 1.1}, {"w1": -3.6, "w2": -5.4}),
        ("two_weights", 2, 0.0729, {"w1": 0.58, "w2": 1.37}, {"w1": 1.08, "w2": 1.62}),
        ("two_weights", 3, 0.006561, {}, {}),
        ("five_parcels", 0, 0.72884, {"w": [0.8, 1.5]}, {"w": [1.6456, 2.888]}),
        ("five_parcels", 12, 0.3278308831969, {}, {}),
        ("five_parcels_rate_1_5", 0, 0.72884, {}, {}),
        ("five_parcels_rate_0_001", 12, 0.6311877, {}, {}),
        ("two_weights_rate_3", 0, 9, {}, {}),
        ("two_weights_rate_3", 1, 53361, {}, {}),
        ("practice", 0, 0.25, {"w1": 0.5, "w2": 1}, {"w1": -3, "w2": -4}),
        ("practice", 1, 4, {"w1": 0.8, "w2": 1.4}, {}),
        ("practice_rate_2", 1, 2450.25, {"w1": 6.5, "w2": 9}, {}),
    ],
)
def test_the_figures_of_the_lesson(name, step, loss, parameters, gradients):
    session = gradtui.load(name)
    session.seek(step)
    frame = session.frame
    assert session.step == frame.step == step
    assert frame.loss == pytest.approx(loss, rel=1e-7)
    for table, figures in ((frame.parameters, parameters), (frame.gradients, gradients)):
        for key, figure in figures.items():
            assert table[key] == pytest.approx(figure, rel=1e-9), key


def test_a_rate_of_1_5_explodes():
    session = gradtui.load("five_parcels_rate_1_5")
    losses = []
    for step in range(4):
        session.seek(step)
        losses.append(session.frame.loss)
    assert losses == pytest.approx([0.72884, 333.8, 6.19e5, 1.15e9], rel=1e-2)
    session.seek(500)
    assert math.isnan(session.frame.loss)


def test_a_rate_of_3_flies_off():
    session = gradtui.load("two_weights_rate_3")
    session.seek(2)
    assert session.frame.loss == pytest.approx(3.16e8, rel=2e-3)


def shown(session):
    """Return all that the debugger says at the cursor."""
    frame = session.frame
    rows = [
        header(frame, 100), now_line(frame), *program_rows(frame, 80), *gradient_rows(frame),
        *chain_rows(frame), *update_rows(frame),
    ]  # fmt: skip
    return [line_text(row) for row in rows]


def bits(session):
    """Return the numbers of the session's step as bytes."""
    frame = session.frame
    recorded = b"".join(np.asarray(value).tobytes() for value in frame.tape.recorded)
    return session.history.state(session.step).tobytes() + recorded


def standing(session):
    return session.level, session.step, session.position, bits(session), shown(session)


def test_a_session_opens_with_the_gradients_of_step_0():
    session = gradtui.load("two_weights")
    assert (session.step, session.position) == (0, session.order.backward)


@pytest.mark.parametrize("level", Level)
@pytest.mark.parametrize("which", [0, 1])
def test_into_then_back_changes_nothing(models, which, level):
    session = gradtui.Session(models[which])
    if level is Level.OPERATIONS:
        session.toggle_level()
    session.position = 0
    for _ in range(2 * session.order.end + 3):
        before = standing(session)
        session.into()
        assert standing(session)[:3] != before[:3]
        session.back()
        assert standing(session) == before
        session.into()
    assert session.step == 2


def test_back_stops_at_the_start_of_the_run_and_says_so():
    session = gradtui.load("two_weights")
    session.restart()
    session.restart()
    assert (session.step, session.position, session.message) == (0, 0, "")
    for go_back in (session.back, session.restart):
        go_back()
        assert (session.step, session.position) == (0, 0)
        assert session.message == "this is the start of the run"
        session.seek(0)
        session.position = 0


def test_finish_and_restart_walk_from_pass_to_pass():
    session = gradtui.load("two_weights")
    session.seek(0)
    session.position = 0
    walked = []
    for _ in range(5):
        session.finish()
        walked.append((session.step, session.position))
    assert walked == [(0, 3), (0, 8), (0, 10), (1, 3), (1, 8)]
    walked = []
    for _ in range(6):
        session.restart()
        walked.append((session.step, session.position))
    assert walked == [(1, 3), (1, 0), (0, 8), (0, 3), (0, 0), (0, 0)]


def test_finish_from_inside_a_pass_goes_to_its_end():
    session = gradtui.load("two_weights")
    session.position = 1
    session.finish()
    assert session.position == session.order.forward
    session.into()
    session.restart()
    assert session.position == session.order.forward


def test_seeking_is_the_same_as_single_moves(models):
    for problem in models:
        moved, sought = gradtui.Session(problem), gradtui.Session(problem)
        for _ in range(8):
            moved.move(1)
        sought.seek(8)
        assert standing(moved) == standing(sought)
        moved.move(-3)
        sought.seek(5)
        assert standing(moved) == standing(sought)


def test_steps_past_the_file_s_are_computed_when_asked_for():
    session = gradtui.load("two_weights")
    session.last()
    assert session.step == 12
    session.move(30)
    assert session.frame.loss == pytest.approx(9 * 0.09**42, rel=1e-6)
    assert len(session.frame.drawn.losses) >= 43
    assert session.frame.drawn.losses[3] == pytest.approx(0.006561)


def test_a_step_before_the_first_or_after_the_last_is_refused_with_a_message(monkeypatch):
    assert MAX_STEP == 10_000_000
    monkeypatch.setattr(gradtui.debugger.session, "MAX_STEP", 1_000)
    session = gradtui.load("two_weights")
    session.seek(-1)
    assert (session.step, session.message) == (0, "this is the first step")
    session.move(1)
    assert session.message == ""
    session._step, session.position = 1_000, session.order.end
    for further in (session.into, session.finish, lambda: session.seek(1_001)):
        further()
        assert session.step == 1_000
        assert session.message == "gradtui goes no further than step 1,000"


def test_a_message_is_gone_after_the_next_command():
    session = gradtui.load("two_weights")
    assert not session.selection.find("zz")
    assert session.message == "no node is called 'zz'"
    session.toggle_level()
    assert session.message == ""


ACTIONS = st.one_of(
    st.sampled_from(["into", "back", "finish", "restart", "toggle_level", "first", "last"]),
    st.tuples(st.just("move"), st.integers(-7, 7)),
    st.tuples(st.just("seek"), st.integers(0, 40)),
)


@settings(max_examples=60)
@given(which=st.integers(0, 2), walk=st.lists(ACTIONS, max_size=25))
def test_any_walk_ends_at_the_bits_of_a_direct_seek(models, which, walk):
    session, direct = gradtui.Session(models[which]), gradtui.Session(models[which])
    for action in walk:
        match action:
            case (name, count):
                getattr(session, name)(count)
            case name:
                getattr(session, name)()
        assert 0 <= session.position <= session.order.end
        assert session.selection.node in session.selection.selectable
    if session.level is not direct.level:
        direct.toggle_level()
    direct.seek(session.step)
    assert bits(session) == bits(direct)
    direct.position, direct.selected = session.position, session.selection.node
    assert shown(session) == shown(direct)


@pytest.fixture(scope="module")
def judgement(models):
    """What is found in the model by hand, which no walk changes."""
    return judge(models[2])


@settings(max_examples=30)
@given(start=st.integers(0, 40), count=st.integers(0, 40), level=st.booleans(), drive=st.booleans())
def test_stepping_through_hand_written_lines_and_back_is_the_identity(
    models, judgement, start, count, level, drive
):
    session = gradtui.Session(models[2], judgement=judgement)
    if level:
        session.toggle_level()
    if drive:
        session.branches.toggle_drive()
    for _ in range(start):
        session.into()
    before, numbers, rows = session.step, bits(session), shown(session)
    seen = [session.position]
    for _ in range(count):
        session.into()
        seen.append(session.position)
    for position in reversed(seen[:-1]):
        session.back()
        assert session.position == position
    assert (session.step, bits(session), shown(session)) == (before, numbers, rows)


def test_the_level_can_be_changed_and_changed_back_anywhere(models):
    for problem in models:
        session = gradtui.Session(problem)
        for position in range(session.order.end + 1):
            session.position = position
            session.toggle_level()
            session.toggle_level()
            assert session.position == position


def test_at_the_start_of_a_step_no_row_shows_a_number_that_is_to_come():
    session = gradtui.load("two_weights")
    session.position = 0
    rows = shown(session)
    assert rows[0].rstrip().endswith("step 0/12   nothing computed yet   L ·")
    assert [row.split()[-1] for row in rows[2:5]] == ["·", "·", "·"]
    assert [row.split() for row in rows[6:9]] == [
        ["w1", "1", "·", "·"],
        ["w2", "2", "·", "·"],
        ["|∇|", "·"],
    ]
    assert rows[-2:] == ["w1  ·", "w2  ·"]
    assert "12" not in " ".join(rows[1:])


def test_the_rows_of_a_pass_appear_one_after_the_other():
    session = gradtui.load("two_weights")
    session.position = 0
    known = []
    for _ in range(session.order.end):
        session.into()
        known.append(sum(not row.endswith("·") for row in shown(session)[2:5]))
    assert known == [1, 2, 3, 3, 3, 3, 3, 3, 3, 3]


def test_many_steps_ahead_agree_with_a_plain_loop():
    session = gradtui.load("one_weight")
    session.seek(20_000)
    w = 3.0
    for _ in range(20_000):
        w = w - 0.1 * (2 * (w * 2 - 5) * 2)
    assert session.frame.parameters["w"] == pytest.approx(w, rel=1e-12)


WRONG = "[backward]\ncode = '''\nde = 2*e\ndw = de\n'''\n[update]\ncode = 'w = w + lr*g'"


def test_another_drive_runs_anew_and_leaves_the_cursor(session_of):
    session = session_of("e = w*x - 5\nL = e**2", more=WRONG)
    session.seek(3)
    session.restart()
    session.into()
    session.selection.select_next()
    by_hand, position = session.frame.parameters["w"], session.position
    selected = session.selection.node
    assert session.problem.drive == "hand"
    session.branches.toggle_drive()
    assert session.problem.drive == "autodiff"
    # e is multiplied by 1 - 2·0.1·9 each step: w - 5/3 is 1/3·(-0.8)³.
    assert session.frame.parameters["w"] == pytest.approx(5 / 3 - 0.512 / 3)
    assert (session.step, session.position, session.selection.node) == (3, position, selected)
    session.branches.toggle_drive()
    assert session.frame.parameters["w"] == by_hand


def test_without_anything_by_hand_there_is_one_drive(session_of):
    session = session_of("L = (w*x)**2")
    session.branches.toggle_drive()
    assert session.message.startswith("nothing is written by hand here")
    assert session.problem.drive == "autodiff"


def test_what_is_found_of_a_branch_begins_at_its_own_steps():
    # lr·λmax = 0.1·26 = 2.6: the error is multiplied by 1 - 2.6 = -1.6 at each step from 3 on.
    session = gradtui.load("two_weights")
    session.seek(3)
    session.branches.what_if("lr 0.1", 3)
    session.investigation.look()
    (finding,) = session.investigation.findings
    assert (finding.rule, finding.step) == ("diverging", 3)
    assert "from step 3 on: 0.006561, 0.0168, 0.043, 0.11" in finding.message


def test_a_branch_off_a_lost_run_says_that_it_starts_lost():
    session = gradtui.load("five_parcels_rate_1_5")
    session.seek(200)
    session.branches.what_if("lr 0.01", 200)
    session.investigation.look()
    (finding,) = session.investigation.findings
    assert (finding.rule, finding.step) == ("non-finite", 200)
    assert finding.message == "w is nan where the run starts, step 200; start where it is finite"


def test_changing_the_level_twice_comes_back_to_the_very_same_moment():
    session = gradtui.load("five_parcels")
    for position in range(session.order.end + 1):
        session.position = position
        before = (session.step, session.position, session.selection.node, session.level)
        session.toggle_level()
        session.toggle_level()
        assert (session.step, session.position, session.selection.node, session.level) == before


def test_the_tapes_of_a_large_model_are_not_all_kept(session_of, monkeypatch):
    import gradtui.debugger.session as session_module

    session = session_of("L = sum(w**2)", parameters="w = [1.0, 2.0, 3.0]")
    session.seek(3)
    numbers = sum(np.size(value) for value in session.frame.tape.recorded)
    monkeypatch.setattr(session_module, "_NUMBERS", 4 * numbers)
    for step in range(9):
        session.seek(step)
        assert session.frame.step == step
    assert [step for _, step in session._tapes] == [5, 6, 7, 8]
    monkeypatch.setattr(session_module, "_NUMBERS", 1)
    session.seek(0)
    assert session.frame.step == 0
    assert [step for _, step in session._tapes] == [8, 0]
