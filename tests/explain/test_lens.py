"""The lens on bundled scenarios: what it says is right, and no number contradicts another."""

import numpy as np
import pytest

import gradtui
from gradtui.explain.lens import lens_rows
from gradtui.explain.spans import line_text
from gradtui.scenario.bundled import list_bundled

NAMES = [entry.name for entry in list_bundled()]


def opened(file, look="", step=0):
    session = gradtui.load(file)
    session.seek(step)
    session.selection.look(look)
    assert session.message == ""
    return session


def text(session, width=96):
    return "\n".join(line_text(row) for row in lens_rows(session.frame, width))


@pytest.mark.parametrize("name", NAMES)
def test_in_every_bundled_scenario_the_rows_add_up_to_each_parameters_gradient(name):
    session = gradtui.load(name)
    random = np.random.default_rng(1)
    for step in (0, min(3, session.problem.steps)):
        session.seek(step)
        for node in session.problem.graph.parameters:
            index = [int(random.integers(size)) for size in node.shape]
            session.selection.look(f"{node.name} {','.join(map(str, index))}")
            found = session.frame.trace
            assert found.agrees, (name, step, node.name, index)
            gradient = np.asarray(session.frame.gradients[node.name])[tuple(index)]
            assert found.gradient == pytest.approx(gradient, rel=0, abs=0, nan_ok=True)
            assert "✗" not in text(session)


@pytest.mark.parametrize("name", ["five_parcels", "softmax_classifier", "transformer_block"])
def test_the_operations_say_the_same_as_the_lines(name):
    session = gradtui.load(name)
    node = session.problem.graph.parameters[0]
    session.selection.look(f"{node.name} {','.join('0' for _ in node.shape)}")
    named = session.frame.trace
    session.toggle_level()
    assert session.frame.trace.gradient == named.gradient
    assert session.frame.trace.agrees
    assert text(session)


def test_a_long_way_stops_and_says_what_lies_beyond():
    session = opened("transformer_block", "E[0,0]")
    found = session.frame.trace
    assert found.left
    assert "L ← … ← " in text(session).split("x[0")[0]
    assert "of which only the gradients are shown" in text(session)


def test_float32_is_compared_as_exactly_as_it_is_computed():
    session = opened("five_parcels_float32", "w[1] row 2")
    assert session.frame.trace.agrees
    assert "✓" in text(session)


def test_a_row_of_the_batch_of_this_step_is_shown():
    session = gradtui.load("minibatches")
    name = session.problem.graph.parameters[0].name
    for step in (0, 1):
        session.seek(step)
        session.selection.look(name)
        assert session.frame.trace.agrees


@pytest.mark.parametrize("width", [30, 60, 120])
def test_formulas_are_folded_to_the_width(width):
    session = opened("softmax_classifier", "W1[0,1] row 1")
    rows = [line_text(row) for row in lens_rows(session.frame, width)]
    if width >= 60:
        assert all(len(row.rstrip()) <= width for row in rows if "gradients stand" not in row)
    assert "".join("".join(rows).split()) == "".join(text(session, 10_000).split())


def test_a_loss_that_overflows_does_not_stop_the_lens():
    session = opened("five_parcels_rate_1_5", "w[0]", step=400)
    assert text(session)


def test_elements_that_are_left_out_are_said_to_be(session_of):
    """Each of the scores of a softmax over five acts on all five."""
    rows = "[[1, 2, 3, 4, 5], [2, 3, 4, 5, 6]]"
    session = session_of(
        "p = softmax(x*w)\nL = sum(p*x)", "w = [0.1, 0.2, 0.3, 0.4, 0.5]", f"x = {rows}"
    )
    session.selection.look("0")
    rows = [line_text(row) for row in lens_rows(session.frame, 100)]
    told = sum(row.lstrip().startswith("by p[") for row in rows)
    assert told == 4 and "  by another one = " in "\n".join(rows)
    assert "L ← p[4 elements; …] ← w[0]" in rows[0]


def test_an_element_of_a_function_is_told_once_and_without_parentheses():
    session = gradtui.load("transformer_block")
    session.toggle_level()
    session.selection.select(session.problem.graph.names["x"])
    session.selection.look("0,0,0")
    rows = [line_text(row) for row in lens_rows(session.frame, 116)]
    assert "layer_norm(x)[0,0,0] = 1.47232" in rows
    assert "(A @ v @ Wo)[12 elements]" in rows[0]


@pytest.mark.parametrize("row", range(5))
def test_the_row_under_the_lens_is_always_written_in_the_loss(row):
    rows = text(opened("five_parcels", f"w[0] row {row}")).splitlines()
    (loss,) = [line for line in rows if line.startswith("L = ")]
    assert f"e[{row}]²" in loss and "…" in loss
