"""Rearranged elements are told as the operation, or in the brackets, that rearranges them so."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, basic_indices

from gradtui.engine.builder import Builder
from gradtui.engine.graph import Kind
from gradtui.tracing.moves import arrangement, brackets


def positions(shape):
    return np.arange(np.prod(shape, dtype=int)).reshape(shape)


@given(st.data())
def test_brackets_choose_what_the_index_does(data):
    shape = data.draw(array_shapes(min_dims=1, max_dims=3, max_side=5))
    key = data.draw(basic_indices(shape))
    own = positions(shape)
    index = np.asarray(own[key])

    text = brackets(shape, index)

    if text:
        np.testing.assert_array_equal(np.squeeze(eval(f"own{text}")), np.squeeze(index))


@pytest.mark.parametrize(
    "text", ["[1]", "[:, 2]", "[1:, ::2]", "[0, 1:3]", "[::-1]", "[2]", "[:2, 1:3]"]
)
def test_a_slice_is_told_as_it_is_written(text):
    index = eval(f"own{text}", {"own": positions((3, 4))})
    assert brackets((3, 4), np.asarray(index)) == text


def test_what_no_brackets_choose_is_not_told():
    assert brackets((3, 4), positions((3, 4))[[0, 2, 2]]) == ""


@pytest.mark.parametrize(
    ("move", "op"),
    [
        (lambda a: a.T, "T"),
        (lambda a: a.reshape(4, 3), "reshape"),
        (lambda a: a.reshape(-1), "reshape"),
        (lambda a: a[:, None], "reshape"),
        (lambda a: np.broadcast_to(a, (2, 3, 4)), "broadcast_to"),
        (lambda a: a[::-1], "gather"),
    ],
)
def test_a_rearrangement_is_the_operation_of_its_name(move, op):
    index = np.asarray(move(positions((3, 4))))
    way = arrangement((3, 4), index)

    assert way.op == op
    builder = Builder()
    inputs = [builder.leaf(Kind.PARAMETER, "a", (3, 4))]
    if op == "gather":
        inputs.append(builder.leaf(Kind.RECORDED, "index", index.shape))
    made = builder.apply(way.op, tuple(inputs), dict(way.options))
    assert builder.nodes[made].shape == index.shape


def test_axes_in_another_order_are_a_transpose():
    index = positions((2, 3, 4)).transpose(1, 2, 0)
    assert arrangement((2, 3, 4), index).op == "transpose"
