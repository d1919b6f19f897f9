import pytest
from msgspec.structs import replace

import gradtui
from gradtui.debugger import tour
from gradtui.debugger.guide import is_close
from gradtui.debugger.session import Session
from gradtui.explain.guesses import moved_by
from gradtui.explain.predictions import asked_text, mistake_text, way_text
from gradtui.scenario.load import load_problem

CHAIN = "yhat = w1*x1 + w2*x2\ne = yhat - y\nL = e**2"
NUMBERS = {"parameters": "w1 = 1.0\nw2 = 2.0", "data": "x1 = 2.0\nx2 = 3.0\ny = 5.0"}
MEAN = "yhat = X@w\ne = yhat - y\nL = mean(e**2)"
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
        ("grad(w2)", 54, "the factor ∂yhat/∂w2 = 3 is there twice"),
        ("grad(w2)", 2, "multiply by ∂yhat/∂w2 = 3, do not divide by it"),
        ("grad(w2)", 12, "that is ∂L/∂w1"),
        ("grad(w2)", 9, "a factor 2 is missing, such as the one in a square's derivative"),
        ("grad(w2)", 0.9, "the step of the update, the rate times the gradient"),
        ("grad(w2)", 10, "the sum of the local derivatives: along a path they multiply"),
        ("yhat", 2, "that is w1·x1 alone: the line continues"),
        ("e", -3, "the size is right, the sign is wrong"),
        ("L", 3, "that is the value of e"),
        ("L", 6, "that is a derivative: the question asks for the value"),
        ("grad(e)", 3, "a factor 2 is missing, such as the one in a square's derivative"),
        ("grad(e)", 1, "that is the value of w1"),
        ("grad(e)", 0.3, ""),  # the rate moves weights only
        ("grad(e)", 18, "that is a derivative further back than ∂L/∂e"),
        ("grad(w2)", 0, ""),
        ("yhat", 16, ""),
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
        (-11, "the rate 0.05 is missing"),
        (0.6, "that is the step itself: subtract it from 1"),
        (0.95, "the gradient is missing"),
    ],
)
def test_a_wrong_update_is_told(write, given, said):
    frame, question, truth, before = asked(write, CHAIN, "w1", at=1, **NUMBERS)
    assert truth == pytest.approx(0.4)
    assert said in mistake_text(frame, question, given, truth, before)


def test_a_sum_for_a_mean_and_another_element_are_told(write):
    frame, question, truth, before = asked(write, MEAN, "grad(w[1])", **ROWS)
    # ∂L/∂w = 2/5 · X.T e, of e = yhat - y by hand
    assert truth == pytest.approx(2.888)
    assert "summed over all 5: the mean divides by 5" in mistake_text(
        frame, question, truth * 5, truth, before
    )
    other = float(frame.gradients["w"][0])
    assert "that is ∂L/∂w[0]" in mistake_text(frame, question, other, truth, before)


def test_the_way_to_the_number_is_written_out(write):
    frame, question, *_ = asked(write, CHAIN, "grad(w2)", **NUMBERS)
    assert way_text(frame, question) == "∂L/∂w2 = ∂L/∂e · ∂e/∂yhat · ∂yhat/∂w2 = 6 · 1 · 3"
    assert asked_text(frame, question) == "∂L/∂w2"
    frame, question, *_ = asked(write, CHAIN, "grad(e)", **NUMBERS)
    assert way_text(frame, question) == "∂L/∂e = 2·e = 2·3"
    frame, question, _, before = asked(write, CHAIN, "w1", at=1, **NUMBERS)
    assert asked_text(frame, question) == "w1 at step 1"
    assert way_text(frame, question, before) == "w1 at step 1 = 1 - 0.05·12"
    frame, question, *_ = asked(write, CHAIN, "lr", at=3, **NUMBERS)
    assert asked_text(frame, question) == "lr at step 3"


@pytest.mark.parametrize(
    ("ask", "way"),
    [
        ("grad(yhat[0])", "∂L/∂yhat[0] = 2·e[0]/5 = 2·1.1/5"),
        ("e[0]", "e[0] = yhat[0] - y[0] = 6.1 - 5"),
        # the rows' parts: 2/5 · e · X[:,1] of e = 1.1, -0.5, 1.2, -0.71, -0.49
        ("grad(w[1])", "∂L/∂w[1] = 1.32 - 0.2 + 2.4 - 0.142 - 0.49"),
    ],
)
def test_the_way_to_an_element_is_written_out(write, ask, way):
    frame, question, *_ = asked(write, MEAN, ask, **ROWS)
    assert way_text(frame, question) == way


