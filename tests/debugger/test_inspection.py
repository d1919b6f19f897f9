"""What an expression is at a step: names, labels, gradients, elements, what can be computed."""

import numpy as np
import pytest

import gradtui
from gradtui.base.source import InputError
from gradtui.debugger.inspection import read_inspected

X = np.array([[2, 3], [1.5, 1], [4, 5], [0.8, 0.5], [3.2, 2.5]])


@pytest.fixture(scope="module")
def parcels():
    session = gradtui.load("five_parcels")
    session.seek(3)
    return session


def value(session, text):
    found = read_inspected(text, session.problem)
    shown = found.value(session.step, session.tape)
    assert shown.shape == found.shape
    return shown.tolist()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("X", X),
        (" X[1] ", X[1]),
        ("X[-1,0]", X[-1, 0]),
        ("X[1:3]", X[1:3]),
        ("X[1:3, 0]", X[1:3, 0]),
        ("X[:,1]", X[:, 1]),
        ("(X*2)[0,1]", 6),
        ("X.T[0]", X[:, 0]),
        ("max(X, axis=0)[1]", 5),
        ("step", 3),
    ],
)
def test_elements_rows_and_expressions(parcels, text, expected):
    assert value(parcels, text) == np.asarray(expected).tolist()


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("ŷ", "yhat"),
        ("dw", "grad(w)"),
        ("∂w", "grad(w)"),
        ("∂ŷ", "grad(yhat)"),
        ("grad(ŷ)[2]", "grad(yhat)[2]"),
    ],
)
def test_labels_and_slopes_are_known_as_they_are_shown(parcels, text, same):
    assert value(parcels, text) == value(parcels, same)


def test_a_line_written_by_hand_comes_before_the_gradient_that_it_claims():
    session = gradtui.load("grad_missing_factor")
    assert (value(session, "dw2"), value(session, "∂w2")) == (6, 18)
    assert value(session, "grad(w2) - dw2") == 12


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ("X[5]", 2, r"this has shape 5×2: its elements go up to \[4,1\]"),
        ("X[0,0,0]", 2, "this has shape 5×2"),
        ("loss[0]", 5, "this has shape scalar: it is one number"),
        ("w[0,]", 2, "expected an index"),
        ("X + yhat[y]", 9, "only new axes and ranges"),
        ("sum(X) + (w)[w]", 13, "only new axes and ranges"),
        ("wx", 1, "did you mean 'w'"),
        ("grd(w)", 1, r"'grd' is not a function of the language; did you mean 'grad'\?"),
        ("prv(w)", 1, "did you mean 'prev'"),
        ("X[0", 4, r"expected '\]'"),
    ],
)
def test_what_is_none_is_refused_at_its_place(parcels, text, column, message):
    with pytest.raises(InputError, match=message) as caught:
        read_inspected(text, parcels.problem)
    assert (caught.value.place.column, caught.value.source_line) == (column, text)


def test_a_value_of_the_step_before_needs_one():
    session = gradtui.load("two_weights")
    with pytest.raises(InputError, match="there is no step before"):
        value(session, "loss - prev")
    session.seek(1)
    assert value(session, "loss - prev") == pytest.approx(0.81 - 9)
