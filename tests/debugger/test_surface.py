"""The loss surface: its numbers against the model's formula, its path, its range."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gradtui
from gradtui.debugger.axes import FARTHEST, NEAREST, Axis, Window, first_axes
from gradtui.debugger.surface import Surfaces, middles

SIZE = (60, 40)


def surface_of(session, view=None, step=0, size=SIZE):
    session.history.advance(max(0, session.problem.steps + 1 - session.history.known))
    view = view or Window(first_axes(session.problem))
    return Surfaces(session.history).at(view, step, session.problem.steps, size)


def grid_of(surface):
    return np.meshgrid(
        *(middles(r, n) for r, n in zip(surface.ranges, surface.losses.shape[::-1], strict=True))
    )


@pytest.fixture
def illustration():
    return gradtui.load("illustration")


def test_the_illustrations_grid_holds_the_loss_of_its_formula(illustration):
    found = surface_of(illustration)
    w1, w2 = grid_of(found)
    assert found.losses.shape == (40, 60)
    np.testing.assert_allclose(found.losses, (1.5 * w1 + w2 - 4.0) ** 2, rtol=1e-12, atol=1e-15)
    assert not found.others and not found.batch


def test_the_illustrations_path_is_that_of_the_hand_computed_weights(illustration):
    found = surface_of(illustration, step=1)
    np.testing.assert_allclose(
        found.path.places,
        [(1, 0.5), (1.36, 0.74), (1.5796, 0.8864), (1.713556, 0.975704), (1.79526916, 1.03017944)],
        rtol=1e-12,
    )
    np.testing.assert_allclose(
        found.path.losses, [4.0, 1.4884, 0.55383364, 0.206081497444, 0.0766829251989124]
    )
    assert found.path.steps.tolist() == [0, 1, 2, 3, 4]
    assert found.point == pytest.approx((1.36, 0.74)) and found.loss == pytest.approx(1.4884)
    assert found.next == pytest.approx((1.5796, 0.8864))
    assert found.next_loss == pytest.approx(0.55383364)


def test_the_illustrations_steps_go_across_the_contours_and_shrink(illustration):
    moves = np.diff(surface_of(illustration).path.places, axis=0)
    np.testing.assert_allclose(moves[0], (0.36, 0.24), rtol=1e-12)
    np.testing.assert_allclose(moves[:, 0] / moves[:, 1], 1.5, rtol=1e-9)
    np.testing.assert_allclose(moves[1:, 0] / moves[:-1, 0], 0.61, rtol=1e-9)


def test_the_lowest_place_in_view_lies_on_the_line_where_the_error_is_0(illustration):
    floor = surface_of(illustration).floor
    w1, w2 = floor.place
    assert floor.loss == pytest.approx((1.5 * w1 + w2 - 4.0) ** 2, abs=1e-24)
    assert floor.loss < 1e-20 and floor.level


@pytest.mark.parametrize("size", [(120, 40), (62, 36), (140, 32)])
def test_of_a_line_of_lowest_places_the_one_nearest_to_the_run_s_end_is_marked(illustration, size):
    surface = surface_of(illustration, size=size)
    end, star = surface.path.places[-1], np.array(surface.floor.place)
    # The run goes straight toward the line w2 = 4 - 1.5·w1: along (1.5, 1).
    assert (star - end) @ np.array([1.0, -1.5]) == pytest.approx(0.0, abs=1e-6)
    assert np.linalg.norm(star - end) == pytest.approx(abs(1.5 * end[0] + end[1] - 4) / 3.25**0.5)


def test_the_whole_path_is_in_view_and_both_axes_have_one_scale(illustration):
    found = surface_of(illustration)
    assert all(found.shows(place) for place in found.path.places)
    (a, b), (c, d) = found.ranges
    assert (b - a) / 60 == pytest.approx((d - c) / 40)
    assert found.leaves is None


def test_axes_that_differ_much_have_scales_of_their_own(session_of):
    session = session_of("L = (a - 3.0)**2 + 1e-6*(b - 1e4)**2", "a = 0.0\nb = 1.0", steps=20)
    (a, b), (c, d) = surface_of(session, size=(40, 40)).ranges
    assert (b - a) / (d - c) > 20


def test_a_slice_holds_the_other_parameters_as_at_the_step(session_of):
    session = session_of("L = (a*x + b*a - c)**2", "a = 1.0\nb = 2.0\nc = 0.5", lr=0.01)
    view = Window((Axis("b"), Axis("c")))
    for step in (0, 3):
        found = surface_of(session, view, step)
        session.seek(step)
        b, c = grid_of(found)
        a = session.frame.parameters["a"]
        np.testing.assert_allclose(found.losses, (a * 3.0 + b * a - c) ** 2, rtol=1e-12)
        assert found.others == 1
        assert found.loss == pytest.approx(session.frame.loss)


def test_elements_of_arrays_are_axes(session_of):
    session = session_of("L = sum((W@v - 1.0)**2)", "W = [[1.0, 2.0], [3.0, 4.0]]\nv = [0.5, -1.0]")
    found = surface_of(session, Window((Axis("W", (0, 1)), Axis("v", (1,)))))
    w, v = grid_of(found)
    expected = (0.5 + w * v - 1.0) ** 2 + (3.0 * 0.5 + 4.0 * v - 1.0) ** 2
    np.testing.assert_allclose(found.losses, expected, rtol=1e-12)
    assert found.point == (2.0, -1.0) and found.others == 4


def test_with_batches_it_is_the_loss_on_the_steps_batch():
    session = gradtui.load("minibatches")
    view = Window(first_axes(session.problem))
    for step in (0, 1, 5):
        found = surface_of(session, view, step)
        session.seek(step)
        assert found.batch
        assert found.loss == pytest.approx(session.frame.loss, rel=1e-6)


def test_a_single_number_has_a_curve():
    found = surface_of(gradtui.load("one_weight"))
    (axis,) = (middles(found.ranges[0], 60),)
    np.testing.assert_allclose(found.losses, (2.0 * axis - 5.0) ** 2, rtol=1e-12)


def test_a_curve_shows_both_sides_of_the_valley_that_a_run_comes_down_into():
    found = surface_of(gradtui.load("one_weight"))
    ((low, high),) = found.ranges
    assert low < 2.2 < 2.5 < 3.0 < high
    assert found.losses[0] > 10 * found.floor.loss
    assert found.losses[0] > 0.3


@pytest.mark.parametrize("step", [0, 1, 2, 5])
def test_a_run_that_flies_off_leaves_the_view_but_the_present_point_is_in_it(step):
    found = surface_of(gradtui.load("five_parcels_rate_1_5"), step=step)
    assert found.shows(found.point)
    assert found.shows(found.path.places[0])
    assert found.leaves == step + 1
    assert not found.shows(found.next)


def test_weights_that_are_not_finite_leave_a_view_of_the_start():
    session = gradtui.load("late_nan")
    found = surface_of(session, step=session.problem.steps)
    assert np.isnan(found.point).all()
    assert np.isfinite(found.ranges).all() and found.shows(found.path.places[0])
    assert found.floor is None


def test_losses_that_are_not_finite_stay_so(session_of):
    session = session_of("L = log(a) + b**2", "a = 0.1\nb = 1.0", lr=0.001)
    found = surface_of(session, Window((Axis("a"), Axis("b")), -3))
    a, _ = grid_of(found)
    assert np.isnan(found.losses[a < 0]).all() and np.isfinite(found.losses[a > 0]).all()
    assert (a < 0).any()


@settings(max_examples=40)
@given(st.integers(FARTHEST, NEAREST), st.integers(0, 4))
def test_each_zoom_halves_the_range_around_the_present_point(zoom, step):
    session = gradtui.load("illustration")
    axes = first_axes(session.problem)
    whole = surface_of(session, Window(axes), step)
    found = surface_of(session, Window(axes, zoom), step)
    for (low, high), (first, last), here in zip(
        found.ranges, whole.ranges, found.point, strict=True
    ):
        assert high - low == pytest.approx((last - first) / 2.0**zoom, rel=1e-6)
        if zoom > 0:
            assert (low + high) / 2 == pytest.approx(here)
    assert found.shows(found.point)


def test_the_grid_of_a_whole_model_is_evaluated_once_for_all_steps(illustration):
    illustration.history.advance(5)
    surfaces, view = Surfaces(illustration.history), Window(first_axes(illustration.problem))
    grids = [surfaces.at(view, step, 4, SIZE).losses for step in (0, 1, 4, 0)]
    assert all(grid is grids[0] for grid in grids)


def test_a_large_model_gets_a_coarser_grid_of_the_same_range():
    session = gradtui.load("transformer_block")
    fine = surface_of(session, size=(12, 9))
    coarse = surface_of(session, size=(300, 200))
    assert fine.losses.shape == (9, 12)
    rows, columns = coarse.losses.shape
    assert rows * columns * session.problem.trainer.size <= 1_100_000
    assert columns / rows == pytest.approx(1.5, rel=0.1)


def test_a_long_run_has_its_first_steps_and_some_others(session_of):
    session = session_of("L = w**2", "w = 1.0", lr=1e-4, steps=20_000)
    found = surface_of(session, step=12_345)
    assert found.path.steps[:100].tolist() == list(range(100))
    assert found.path.steps[-1] == 20_000 and len(found.path.steps) <= 400
    np.testing.assert_allclose(
        found.path.places[:, 0], 0.9998 ** found.path.steps.astype(float), rtol=1e-9
    )


def test_a_parameter_that_does_not_move_is_in_the_middle_of_some_range(session_of):
    session = session_of("L = a**2 + 0*b", "a = 0.0\nb = 7.0")
    found = surface_of(session)
    assert found.share(found.point) == pytest.approx((0.5, 0.5))
    assert all(high > low for low, high in found.ranges)


def test_axes_of_another_model_are_not_found():
    view = Window((Axis("w1"), Axis("w2", (3,))))
    assert view.places(gradtui.load("two_weights").problem.trainer) is None
    with pytest.raises(ValueError, match="does not have these parameters"):
        surface_of(gradtui.load("two_weights"), view)


def test_the_loss_after_the_step_is_of_the_same_batch():
    session = gradtui.load("iris")
    axes = Window(first_axes(session.problem))
    session.history.advance(session.problem.steps + 1)
    last = session.problem.steps
    found = surface_of(session, axes, step=last)
    assert found.next == found.point
    assert found.next_loss == found.loss