def test_a_mean_is_named_only_where_one_is_taken(write):
    frame, question, truth, before = asked(write, MEAN, "w[0]", at=1, **ROWS)
    assert not mistake_text(frame, question, truth * 5, truth, before)
    frame, question, truth, before = asked(write, MEAN.replace("mean", "sum"), "grad(w[0])", **ROWS)
    assert not mistake_text(frame, question, truth * 5, truth, before)


def test_the_old_number_of_an_expression_is_told(write):
    frame, question, truth, before = asked(write, CHAIN, "lr*norm", at=1, **NUMBERS)
    # the rate times the length of (12, 18) at step 0
    found = mistake_text(frame, question, 0.05 * 468**0.5, truth, before)
    assert "the previous step, 0" in found


def test_the_old_weight_is_not_taken_for_the_new_one_where_the_step_is_small(write):
    frame, question, truth, before = asked(write, CHAIN, "w1", lr=1e-4, at=1, **NUMBERS)
    assert truth == pytest.approx(1 - 1e-4 * 12)
    step = moved_by(question, truth, before)
    assert not is_close(1.0, truth, step) and is_close(0.9988, truth, step)
    assert "that is w1 before the step" in mistake_text(frame, question, 1.0, truth, before)


@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        ("five_parcels_adam", 0.8 - 0.05 * 1.6456, "a plain step: Adam divides it by"),
        ("five_parcels_adam", 0.85, "the step the other way round"),
        # m = 0.16456, v = 0.00270800, v̂ = 2.70800 by hand
        ("five_parcels_adam", 0.8 - 0.05 * 0.16456 / 1.6456, "m is still to be divided by"),
        ("five_parcels_adam", 0.8 - 0.05 / 1.6456, "the root is missing"),
        ("update_uphill", 1 - 0.05 * 12, "the step of w = w - lr*g: do what the line says"),
        ("grad_sign", 1 - 0.05 * 12, "the step with the true gradient: the run follows the lines"),
    ],
)
def test_a_mistake_in_another_rule_than_plain_descent_is_told(name, given, said):
    session = gradtui.load(name)
    tour.begin(session)
    guide = session.guide
    place = next(
        at for at, one in enumerate(guide.lessons)
        if one.question and one.question.name in ("w", "w1") and one.question.step == 1
    )  # fmt: skip
    question = guide.lessons[place].question
    session.history.advance(2)
    before, tape = session.tape(0), session.tape(1)
    frame = replace(session.frame, tape=tape)
    assert said in mistake_text(frame, question, given, guide.truth(question, tape), before)


def test_in_ascii_the_root_is_spelt_out():
    session = gradtui.load("five_parcels_adam")
    session.history.advance(2)
    question = next(one.question for one in session.problem.lessons if one.question)
    frame = replace(session.frame, problem=replace(session.problem, ascii=True))
    said = mistake_text(frame, question, 0.8 - 0.05 * 1.6456 / 2.708, 0.75, session.tape(0))
    assert "the root is missing: the step is divided by sqrt(vhat), not by vhat" in said


def test_a_way_whose_numbers_are_the_result_has_it_once(write):
    numbers = {"parameters": "Z = [1.0, 2.0, 0.5]"}
    frame, question, *_ = asked(write, "z = 2*Z\nL = logsumexp(z)", "grad(z[1])", **numbers)
    assert way_text(frame, question) == "∂L/∂z[1] = softmax(z)[1]"


def test_the_way_to_a_score_is_its_share_less_the_truth():
    session = gradtui.load("iris")
    question = next(one.question for one in session.problem.lessons if one.question)
    assert way_text(session.frame, question) == (
        "∂L/∂z[0,1] = (softmax(z)[0,1] - 0)/12 = (0.448107 - 0)/12"
    )
    session = gradtui.load("softmax_classifier")
    question = next(
        one.question for one in session.problem.lessons if one.question and one.question.gradient
    )
    assert way_text(session.frame, question) == (
        "∂L/∂z[0,0] = (p[0,0] - Y[0,0])/12 = (0.28843 - 1)/12"
    )


def test_a_derivative_that_is_zero_but_for_rounding_is_no_mistake(write):
    # the update lands on the bottom: e is 4e-16 after it
    numbers = {"parameters": "w1 = 0.1\nw2 = 0.3", "data": "x1 = 1.0\nx2 = 3.0\ny = 0.7"}
    frame, question, truth, before = asked(write, CHAIN, "yhat", at=1, **numbers)
    assert 0 < abs(float(frame.tape.adjoint(frame.graph.names["e"]))) < 1e-12
    assert not mistake_text(frame, question, 0.0, truth, before)


def test_an_array_in_the_way_is_not_written_as_its_shape(write):
    frame, question, *_ = asked(write, MEAN, "L", **ROWS)
    assert way_text(frame, question) == "L = mean(e²)"
