"""Nodes appended one by one: shared where they are equal, fitted to a shape, or refused."""

import pytest

from gradtui.engine.builder import Builder, MisfitError
from gradtui.engine.graph import Kind


def leaves(builder, **shapes):
    return [builder.leaf(Kind.DATA, name, shape) for name, shape in shapes.items()]


def test_derivatives_share_what_is_equal_and_drop_what_changes_nothing():
    builder = Builder(simplify=True)
    x, y = leaves(builder, x=(3,), y=(3,))
    product = builder.apply("*", (x, y))
    assert builder.apply("*", (x, y)) == product
    assert builder.apply("*", (builder.constant(1.0), x)) == x
    assert builder.apply("+", (product, builder.constant(0.0))) == product
    assert builder.apply("**", (y, builder.constant(1.0))) == y
    six = builder.apply("*", (builder.constant(2.0), builder.constant(3.0)))
    assert builder.nodes[six].value == 6.0


def test_a_users_program_is_kept_as_it_was_written():
    builder = Builder()
    (x,) = leaves(builder, x=())
    once = builder.apply("*", (builder.constant(1.0), x))
    assert once != x and builder.apply("*", (builder.constant(1.0), x)) != once


def test_a_gradient_is_summed_over_the_axes_that_broadcasting_added():
    builder = Builder(simplify=True)
    (g,) = leaves(builder, g=(4, 3))
    assert builder.fit(g, (4, 3)) == g
    for shape in ((3,), (1, 3), ()):
        assert builder.nodes[builder.fit(g, shape)].shape == shape
    (s,) = leaves(builder, s=())
    assert builder.nodes[builder.fit(s, (2, 2))].shape == (2, 2)


def test_shapes_that_do_not_fit_are_told_with_their_names():
    builder = Builder()
    a, b = leaves(builder, a=(2, 3), b=(2,))
    with pytest.raises(MisfitError, match="shape 2×3 of a and shape 2 of b"):
        builder.apply("@", (a, b))
