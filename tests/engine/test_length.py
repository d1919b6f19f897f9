import numpy as np
import pytest

from gradtui.engine.length import length


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([[3.0], [4.0]], 5.0),
        ([[1.0, 2.0], [2.0, 4.0]], 5.0),
        ([[3e200], [4e200]], 5e200),
        ([[1.0], [2.0, 2e-170]], 5**0.5),
        ([[3e-160] * 100], 3e-159),
        ([[-3e-200, 4e-200]], 5e-200),
        ([[0.0, -0.0]], 0.0),
        ([[]], 0.0),
        ([[1.0, -np.inf]], np.inf),
    ],
)
def test_the_length_is_that_of_all_parts_as_one_vector(parts, expected):
    assert length([np.array(part) for part in parts]) == pytest.approx(expected, rel=1e-15)


def test_a_number_that_is_none_makes_the_length_none():
    assert np.isnan(length([np.array([1.0, np.nan])]))


@pytest.mark.parametrize("scale", [1e-30, 1.0, 1e30])
def test_the_length_of_narrow_numbers_is_in_range_where_their_squares_are_not(scale):
    part = np.array([3.0, 4.0], np.float32) * np.float32(scale)
    assert length([part]) == pytest.approx(5 * scale, rel=1e-6)
