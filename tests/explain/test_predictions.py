import pytest

import gradtui
from explain.asked import CHAIN, MEAN, NUMBERS, ROWS, asked
from gradtui.explain.predictions import asked_text, way_text


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


def test_an_array_in_the_way_is_not_written_as_its_shape(write):
    frame, question, *_ = asked(write, MEAN, "L", **ROWS)
    assert way_text(frame, question) == "L = mean(e²)"
