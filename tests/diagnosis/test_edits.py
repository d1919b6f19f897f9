"""Small changes of an expression, and the node of the changed whole."""

import pytest

from gradtui.diagnosis.changes import insertions, small_edits
from gradtui.diagnosis.edits import Editable, EditKind, Pool
from gradtui.engine.builder import Builder
from gradtui.engine.graph import Kind
from gradtui.engine.lowering import lower_tree
from gradtui.engine.printer import spell
from gradtui.language.parser import Name, parse_expression

SHAPES = {"x": (4, 3), "z": (4, 3), "w": (3, 2), "s": (), "t": ()}


@pytest.fixture
def editable():
    def call(text):
        builder = Builder(simplify=True)
        names = {name: builder.leaf(Kind.DATA, name, shape) for name, shape in SHAPES.items()}
        return Editable(parse_expression(text), builder.nodes, names)

    return call


def texts(expression, change, pool=None):
    edits = small_edits(expression, pool or Pool(expression.names))
    return {spell(expression.edited(edit)) for edit in edits if edit.kind is change}


def test_a_factor_may_have_been_put_in(editable):
    assert texts(editable("s*t"), EditKind.DROP_FACTOR) == {"s", "t"}
    assert texts(editable("s/t"), EditKind.DROP_FACTOR) == {"s", "1/t"}


def test_a_term_may_have_been_put_in(editable):
    assert texts(editable("s - t"), EditKind.DROP_TERM) == {"s", "-t"}


def test_another_name_of_the_same_shape_may_be_meant(editable):
    assert texts(editable("x@w"), EditKind.REPLACE) == {"z@w"}


def test_a_matrix_may_be_turned(editable):
    assert {"x.T", "x"} <= texts(editable("x.T"), EditKind.TRANSPOSE) | {"x.T"}
    assert "x.T@w" in texts(editable("x@w"), EditKind.TRANSPOSE)


def test_a_power_may_be_one_too_high_or_too_low(editable):
    assert {"s**1", "s**3"} <= texts(editable("s**2"), EditKind.POWER)
    assert "1 - s**2" in texts(editable("1 - s"), EditKind.POWER)


def test_a_count_may_be_along_another_axis(editable):
    assert "x.shape[1]" in texts(editable("x.shape[0]"), EditKind.SCALE)


def test_a_factor_may_be_missing_at_any_part(editable):
    expression = editable("s + t")
    factor = Name("t", expression.tree.place)
    pool = Pool(expression.names, factors=[factor])
    found = {
        spell(expression.edited(edit))
        for edit in insertions(expression, pool)
        if edit.kind is EditKind.ADD_FACTOR
    }
    assert {"s*t + t", "s + t*t", "(s + t)*t"} <= found


PROGRAMS = ["x@w", "(x - z)*s", "sum(x*z, axis=0)", "1 - tanh(x)**2", "x.T@z", "s*t/2 - s"]


@pytest.mark.parametrize("text", PROGRAMS)
def test_the_node_of_an_edit_is_that_of_the_edited_text(editable, text):
    """Lowering only what an edit changes gives what lowering the whole gives."""
    expression = editable(text)
    pool = Pool(expression.names, factors=[parse_expression("s")], terms=[parse_expression("t")])
    count = 0
    for edit in (*small_edits(expression, pool), *insertions(expression, pool)):
        id = expression.lower(edit)
        if id is not None:
            names = expression.names
            whole = lower_tree(expression.edited(edit), expression.builder, lambda n: names[n.name])  # noqa: B023
            assert whole == id
            count += 1
    assert count > 5


def test_parts_whose_shapes_do_not_fit_can_still_be_edited(editable):
    expression = editable("w@x")
    assert () not in expression.ids
    assert "x@w" in texts(expression, EditKind.TRANSPOSE)
    fits = [edit for edit in small_edits(expression, Pool(expression.names))
            if edit.kind is EditKind.TRANSPOSE and expression.lower(edit) is not None]  # fmt: skip
    assert fits
