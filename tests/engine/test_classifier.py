"""Accuracy and confusion of a model's scores: which nodes they are of, and what they count."""

import numpy as np
import pytest

import gradtui
from gradtui.base.source import InputError
from gradtui.engine.observables import observed, read_expression

SCORES = "Z = [[2.0, 1.0, 0.0], [0.0, 3.0, 1.0], [5.0, 5.0, 0.0], [0.0, 0.0, 1.0]]"
DATA = "y = [0, 2, 1, 2]"
# The first and the last row are right, the second is said to be 1, the third half 0 and half 1.
CONFUSION = [[1, 0, 0], [0.5, 0.5, 0], [0, 1, 1]]


def value(session, text):
    tape = session.frame.tape
    found = read_expression(text, tape.program)
    return observed(found, [[tape.value(node) for node in found.needs]], session.step)


@pytest.mark.parametrize(
    "model",
    [
        "L = cross_entropy(Z, y)",
        "p = softmax(Z)\nL = -mean(sum(one_hot(y, 3)*log(p), axis=1))",
        "L = -sum(one_hot(y, 3)*log_softmax(2*Z))",
    ],
)
def test_rows_are_counted_by_what_is_right_and_what_is_said(write, model):
    session = gradtui.load(write(model, SCORES, data=DATA))
    assert value(session, "accuracy") == 2.5 / 4
    assert value(session, "confusion").tolist() == CONFUSION


def test_rows_of_sequences_are_counted_one_by_one(write):
    scores = "Z = [[[1.0, 0.0], [0.0, 1.0]], [[1.0, 0.0], [1.0, 0.0]]]"
    session = gradtui.load(write("L = cross_entropy(Z, y)", scores, data="y = [[0, 1], [1, 1]]"))
    assert value(session, "accuracy") == 0.5
    assert value(session, "confusion").tolist() == [[1, 0], [2, 1]]


def test_the_validation_has_measures_of_its_own(write):
    more = "[validation]\ny = [2, 2, 2, 2]"
    session = gradtui.load(write("L = cross_entropy(Z, y)", SCORES, data=DATA, more=more))
    assert value(session, "accuracy") == 2.5 / 4
    assert value(session, "validation_accuracy") == 1 / 4
    assert value(session, "validation_confusion")[2].tolist() == [1.5, 1.5, 1]
    assert value(session, "validation_loss") == session.frame.validation_loss


def test_scores_that_are_no_numbers_are_right_nowhere(write):
    session = gradtui.load(write("L = cross_entropy(log(Z - 9), y)", SCORES, data=DATA))
    assert np.isnan(value(session, "accuracy"))


def test_a_name_of_the_model_comes_first(write):
    session = gradtui.load(write("accuracy = 2*w\nL = accuracy + x"))
    assert value(session, "accuracy") == 4


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("accuracy", "there is no accuracy: no softmax or cross_entropy"),
        ("validation_loss", "there are no validation data here"),
        ("confuson", "'confuson' is not defined; did you mean 'confusion'?"),
    ],
)
def test_a_model_without_classes_has_no_measures(write, text, message):
    session = gradtui.load(write("L = w*x"))
    with pytest.raises(InputError, match=message):
        value(session, text)
