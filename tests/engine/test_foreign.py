"""What is pasted that the language has not gets one error that says what to write instead."""

import numpy as np
import pytest

from gradtui.engine.expression import parse_expression, parse_program
from gradtui.engine.foreign import _PRODUCTS
from gradtui.engine.graph import Builder, Kind
from gradtui.engine.interpreter import Interpreter
from gradtui.engine.lowering import lower_statement, lower_tree
from gradtui.source import InputError

SIZES = {"a": 2, "b": 3, "c": 4, "d": 5}


def refused(text):
    builder = Builder()
    names = {"X": builder.leaf(Kind.DATA, "X", (3, 2)), "y": builder.leaf(Kind.DATA, "y", (3,))}
    with pytest.raises(InputError) as error:
        for line in parse_program(text):
            lower_statement(line, builder, names)
    return error.value


@pytest.mark.parametrize("spec", _PRODUCTS)
def test_what_is_written_for_an_einsum_is_the_same(spec):
    operands = spec.split("->")[0]
    random = np.random.default_rng(0)
    arrays = [
        random.normal(size=[SIZES[one] for one in letters]) for letters in operands.split(",")
    ]
    builder = Builder()
    names = {
        name: builder.leaf(Kind.DATA, name, array.shape)
        for name, array in zip("ab", arrays, strict=False)
    }
    root = lower_tree(parse_expression(_PRODUCTS[spec]), builder, lambda name: names[name.name])
    leaves = {id: array[None] for id, array in zip(names.values(), arrays, strict=True)}
    value = Interpreter(builder.nodes, leaves, 1).value(root)[0]
    assert np.allclose(value, np.einsum(spec, *arrays))


@pytest.mark.parametrize(
    "text, hint",
    [
        ("z = np.einsum('nd,nk->dk', X, X)", "for this einsum of a and b write a.T @ b"),
        ('z = np.einsum("ij,jk,kl->il", X, X, X)', "write it with @, .T and sum"),
        ("z = 'a'", "strings are not part of the language"),
        ("z = X[0]", "for x[0] write x[0:1].sum(axis=0)"),
        ("z = X[y]", "for E[y] write take(E, y)"),
        ("z = X[range(3), y]", "write (p*one_hot(y, k)).sum(axis=1)"),
        ("X[X < 0] = 0", "for X[mask] = 0 write X_2 = X*(1 - (mask))"),
        ("X[range(3), y] -= 1", "write X_2 = X - one_hot(y, k)"),
        ("z = np.square(X)", "'square' is not a function of the language: write x**2"),
        ("z = np.matmul(X, X)", "write a @ b"),
        ("z = torch.relu(X)", "'torch.' is not part of the language"),
    ],
)
def test_a_hint_says_what_to_write(text, hint):
    error = refused(text)
    assert hint in error.message
    assert error.place is not None


def test_a_new_axis_has_its_long_name_too():
    assert parse_expression("y[:, np.newaxis]").function == "expand"
    assert parse_expression("y[:, np.newaxis]").options == parse_expression("y[:, None]").options
