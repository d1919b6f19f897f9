"""Where one stops on a walk through a run: breakpoints, findings, watches."""

import numpy as np
import pytest

import gradtui
from gradtui.base.source import InputError
from gradtui.debugger.stops import go_on, next_finding


@pytest.fixture
def opened():
    """Open a scenario of whose run all is known."""

    def open_session(name, *conditions):
        session = gradtui.load(name)
        session.investigation.look()
        for condition in conditions:
            session.break_at(condition)
        while session.breakpoints.search(1.0):
            pass
        return session

    return open_session


def stops_of(session, by=1):
    """Return the steps at which one stops on the way from where it stands to an end."""
    steps = []
    while go_on(session, by) and not session.message.startswith("no breakpoint"):
        steps.append(session.step)
    return steps


def frames(session):
    for step in range(session.problem.steps + 1):
        session.seek(step)
        yield session.frame
    session.first()


def begins(session, holds):
    """Return the steps at which a condition begins to hold, from the frames one by one."""
    found, before = [], False
    for frame in frames(session):
        now = bool(holds(frame))
        found += [frame.step] if now and not before else []
        before = now
    return found


def test_the_ready_made_breakpoint_stops_where_a_gradient_is_above_100(opened):
    def above(frame):
        return max(np.max(np.abs(gradient)) for gradient in frame.gradients.values()) > 100

    session = opened("chain_steady", "max(abs(grad)) > 100")
    assert begins(session, above) == [6]
    assert stops_of(session) == [6]
    exploding = opened("chain_exploding", "max(abs(grad)) > 100")
    assert exploding.breakpoints.found[0].steps.tolist() == [0]


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("loss < 0.1", lambda frame: frame.loss < 0.1),
        ("w2 > 1.3", lambda frame: frame.parameters["w2"] > 1.3),
        ("e < 0", lambda frame: frame.values["e"] < 0),
        ("step == 4", lambda frame: frame.step == 4),
        ("norm > 6", lambda frame: frame.tape.gradient_norm > 6),
    ],
)
def test_c_stops_where_a_condition_begins_to_hold(opened, condition, holds):
    session = opened("two_weights", condition)
    expected = begins(session, holds)
    later = [step for step in expected if step > 0]
    assert expected
    assert stops_of(session) == later
    session.last()
    assert stops_of(session, -1) == [k for k in reversed(expected) if k < session.problem.steps]


def test_a_bare_number_is_that_step_and_setting_it_again_removes_it(opened):
    session = opened("two_weights", "7")
    assert session.breakpoints.found[0].text == "step == 7"
    assert stops_of(session) == [7]
    session.break_at("step==7")
    assert session.message.endswith("breakpoint removed")
    assert session.breakpoints.found == ()


def test_without_a_condition_it_is_the_present_step(opened):
    session = opened("two_weights")
    session.seek(3)
    session.break_at()
    assert [b.text for b in session.breakpoints.found] == ["step == 3"]


def test_c_stops_at_findings_and_says_what_was_found(opened):
    session = opened("rate_deadly_later", "step == 100")
    assert stops_of(session) == [100, 4930]
    go_on(session, -1)
    assert session.step == 4930
    assert session.message.startswith("step 4,930: finding 1 of 1, line ")
    assert "the rate was good at first" in session.message
    go_on(session, -1)
    assert (session.step, session.message) == (100, "step 100: ◆ step == 100")


def test_a_finding_of_the_step_where_one_stands_is_the_first_stop(opened):
    session = opened("five_parcels_rate_1_5", "step == 5")
    go_on(session)
    assert session.message.startswith("step 0: finding 1 of 1")
    assert stops_of(session) == [5]
    go_on(session, -1)
    assert session.step == 5
    go_on(session, -1)
    assert (session.step, go_on(session, -1), session.step) == (0, True, 0)


def test_a_breakpoint_that_is_off_stops_nobody(opened):
    session = opened("two_weights", "2", "5")
    session.breakpoints.enable(0, False)
    assert stops_of(session) == [5]
    session.first()
    session.breakpoints.enable(0, True)
    assert stops_of(session) == [2, 5]


def test_until_it_is_known_where_nothing_moves(opened):
    session = gradtui.load("two_weights")
    assert not go_on(session)
    assert (session.step, session.message) == (0, "looking at the run …")


@pytest.mark.parametrize(
    ("text", "message", "column"),
    [
        ("loss", "this holds at every step or at none", 1),
        ("lost > 1", "'lost' is not", 1),
        ("w1 > ", "", 6),
    ],
)
def test_what_is_no_condition_is_refused_with_its_place(opened, text, message, column):
    session = opened("two_weights")
    with pytest.raises(InputError) as caught:
        session.break_at(text)
    assert message in caught.value.message
    assert caught.value.place.column == column
    assert session.breakpoints.found == ()


def test_a_watch_shows_its_value_at_each_step_and_going_back(opened):
    session = opened("two_weights")
    session.watch("loss - prev")
    (watched,) = session.frame.watched
    assert (watched.value, watched.trouble) == (None, "no step before")
    session.seek(2)
    (watched,) = session.frame.watched
    assert float(watched.value) == pytest.approx(0.0729 - 0.81)
    session.seek(1)
    assert float(session.frame.watched[0].value) == pytest.approx(0.81 - 9)
    session.watch("loss-prev")
    assert session.message == "loss-prev: no longer watched"
    assert session.frame.watched == ()


def test_a_finding_stands_at_its_node_on_either_level(opened):
    session = opened("late_nan")
    go_on(session)
    graph = session.problem.graph
    assert session.step == 1
    assert graph.nodes[session.selection.node].name == "L"
    session.toggle_level()
    next_finding(session)
    node = graph.nodes[session.selection.node]
    assert (node.op, node.place.column) == ("log", 36), "the second logarithm, of 1 - p"
    assert session.frame.values["p"].tolist() == [1.0] * 5
