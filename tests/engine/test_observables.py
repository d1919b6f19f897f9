"""Conditions and watches: their values are those of the tapes; any text is one or one error."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gradtui
from gradtui.base.source import InputError
from gradtui.engine.observables import (
    EXAMPLES,
    WATCHES,
    observed,
    read_condition,
    read_expression,
)


@pytest.fixture(scope="module")
def parcels():
    return gradtui.load("five_parcels")


@pytest.fixture(scope="module")
def two():
    return gradtui.load("two_weights")


def value(session, text, step):
    found = read_expression(text, session.history.trainer.program)
    steps = range(max(0, step - found.depth), step + 1)
    tapes = [session.history.tape(s) for s in steps]
    needed = [[tape.value(node) for node in found.needs] for tape in tapes]
    return observed(found, needed, steps[0])


@pytest.mark.parametrize(
    ("text", "step", "expected"),
    [
        ("loss", 0, 9.0),
        ("loss", 1, 0.81),
        ("L", 1, 0.81),
        ("loss - prev", 1, 0.81 - 9.0),
        ("prev(w1)", 1, 1.0),
        ("prev(prev(step))", 5, 3.0),
        ("step", 7, 7.0),
        ("lr", 3, 0.05),
        ("grad(w1)", 0, 12.0),
        ("grad(w2)", 0, 18.0),
        ("grad(yhat)", 0, 6.0),
        ("grad(loss)", 0, 1.0),
        ("norm", 0, np.sqrt(12.0**2 + 18.0**2)),
        ("max(abs(grad))", 0, 18.0),
        ("2*w2 + 1", 0, 5.0),
        ("7", 4, 7.0),
    ],
)
def test_values_of_the_lesson(two, text, step, expected):
    assert value(two, text, step) == pytest.approx(expected, rel=1e-12)


def test_all_gradients_are_one_vector_in_the_order_of_the_file(parcels, two):
    assert value(two, "grad", 0) == pytest.approx([12.0, 18.0])
    assert value(parcels, "grad", 0) == pytest.approx([1.6456, 2.888], rel=1e-12)
    assert value(parcels, "grad(w)", 0).shape == (2,)


def test_before_the_first_step_there_is_no_value(two):
    assert np.isnan(value(two, "prev", 0))
    assert np.isnan(value(two, "loss - prev(prev(loss))", 1))


def test_the_length_of_a_gradient_does_not_overflow_where_its_square_would(session_of):
    session = session_of("L = w*x", data="x = 1e200")
    assert value(session, "norm", 0) == pytest.approx(1e200)
    assert value(session, "sum(grad*grad)", 0) == np.inf


def test_a_name_of_the_model_comes_before_a_name_of_the_run(session_of):
    session = session_of("loss = w*x\nL = loss**2", data="x = 2.0", parameters="w = 3.0")
    assert value(session, "loss", 0) == 6.0


def test_what_the_loss_does_not_use_has_gradient_zero(session_of):
    session = session_of("z = 2*w\nL = w*x", data="x = 2.0")
    assert value(session, "grad(z)", 0) == 0.0


@pytest.mark.parametrize("text", [*EXAMPLES, "3", " loss>1", "(step > 5)*(loss > 1)", "max(w) < 0"])
def test_these_are_conditions(parcels, text):
    assert read_condition(text, parcels.history.trainer.program).shape == ()


@pytest.mark.parametrize("text", WATCHES)
def test_what_is_offered_can_be_watched(parcels, text):
    assert np.isfinite(value(parcels, text, 1))


@pytest.mark.parametrize(
    ("text", "message", "column", "width"),
    [
        ("los > 1", "'los' is not defined; did you mean 'loss'?", 1, 3),
        ("loss", "this holds at every step or at none", 1, 4),
        ("w > 0", "this has shape 2, but a condition is one number: max(…)", 1, 5),
        ("loss = 1", "'=' assigns; write == to compare", 6, 1),
        ("1 + grad(z) > 1", "grad takes a name of the model, as in grad(w)", 10, 1),
        ("grad(q9) > 1", "as in grad(w); the parameters are w", 6, 2),
        ("grad(w + 1) > 1", "grad takes a name of the model", 6, 5),
        ("prev() > 1", "prev takes an expression", 1, 6),
        ("prev(w, 1) > 1", "prev takes an expression", 1, 10),
        ("max > 1", "'max' is a function: write max(…)", 1, 3),
        ("loss > 1 and step > 2", "unexpected 'and'", 10, 3),
        ("loss >", "the line ends early", 7, 1),
        ("zzz > 1", "'zzz' is not defined: expected a name of the model, or step, loss", 1, 3),
    ],
)
def test_what_is_no_condition_is_refused_with_its_place(parcels, text, message, column, width):
    with pytest.raises(InputError) as refused:
        read_condition(text, parcels.history.trainer.program)
    assert message in refused.value.message
    assert refused.value.place[1:3] == (column, width)


def test_what_the_screen_calls_validation_is_the_loss_of_that():
    program = gradtui.load("minibatches").history.trainer.program
    with pytest.raises(InputError, match="did you mean 'validation_loss'"):
        read_expression("validation", program)


def test_an_expression_that_would_fill_the_memory_is_refused(parcels):
    with pytest.raises(InputError, match="too large"):
        read_expression("broadcast_to(step, (100000, 1000))", parcels.history.trainer.program)
    with pytest.raises(InputError, match="16 steps back"):
        read_expression("prev(" * 17 + "loss" + ")" * 17, parcels.history.trainer.program)


PIECES = st.sampled_from(
    [*"()[],.:+-*/@<>=", "**", "==", ">=", " ", "loss", "step", "lr", "grad", "prev", "norm", "w",
     "X", "y", "yhat", "max", "sum(", "abs(", "grad(", "prev(", "axis=0", "0", "1", "2.5", "1e300",
     "T", "None", "take(X, ", "one_hot(", "where(", "concat(", "shape[0]", "\x1b", "ŷ", "'"]
)  # fmt: skip


@settings(max_examples=400)
@given(text=st.lists(PIECES, max_size=12).map("".join) | st.text(max_size=30))
def test_any_text_is_a_condition_or_one_clean_error(parcels, text):
    program = parcels.history.trainer.program
    try:
        found = read_condition(text, program)
    except InputError as error:
        report = str(error.within("", [text]))
        assert report.isprintable() or "\n" in report
        assert not set(report) & {"\x1b", "\x07"}
    else:
        assert value(parcels, found.text, 2).shape == ()


@st.composite
def expressions(draw, depth=3):
    """Well-formed expressions over a run with arrays."""
    if depth == 0 or draw(st.booleans()):
        return draw(st.sampled_from(
            ["loss", "step", "lr", "norm", "prev", "grad", "w", "X", "y", "grad(w)", "2.0", "-1"]
        ))  # fmt: skip
    inner = expressions(depth=depth - 1)
    shape = draw(st.sampled_from(
        ["({a} + {b})", "({a} * {b})", "({a} - {b})", "({a} > {b})", "({a} / {b})", "sum({a})",
         "max({a})", "abs({a})", "prev({a})", "tanh({a})", "mean({a})", "concat({a}, {b})",
         "maximum({a}, {b})", "where({a} > 0, {b}, {a})", "outer({a}, {b})", "({a} @ {b})",
         "softmax({a})", "var({a})", "{a}**2", "{a}.T"]
    ))  # fmt: skip
    return shape.format(a=draw(inner), b=draw(inner))


@settings(max_examples=300)
@given(text=expressions())
def test_many_steps_at_once_give_what_each_step_gives_alone(parcels, text):
    history = parcels.history
    try:
        found = read_expression(text, history.trainer.program)
    except InputError:
        return
    steps = 7
    rows, _ = history.trainer.run_written(found.needs, history.state(0), steps)
    together = found.values(rows, 0)
    assert together.shape == (steps, *found.shape)
    for step in range(found.depth, steps):
        alone = value(parcels, text, step)
        assert alone.shape == found.shape
        np.testing.assert_allclose(together[step], alone, rtol=1e-12, atol=1e-300)
