"""Single elements as text: names, formulas, and numbers in their place."""

import pytest

import gradtui
from gradtui.explain.elements import (
    element_name,
    factor,
    forward_formulas,
    local_formulas,
    slope_of,
    whole_formula,
)


@pytest.fixture(scope="module")
def frame():
    return gradtui.load("five_parcels").frame


def node(frame, name):
    return frame.graph.names[name]


def test_an_element_has_the_name_of_its_array_with_its_index(frame):
    assert element_name(frame, (node(frame, "w"), (1,))) == "w[1]"
    assert slope_of(frame, (node(frame, "w"), (1,))) == "∂L/∂w[1]"
    assert whole_formula(frame, (node(frame, "yhat"), (2,))) == "(X @ w)[2]"


def test_a_row_of_a_product_is_written_out_in_names_and_numbers(frame):
    target = (node(frame, "yhat"), (0,))
    names, numbers = forward_formulas(frame, frame.graph.statements[0], target)
    assert names == "X[0,0]·w[0] + X[0,1]·w[1]"
    w, x = frame.parameters["w"], frame.values["X"][0]
    assert numbers == f"{x[0]:g}·{w[0]:g} + {x[1]:g}·{w[1]:g}"


def test_the_slope_of_an_element_by_another_is_written_out(frame):
    target, source = (node(frame, "yhat"), (0,)), (node(frame, "w"), (1,))
    names, numbers = local_formulas(frame, frame.graph.statements[0], target, source)
    assert (names, numbers) == ("X[0,1]", f"{frame.values['X'][0, 1]:g}")


@pytest.mark.parametrize(
    ("text", "shown"), [("-2", "(-2)"), ("a - b", "(a - b)"), ("a·b", "a·b"), ("2", "2")]
)
def test_a_factor_that_could_be_misread_has_parentheses(text, shown):
    assert factor(text) == shown
    assert factor(text, alone=True) == text
