"""The rows of a lesson, on a low screen too."""

import pytest

from gradtui.debugger import tour
from gradtui.debugger.guide import TRIES
from gradtui.debugger.session import Session
from gradtui.explain.graph_text import CLOSE, wire_text
from gradtui.explain.jacobian import jacobian_rows
from gradtui.explain.lesson import lesson_rows
from gradtui.explain.spans import line_text
from gradtui.scenario.load import load_problem

ASKING = '[[lesson]]\ntext = "What stands under w?"\nask = "grad(w)"\n'


def test_what_is_said_of_an_answer_comes_before_the_text(write):
    session = Session(load_problem(write("L = (w*x)**2", more=ASKING)))
    tour.begin(session)

    def rows():
        return [line_text(row) for row in lesson_rows(session.frame, 40, str)]

    assert rows()[:2] == ["What stands under w?", "? ∂L/∂w = ?"]
    session.guide.answer(right=False)
    session.guide.said = "Try again."
    assert rows()[:3] == ["? ∂L/∂w = ?", "Try again.", "What stands under w?"]
    for _ in range(TRIES - 1):
        session.guide.answer(right=False)
    session.guide.said = "∂L/∂w = 36."
    assert rows()[1:4] == [
        "∂L/∂w = 36.", "{unfold} to go on · {command}lesson off", "leaves it",
    ]  # fmt: skip
    assert rows()[4] == "What stands under w?"


@pytest.mark.parametrize("answered", [False, True])
def test_the_wire_to_the_loss_does_not_tell_its_gradient(write, answered):
    session = Session(load_problem(write("e = w*x - 3.5\nL = e**2", more=ASKING)))
    tour.begin(session)
    session.seek(0)
    if answered:
        session.guide.answer(right=True)
    names = session.problem.graph.names
    session.selection.select(names["L"])
    session.selection.show_jacobian()
    session.position = session.order.forward
    # ∂L/∂e = 2·e, of e = 2·3 - 3.5, by hand
    shown = [line_text(row) for row in jacobian_rows(session.frame, 80, str)]
    shown.append(wire_text(session.frame, names["e"], names["L"], CLOSE))
    assert [("5" in row) for row in (shown[-1], " ".join(shown[2:-1]))] == [answered, answered]


@pytest.mark.parametrize("width", [12, 40, 80])
def test_the_keys_to_press_stand_out_in_the_text(write, width):
    text = "Read it.\n\n1. Press {first}, then {what-if},\nand press {first}: a new run begins.\n"
    more = f'[[lesson]]\ntext = """{text}"""\n'
    session = Session(load_problem(write("L = (w*x)**2", more=more)))
    tour.begin(session)

    def fill(text):
        return text.replace("{first}", "Home").replace("{what-if}", "e")

    rows = lesson_rows(session.frame, width, fill)
    assert [text for row in rows for text, ink in row if ink == "heading"] == ["Home", "e", "Home"]
    told = " ".join(" ".join(line_text(row) for row in rows).split())
    assert "1. Press Home, then e, and press Home: a new run begins." in told


def test_after_the_last_lesson_of_all_the_way_to_the_course_is_named(write):
    more = '[[lesson]]\ntext = "Read it."\n'
    session = Session(load_problem(write("L = (w*x)**2", more=more)))
    tour.begin(session)
    tour.enter(session, 1)
    told = " ".join(line_text(row) for row in lesson_rows(session.frame, 80, str))
    assert "This is the end of the lesson. {open} lists the course" in told


@pytest.mark.parametrize(("right", "told"), [(True, "was right"), (False, "was not right")])
def test_the_score_of_a_single_question_is_told_in_words(write, right, told):
    more = '[[lesson]]\ntext = "And?"\nask = "L"\n'
    session = Session(load_problem(write("L = (w*x)**2", more=more)))
    tour.begin(session)
    session.guide.answer(right=False)
    session.guide.right = {0} if right else set()
    tour.enter(session, 1)
    rows = " ".join(line_text(row) for row in lesson_rows(session.frame, 80, str))
    assert f"The prediction {told} the first time." in rows


def test_an_answer_given_away_is_not_ticked(write):
    session = Session(load_problem(write("L = (w*x)**2", more=ASKING)))
    tour.begin(session)
    for _ in range(TRIES):
        session.guide.answer(right=False)
    found = [line_text(row) for row in lesson_rows(session.frame, 40, str)]
    assert "· ∂L/∂w" in found and not any("✓" in row for row in found)


def test_a_branch_is_told_from_the_run_of_which_the_lesson_speaks(write):
    session = Session(load_problem(write("L = (w*x)**2", more='[[lesson]]\ntext = "L falls."\n')))
    tour.begin(session)

    def told():
        rows = [line_text(row) for row in lesson_rows(session.frame, 80, str)]
        return any("the lesson speaks of the original run" in row for row in rows)

    assert not told()
    session.branches.what_if("lr 0.01", 0)
    assert told()
    session.branches.switch(session.branches.root)
    assert not told()


def test_a_short_formula_is_kept_in_one_row(write):
    text = (
        "It took y = 5 hours. What is the error e = ŷ − y, and why is a + b + c + d + e + f long?"
    )
    session = Session(load_problem(write("L = (w*x)**2", more=f'[[lesson]]\ntext = "{text}"\n')))
    tour.begin(session)
    rows = [line_text(row) for row in lesson_rows(session.frame, 41, str)]
    assert "It took y = 5 hours. What is the error" in rows
    assert "e = ŷ − y, and why is a + b + c + d + e +" in rows


def test_a_short_product_and_a_step_are_kept_in_one_row(write):
    text = "They are −4 · 1.5 = −6 and −4 · 1 = −4. It is w1 at step 1 = 3 − 0.1·4 = 2.6."
    session = Session(load_problem(write("L = (w*x)**2", more=f'[[lesson]]\ntext = "{text}"\n')))
    tour.begin(session)
    rows = [line_text(row) for row in lesson_rows(session.frame, 30, str)]
    assert "They are −4 · 1.5 = −6 and" in rows
    assert "−4 · 1 = −4. It is w1" in rows
    assert "at step 1 = 3 − 0.1·4 = 2.6." in rows
