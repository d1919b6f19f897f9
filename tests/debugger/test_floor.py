"""The lowest place in view: that of a bowl, a line of equal losses, an edge."""

import numpy as np
import pytest

from gradtui.debugger.floor import find_floor

VIEW = ((-4.0, 4.0), (-4.0, 4.0))


def bowl(places):
    """Return (x - 1)² + 4(y + 2)² + 3, which is lowest at (1, -2)."""
    x, y = places.T
    return (x - 1) ** 2 + 4 * (y + 2) ** 2 + 3


def groove(places):
    """Return (x + y - 1)², which is 0 along a line."""
    return (places.sum(axis=1) - 1) ** 2


def known(losses, *places):
    return [(float(losses(np.array([place]))[0]), place) for place in places]


def test_the_floor_of_a_bowl_is_its_lowest_point():
    found = find_floor(bowl, known(bowl, (3.0, 3.0), (2.0, 0.0)), VIEW, 100.0)
    assert found.loss == pytest.approx(3.0)
    assert found.place == pytest.approx((1.0, -2.0), abs=1e-6)
    assert not found.level


def test_the_floor_of_a_groove_is_a_line():
    found = find_floor(groove, known(groove, (3.0, 3.0)), VIEW, 25.0)
    assert found.loss == pytest.approx(0.0, abs=1e-12) and found.level


@pytest.mark.parametrize(
    ("near", "place"),
    [((3.0, 2.0), (1.0, 0.0)), ((-1.5, 2.5), (-1.5, 2.5)), ((40.0, -40.0), None)],
)
def test_of_a_line_of_lowest_places_it_is_the_one_nearest_to_a_place(near, place):
    found = find_floor(groove, known(groove, (3.0, 3.0)), VIEW, 25.0, near)
    own = find_floor(groove, known(groove, (3.0, 3.0)), VIEW, 25.0)
    assert found.level
    assert found.place == pytest.approx(place or own.place, abs=1e-9)
    assert found.loss == pytest.approx(0.0, abs=1e-12)


def test_a_floor_out_of_view_is_not_gone_to():
    narrow = ((2.0, 4.0), (0.0, 4.0))
    found = find_floor(bowl, known(bowl, (2.0, 0.0)), narrow, 100.0)
    assert (found.loss, found.place) == (20.0, (2.0, 0.0))


def test_without_a_finite_loss_there_is_no_floor():
    assert find_floor(bowl, [(np.nan, (0.0, 0.0)), (np.inf, (1.0, 1.0))], VIEW, 1.0) is None


def test_a_surface_that_is_the_same_all_over_has_no_lowest_place():
    def level(places):
        return np.full(len(places), 7.0)

    assert find_floor(level, known(level, (3.0, 3.0)), VIEW, 1e-14) is None
    assert find_floor(level, known(level, (3.0, 3.0)), VIEW, 0.0) is None
    assert find_floor(level, known(level, (3.0, 3.0)), VIEW, 1e-9) is not None


def test_the_lowest_place_in_view_of_a_bowl_beyond_it_is_on_its_edge():
    narrow = ((-4.0, 4.0), (-1.0, 4.0))
    found = find_floor(bowl, known(bowl, (3.0, 3.0), (-0.9, 0.1)), narrow, 100.0)
    assert (found.loss, found.place) == (pytest.approx(7.0), pytest.approx((1.0, -1.0)))


def test_the_lowest_place_of_a_steep_bowl_beyond_the_view_is_below_every_point_of_its_path():
    """As on a ravine, whose axes have curvatures 1000 times apart."""

    def ravine(places):
        x, y = places.T
        return 500 * x**2 + y**2 / 2

    found = find_floor(ravine, known(ravine, (-0.03, 6.3), (0.8, 7.0)), ((-2, 2), (6, 10)), 2500.0)
    assert (found.loss, found.place) == (pytest.approx(18.0), pytest.approx((0.0, 6.0)))


def test_a_kink_is_gone_to_without_slopes():
    def kink(places):
        return np.abs(places - (1.75, 0.5)).sum(axis=1) + 0.115

    found = find_floor(kink, known(kink, (1.778, 0.477)), VIEW, 4.0)
    assert found.loss == pytest.approx(0.115, abs=1e-4)
    assert found.place == pytest.approx((1.75, 0.5), abs=1e-4)
