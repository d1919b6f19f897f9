"""Data that a model only indexes with are labels, and hold whole numbers below its count."""

import pytest

from gradtui.base.source import InputError
from gradtui.scenario.labels import label_names

START = "W = [[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]]"


def test_only_what_is_indexed_with_alone_is_a_label(session_of):
    data = "x = [1.0, 0.0]\nt = [2.0, 0.0]\nc = [1.0, 1.0]"
    code = "h = take(W, x)\nL = cross_entropy(h, t) + sum(take(W, c)) + sum(c)"
    assert label_names(session_of(code, START, data).problem.graph) == {"x", "t"}


@pytest.mark.parametrize("label", ["3.0", "-1.0", "0.5"])
def test_a_label_that_is_no_class_is_refused(session_of, label):
    data = f"X = [[1.0, 0.0], [0.0, 1.0]]\nt = [1.0, {label}]"
    with pytest.raises(InputError, match="'t' must hold whole numbers from 0 to 2") as caught:
        session_of("L = cross_entropy(X@W, t)", START, data)
    assert f"got {float(label):g}" in str(caught.value)


def test_labels_that_begin_elsewhere_are_refused_with_what_to_write(session_of):
    data = "X = [[1.0, 0.0], [0.0, 1.0]]\nt = [3.0, 5.0]"
    with pytest.raises(InputError, match="these begin at 3; count from 0 in the model, with t - 3"):
        session_of("L = cross_entropy(X@W, t)", START, data)
    session = session_of("L = cross_entropy(X@W, t - 3)", START, data)
    assert session.problem.values["t"].tolist() == [3.0, 5.0]


@pytest.mark.parametrize("labels", ["1.0, 4.0", "1.5, 3.0", "-1.0, 1.0"])
def test_labels_that_no_subtraction_makes_right_are_told_none(session_of, labels):
    data = f"X = [[1.0, 0.0], [0.0, 1.0]]\nt = [{labels}]"
    with pytest.raises(InputError) as caught:
        session_of("L = cross_entropy(X@W, t)", START, data)
    assert "begin" not in str(caught.value)
