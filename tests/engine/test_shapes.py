"""Axes counted from the end, and those that undo a broadcast."""

import pytest

from gradtui.engine.shapes import ShapeError, count, negative_axes, summed_axes


@pytest.mark.parametrize(
    ("axis", "axes"), [(None, (-3, -2, -1)), (0, (-3,)), (-1, (-1,)), ((2, 0), (-3, -1)), ((), ())]
)
def test_axes_are_counted_from_the_end(axis, axes):
    assert negative_axes(axis, 3) == axes


@pytest.mark.parametrize(
    ("axis", "said"),
    [(3, "has no axis 3"), (-4, "has no axis -4"), ((0, -3), "the same axis twice")],
)
def test_an_axis_that_is_none_is_refused(axis, said):
    with pytest.raises(ShapeError, match=said):
        negative_axes(axis, 3)


@pytest.mark.parametrize(
    ("shape", "target", "axes"),
    [
        ((4, 3), (3,), ((-2,), ())),
        ((4, 3), (1, 3), ((), (-2,))),
        ((2, 4, 3), (4, 1), ((-3,), (-1,))),
        ((4, 3), (), ((-2, -1), ())),
        ((4, 3), (4, 3), ((), ())),
    ],
)
def test_a_broadcast_is_undone_by_dropping_axes_and_by_keeping_them_as_one(shape, target, axes):
    assert summed_axes(shape, target) == axes


def test_a_mean_divides_by_what_it_reduces():
    assert count((4, 3, 2), (-3, -1)) == 8
    assert count((4, 3), ()) == 1
