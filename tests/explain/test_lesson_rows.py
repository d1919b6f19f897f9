"""The rows of a lesson, on a low screen too."""

from gradtui.debugger import tour
from gradtui.debugger.session import Session
from gradtui.explain.lesson import lesson_rows
from gradtui.explain.spans import line_text
from gradtui.scenario.load import load_problem

ASKING = '[[lesson]]\ntext = "What stands under w?"\nask = "grad(w)"\n'


def test_what_is_said_of_an_answer_comes_before_the_text(write):
    session = Session(load_problem(write("L = (w*x)**2", more=ASKING)))
    tour.begin(session)

    def rows():
        return [line_text(row) for row in lesson_rows(session.frame, 40, str)]

    assert rows()[:3] == ["▸", "What stands under w?", "? ∂L/∂w = ?"]
    session.guide.answer(right=False)
    session.guide.said = "Try again."
    assert rows()[:4] == ["▸", "? ∂L/∂w = ?", "Try again.", "What stands under w?"]
