"""The words that belong to numbers: of columns, and of classes."""

from pathlib import Path

import pytest

import gradtui
from gradtui.debugger.wording import NO_WORDS, Wording, predicted_classes, wording_of

TABLE = "size,weight,kind\n1,2,plum\n2,3,fig\n3,1,plum\n"
KINDS = ("fig", "plum")


@pytest.fixture
def problem_of(write):
    def call(model, classes=2):
        data = 'file = "a.csv"\nX = "!kind"\ny = "kind"'
        path = write(model, f"W = {[[0.1] * classes] * 2}", data=data)
        Path(path).with_name("a.csv").write_text(TABLE, encoding="utf-8")
        return gradtui.load(path).problem

    return call


def test_data_have_the_names_of_their_columns_and_classes(problem_of):
    problem = problem_of("L = cross_entropy(X@W, y)")
    assert wording_of("X", problem) == Wording(("size", "weight"))
    assert wording_of("y", problem) == Wording(("kind",), (), KINDS)
    assert wording_of("confusion", problem) == Wording(KINDS, KINDS)
    assert wording_of("W", problem) == NO_WORDS


def test_a_classifier_of_more_classes_than_there_are_words_has_no_names(problem_of):
    assert predicted_classes(problem_of("L = cross_entropy(X@W, y)", classes=3)) == ()
    assert predicted_classes(problem_of("L = sum((X@W)**2)")) == ()
