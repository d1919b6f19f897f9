"""The small changes of a line that may have been made."""

from gradtui.diagnosis.changes import insertions, small_edits
from gradtui.diagnosis.edits import EditKind, Pool
from gradtui.engine.printer import spell
from gradtui.language.parser import Name


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


def test_parts_whose_shapes_do_not_fit_can_still_be_edited(editable):
    expression = editable("w@x")
    assert () not in expression.ids
    assert "x@w" in texts(expression, EditKind.TRANSPOSE)
    fits = [edit for edit in small_edits(expression, Pool(expression.names))
            if edit.kind is EditKind.TRANSPOSE and expression.lower(edit) is not None]  # fmt: skip
    assert fits
