import pytest
from msgspec.structs import replace

from gradtui.debugger import tour
from gradtui.debugger.session import Session
from gradtui.explain.predictions import asked_text, mistake_text, way_text
from gradtui.scenario.load import load_problem

CHAIN = "yhat = w1*x1 + w2*x2\ne = yhat - y\nL = e**2"
NUMBERS = {"parameters": "w1 = 1.0\nw2 = 2.0", "data": "x1 = 2.0\nx2 = 3.0\ny = 5.0"}
ROWS = {
    "parameters": "w = [0.8, 1.5]",
    "data": "X = [[2, 3], [1.5, 1], [4, 5], [0.8, 0.5], [3.2, 2.5]]\ny = [5, 3.2, 9.5, 2.1, 6.8]",
}


def asked(write, code, ask, step=0, lr=0.05, at=None, **numbers):
    """Return what a prediction is judged by, as the screen does: frame, question, truth, before."""
    more = f'[[lesson]]\ntext = "t"\nask = "{ask}"\n' + ("" if at is None else f"step = {at}\n")
    session = Session(load_problem(write(code, lr=lr, more=more, **numbers)))
    tour.begin(session)
    guide = session.guide
    question = guide.question
    session.history.advance(guide.step_of(question) + 1)
    tape = session.tape(guide.step_of(question))
    before = session.tape(tape.step - 1) if tape.step else None
    return replace(session.frame, tape=tape), question, guide.truth(question, tape), before


@pytest.mark.parametrize(
    ("ask", "given", "said"),
    [
        ("grad(w2)", 6, "that is ∂L/∂yhat; the factor ∂yhat/∂w2 = 3 is missing"),
        ("grad(w2)", 3, "the local derivative ∂yhat/∂w2 alone"),
        ("grad(w2)", -18, "the size is right, the sign is wrong"),
        ("grad(w2)", 54, "the factor ∂yhat/∂w2 = 3 stands in it twice"),
        ("grad(w2)", 2, "multiply by ∂yhat/∂w2 = 3, do not divide by it"),
        ("grad(w2)", 12, "that is ∂L/∂w1"),
        ("grad(w2)", 9, "a factor 2 is missing, as that of a square's derivative"),
        ("grad(w2)", 0.9, "the step of the update, the rate times the gradient"),
        ("grad(w2)", 10, "the sum of the local derivatives: along a path they multiply"),
        ("yhat", 2, "that is w1·x1 alone: the line goes on"),
        ("e", -3, "the size is right, the sign is wrong"),
        ("L", 3, "that is the value of e"),
        ("L", 6, "that is ∂L/∂"),
        ("grad(w2)", 7.77, ""),
    ],
)
def test_a_wrong_prediction_is_told_by_the_mistake_that_gives_it(write, ask, given, said):
    frame, question, truth, before = asked(write, CHAIN, ask, **NUMBERS)
    found = mistake_text(frame, question, given, truth, before)
    assert said in found and bool(found) == bool(said)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (1, "that is w1 before the step"),
        (1.6, "that goes uphill"),
        (-11, "the rate 0.05 is forgotten"),
        (0.6, "that is the step itself: take it away from 1"),
        (0.95, "the gradient is forgotten"),
    ],
)
def test_a_wrong_update_is_told(write, given, said):
    frame, question, truth, before = asked(write, CHAIN, "w1", at=1, **NUMBERS)
    assert truth == pytest.approx(0.4)
    assert said in mistake_text(frame, question, given, truth, before)


def test_a_sum_for_a_mean_and_another_element_are_told(write):
    code = "yhat = X@w\ne = yhat - y\nL = mean(e**2)"
    frame, question, truth, before = asked(write, code, "grad(w[1])", **ROWS)
    # ∂L/∂w = 2/5 · X.T e, of e = yhat - y by hand
    assert truth == pytest.approx(2.888)
    assert "summed over 5 rows: the mean divides by 5" in mistake_text(
        frame, question, truth * 5, truth, before
    )
    other = float(frame.gradients["w"][0])
    assert "that is ∂L/∂w[0]" in mistake_text(frame, question, other, truth, before)


def test_the_way_to_the_number_is_written_out(write):
    frame, question, *_ = asked(write, CHAIN, "grad(w2)", **NUMBERS)
    assert way_text(frame, question) == "∂L/∂w2 = ∂L/∂e · ∂e/∂yhat · ∂yhat/∂w2 = 6 · 1 · 3"
    assert asked_text(frame, question) == "∂L/∂w2"
    frame, question, *_ = asked(write, CHAIN, "grad(e)", **NUMBERS)
    assert way_text(frame, question) == "∂L/∂e"
    frame, question, *_ = asked(write, CHAIN, "w1", at=1, **NUMBERS)
    assert asked_text(frame, question) == "w1 at step 1"
    frame, question, *_ = asked(write, CHAIN, "lr", at=3, **NUMBERS)
    assert asked_text(frame, question) == "lr at step 3"
