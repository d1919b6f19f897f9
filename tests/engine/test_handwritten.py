from types import MappingProxyType

import pytest

from engine_models import TWO_WEIGHTS, TWO_WEIGHTS_DATA, TWO_WEIGHTS_START, graph
from gradtui.base.source import InputError
from gradtui.engine.builder import Builder
from gradtui.engine.graph import Kind
from gradtui.engine.handwritten import (
    BackwardProgram,
    UpdateProgram,
    lower_backward,
    lower_update,
)
from gradtui.engine.reverse import differentiate
from gradtui.language.parser import parse_program


def backward(code, claims=(), state=MappingProxyType({}), parts=None):
    model = parts or graph(TWO_WEIGHTS, TWO_WEIGHTS_START, TWO_WEIGHTS_DATA)
    reverse = differentiate(model)
    builder = Builder(reverse.nodes)
    program = BackwardProgram(parse_program(code), {f"d{one}": one for one in claims}, state)
    return builder, model, lower_backward(builder, model, reverse.adjoint, program)


def update(code, state=MappingProxyType({}), shape=(2,)):
    builder = Builder()
    names = {
        "w": builder.leaf(Kind.PARAMETER, "w", shape),
        "g": builder.leaf(Kind.DATA, "g", shape),
        "lr": builder.leaf(Kind.HYPERPARAMETER, "lr", ()),
    }
    return builder, *lower_update(
        builder, names, UpdateProgram(parse_program(code), state, ""), "w"
    )


def test_a_line_knows_the_value_that_it_claims_the_gradient_of():
    _, model, hand = backward("seed = 2*e\nde = seed\ndw1 = de*x1", claims=["e", "w1"])
    names = model.names
    assert [line.target for line in hand.lines] == [None, names["e"], names["w1"]]
    assert all(line.node == line.written and not line.misfit for line in hand.lines)


def test_a_claim_of_a_wrong_shape_keeps_its_error_and_hands_on_the_truth():
    parts = graph("L = sum((X@w)**2)", {"w": [1.0, 2.0]}, {"X": [[1.0, 2.0], [3.0, 4.0]]})
    builder, _, hand = backward("dw = 2*sum(X@w)", ["w"], parts=parts)
    (line,) = hand.lines
    assert line.misfit == "it is a scalar, not [2]"
    assert line.node != line.written and builder.nodes[line.node].shape == (2,)


def test_a_line_that_reads_a_helper_without_a_shape_has_none_either():
    parts = graph("L = sum((X@w)**2)", {"w": [1.0, 2.0]}, {"X": [[1.0, 2.0]] * 3})
    _, _, hand = backward("h = X@X\ndw = h@w", ["w"], parts=parts)
    helper, claim = hand.lines
    assert helper.node is None and helper.misfit
    assert claim.misfit == "it reads h, whose shapes do not fit" and claim.node is not None


def test_a_state_has_last_steps_value_until_its_line_and_the_new_one_after():
    _, _, hand = backward("m = 0.5*m + 2*e\ndw1 = m*x1", ["w1"], {"m": 0.0})
    ((old, new),) = hand.state
    assert old == hand.kept["m"] and new == hand.lines[0].node
    assert hand.initial == ((old, 0.0),)


def test_a_state_grows_to_the_shape_that_its_line_assigns():
    parts = graph("L = sum((X@w)**2)", {"w": [1.0, 2.0]}, {"X": [[1.0, 2.0]] * 3})
    builder, _, hand = backward("m = m + X.T@(X@w)\ndw = 2*m", ["w"], {"m": 0.0}, parts)
    assert builder.nodes[hand.kept["m"]].shape == (2,)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("e = 2", "'e' is a name of the model"),
        ("h = 1\nh = 2", "'h' is assigned twice"),
        ("h = k\nk = 1", "'k' is read before it is assigned, on line 2"),
        ("h = x7", "'x7' is not defined"),
        ("h = tanh", "'tanh' is a function: write tanh"),
    ],
)
def test_a_name_that_cannot_stand_there_is_refused(code, message):
    with pytest.raises(InputError, match=message):
        backward(code)


def test_an_update_reads_the_old_values_until_they_are_assigned():
    builder, made, initial = update("m = 0.9*m + g\nw = w - lr*m", {"m": 0.0})
    assert [name for name, _ in made.lines] == ["m", "w"]
    (weight, result), (kept, new) = made.state
    assert (weight, result) == (made.parameter, made.result) and new == dict(made.lines)["m"]
    assert initial == ((kept, 0.0),) and builder.nodes[kept].shape == (2,)


def test_an_update_that_makes_a_weight_larger_is_refused():
    with pytest.raises(InputError, match=r"which does not fit the shape .*of the parameter 'w'"):
        update("w = w[:, None]*g")
