import math

import pytest

from gradtui.debugger import tour
from gradtui.debugger.guide import TRIES, Guide, is_close
from gradtui.debugger.session import Session
from gradtui.scenario.lesson import Goal, Lesson
from gradtui.scenario.load import load_problem

LESSONS = """
[[lesson]]
text = "Read this."
[[lesson]]
text = "What is the error?"
ask = "e"
[[lesson]]
text = "How does the loss change with w?"
ask = "grad(w)"
[[lesson]]
text = "Where is w after the step?"
ask = "w"
step = 1
"""


@pytest.fixture
def session(write):
    """w = 2, x = 3, y = 5: e = 1, dL/dw = 2·1·3 = 6, and w = 2 - 0.1·6 = 1.4 after a step."""
    code = "e = w*x - y\nL = e**2"
    return Session(load_problem(write(code, data="x = 3.0\ny = 5.0", more=LESSONS)))


@pytest.fixture
def guide(session):
    tour.begin(session)
    session.guide.enter(1, 0)
    return session.guide


def limit(session):
    program = session.problem.trainer.program
    return session.guide.limit(lambda step: (session.structure, program))


def test_what_is_only_read_is_done_when_it_is_left(guide):
    assert guide.place == 1 and guide.ticked == {0}
    guide.enter(0, 0)
    assert guide.ticked == {0} and guide.question is None


def test_right_at_the_first_try_counts_and_later_it_does_not(guide):
    guide.answer(right=True)
    guide.enter(2, 0)
    guide.answer(right=False)
    guide.answer(right=True)
    assert guide.right == {1} and guide.ticked >= {1, 2} and guide.question is None


def test_after_so_many_wrong_answers_the_question_is_closed_but_not_done(guide):
    for _ in range(TRIES):
        assert guide.question is not None
        guide.answer(right=False)
    assert guide.question is None and 1 not in guide.ticked


def test_leaving_a_question_gives_no_tries_back(guide):
    guide.answer(right=False)
    guide.enter(2, 0)
    assert guide.tries == 0
    guide.enter(1, 0)
    assert guide.tries == 1


def test_a_place_is_never_outside_the_lesson(guide):
    guide.enter(99, 0)
    assert (guide.place, guide.lesson, guide.question) == (4, None, None)
    guide.enter(-3, 0)
    assert guide.place == 0


def test_the_numbers_that_are_asked_for_from_here_on_are_untold(session, guide):
    names = session.problem.graph.names
    error, weight = (names["e"], 0), (names["w"], 1)
    assert guide.progress.untold_values == {error, weight}
    guide.enter(3, 0)
    assert guide.progress.untold_values == {weight} and guide.untold
    guide.answer(right=True)
    assert guide.progress.untold_values == frozenset() and not guide.untold


def test_the_truth_is_that_of_the_step_that_is_asked_for(session, guide):
    truths = []
    for place in (1, 2, 3):
        guide.enter(place, 0)
        session.history.advance(2)
        truths.append(guide.truth(guide.question, session.tape(guide.question.step)))
    assert truths == pytest.approx([1.0, 6.0, 1.4])


def test_the_cursor_stops_before_the_moment_that_shows_the_answer(session, guide):
    # e is the first line computed, the gradient of w comes last of the two passes
    assert limit(session) == (0, 0)
    guide.enter(2, 0)
    assert limit(session) == (0, session.order.backward - 1)
    guide.enter(3, 0)
    step, position = limit(session)
    assert step == 0 and session.order.backward <= position < session.order.end
    guide.answer(right=True)
    assert limit(session) is None


def test_a_goal_that_is_reached_is_told_once():
    guide = Guide((Lesson("Go on.", Goal("step", step=1)),))
    assert [guide.reached(now) for now in (False, True, True, False, True)] == [
        False, True, False, False, True,
    ]  # fmt: skip
    guide.ticked.add(0)
    guide.reached(False)
    assert not guide.reached(True)


@pytest.mark.parametrize(
    ("given", "wanted", "step", "close"),
    [
        (0.667, 2 / 3, math.inf, True),
        (0.66, 2 / 3, math.inf, False),
        (0.0, 0.0, math.inf, True),
        (1e-6, 0.0, math.inf, False),
        (1.0, 0.999, math.inf, True),
        (1.0, 0.999, 0.001, False),  # the number of the step before is another
        (math.nan, 1.0, math.inf, False),
    ],
)
def test_a_number_worked_out_by_hand_is_close_enough(given, wanted, step, close):
    assert is_close(given, wanted, step) == close
