"""Answers that a line gives with another operation in it."""

import pytest

import gradtui
from explain.asked import CHAIN, MEAN, NUMBERS, ROWS, asked
from gradtui.debugger import tour
from gradtui.explain.misread import of_operations
from gradtui.explain.predictions import mistake_text
from gradtui.tui.lessons import judge


def said_of(name, place, given):
    session = gradtui.load(name)
    tour.begin(session)
    tour.enter(session, place - 1)
    return judge(session, session.guide, given)


@pytest.mark.parametrize(("name", "place", "given", "said"), [
    ("two_weights", 2, "13", "13: that is ŷ + y: the sign between them is wrong. Try again."),
    ("two_weights", 2, "8+5", "that is ŷ + y: the sign between them is wrong"),
    ("two_weights", 2, "-3", "that is y - ŷ: the size is right, the sign is wrong"),
    ("one_weight", 2, "121", "that is (ŷ + y)²: the sign between them is wrong"),
    ("one_weight", 2, "11", "that is ŷ² - y²: subtract first, then square"),
    ("one_weight", 2, "-19", "that is ŷ - y²: subtract first, then square"),
    ("one_weight", 4, "22", "that is 2·(ŷ + y): the sign between them is wrong"),
    ("two_weights", 4, "5", "that is the value of y, or 2 + e: multiply, do not add"),
    ("two_weights", 6, "15", "∂L/∂e is taken as 2 + e: multiply, do not add"),
    ("practice", 1, "-2.5", "that is w1·x1 - w2·x2: the sign between them is wrong"),
    ("practice", 1, "6", "that is the value of y, or w1·x1·w2·x2: add, do not multiply"),
    ("practice", 1, "5", "that is w1·x2 + w2·x1: the factors are exchanged"),
    ("practice", 1, "8.5", "that is w1 + x1 + w2 + x2: multiply, do not add"),
    ("illustration", 1, "3", "that is w1 + x + w2: multiply, do not add"),
    ("illustration", 3, "0", "0: not that."),
    ("practice", 1, "10", "that is (w1·x1 + w2)·x2: multiply first"),
    ("clipped", 2, "1.05", "multiply, do not add"),
    ("one_weight", 7, "-1.1", "multiply the rate and ∂L/∂w, do not add them"),
    ("one_weight", 7, "11.6", "multiply the rate and ∂L/∂w first, then subtract"),
    ("one_weight", 7, "-37", "multiply the rate and ∂L/∂w, do not divide by the rate"),
    ("softmax_classifier", 5, "(0.28843+1)/12", "subtracted from the share, not added"),
])  # fmt: skip
def test_a_mistaken_operation_is_told(name, place, given, said):
    assert said in said_of(name, place, given)


def test_a_mistake_in_one_of_many_elements_is_told(write):
    frame, question, truth, before = asked(write, MEAN, "e[0]", **ROWS)
    # 0.8·2 + 1.5·3 = 6.1 and y = 5
    assert truth == pytest.approx(1.1)
    assert "the sign between them" in mistake_text(frame, question, 11.1, truth, before)


def test_factors_of_other_shapes_are_not_exchanged(write):
    code, data = "yhat = x*w1 + s*w2\nL = sum(yhat**2)", "x = [2.0, 3.0]\ns = 4.0"
    numbers = {"parameters": "w1 = [1.0, 5.0]\nw2 = 2.0", "data": data}
    frame, question, truth, before = asked(write, code, "yhat[0]", **numbers)
    # 2·1 + 4·2; the sum is 2 + 1 + 4 + 2, and 2·2 + 4·1 would be 8
    assert truth == 10
    assert "multiply, do not add" in mistake_text(frame, question, 9, truth, before)
    assert not mistake_text(frame, question, 8.25, truth, before)


def test_the_exchange_in_a_long_line_takes_no_time(write):
    names = range(40)
    code = "yhat = " + " + ".join(f"w{at}*x{at}" for at in names) + "\nL = yhat**2"
    numbers = {
        "parameters": "\n".join(f"w{at} = {at + 1}.0" for at in names),
        "data": "\n".join(f"x{at} = {at + 0.5}" for at in names),
    }
    frame, question, *_ = asked(write, code, "yhat", **numbers)
    # each product as it is, each sign, and 6 products in pairs
    assert len(list(of_operations(frame, question))) < 100


def test_a_number_that_two_mistakes_give_tells_of_neither(write):
    frame, question, *_ = asked(write, CHAIN, "yhat", **NUMBERS)
    # 1·2·2·3 and (1·2 + 2)·3
    assert 12 not in [value for value, _ in of_operations(frame, question)]


def test_a_number_that_only_rounds_that_of_a_mistake_tells_of_none(write):
    frame, question, *_ = asked(write, CHAIN, "e", **NUMBERS)
    assert 13 in [value for value, _ in of_operations(frame, question)]
    assert "not that" in said_of("two_weights", 2, "13.02")
    assert "not that" in said_of("two_weights", 2, "12.98+0")


def test_of_two_mistakes_near_a_number_the_one_that_gives_it_is_told():
    # 1 - 12 forgets the rate, 1 - 12.05 adds it to the gradient
    assert "the rate 0.05 is missing" in said_of("update_sgd", 2, "1-12")
    assert "do not add them" in said_of("update_sgd", 2, "1-12.05")


def test_two_mistakes_are_not_read_into_a_step_that_is_as_long_as_the_rate():
    # 10 + 0.5/0.5: with Adam, any number one away
    assert "not that" in said_of("ravine_adam", 3, "11")
