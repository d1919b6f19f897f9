"""Formulas of a frame: in names, with numbers or shapes in their place, and their derivatives."""

import pytest

import gradtui
from gradtui.explain.symbols import (
    all_scalar,
    gradient_of,
    in_names,
    in_numbers,
    in_shapes,
    local_text,
    partial,
    rule_text,
)


@pytest.fixture(scope="module")
def scalars():
    return gradtui.load("two_weights").frame


@pytest.fixture(scope="module")
def arrays():
    return gradtui.load("five_parcels").frame


def test_a_formula_has_names_or_the_numbers_of_the_step(scalars):
    yhat = scalars.graph.names["yhat"]
    assert in_names(scalars, yhat) == "w1·x1 + w2·x2"
    assert in_numbers(scalars, yhat) == in_shapes(scalars, yhat) == "1·2 + 2·3"
    assert all_scalar(scalars, yhat)


def test_an_array_is_its_shape(arrays):
    yhat = arrays.graph.names["yhat"]
    assert in_shapes(arrays, yhat) == "[5×2] @ [2]"
    assert not all_scalar(arrays, yhat)


def test_derivatives_have_the_names_that_the_file_gives(scalars):
    names = scalars.graph.names
    assert partial(scalars, names["yhat"], names["w1"]) == "∂ŷ/∂w1"
    assert gradient_of(scalars, names["w1"]) == "∂L/∂w1"
    assert local_text(scalars, names["e"], names["L"]) == "2·e"


def test_a_line_s_share_of_a_gradient_is_a_formula_in_the_gradient_of_its_result(arrays):
    first = arrays.graph.statements[0]
    assert rule_text(arrays, arrays.graph.names["w"], first) == "X.T @ ∂L/∂ŷ"


def test_an_expression_without_a_name_is_in_parentheses(session_of):
    session = session_of("L = (w*x + 1)**2")
    session.toggle_level()
    frame = session.frame
    unnamed = next(id for id in frame.structure.nodes if not frame.graph.nodes[id].name)
    assert partial(frame, frame.graph.loss, unnamed).startswith("∂L/∂(")
