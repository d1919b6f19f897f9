"""The numbers of a column look alike: so many digits, and an exponent where one needs it."""

import pytest

from gradtui.base.text import DIGITS, SHORT
from gradtui.explain.figures import Column, column


def test_a_column_has_all_digits_where_each_of_its_numbers_has_room_for_them():
    assert column([1.23457, 0.5, -1.0], 8) == Column(8, DIGITS)
    assert column([1.23457, -0.123457], 8) == Column(8, SHORT)
    assert column([1.23457, -0.123457], 8).text(1.23457) == "1.235"
    assert column([1.23457, 0.5], 8).text(1.23457) == "1.23457"
    assert column([], 8) == Column(8, DIGITS)


@pytest.mark.parametrize(
    ("values", "cells", "texts"),
    [
        ([-4.811e-4, -5.042e-4, 0.00714], 7, ["-4.8e-4", "-5e-4", "0.00714"]),
        ([-2.776e-4, 2.776e-4, 0.0], 9, ["-2.776e-4", "2.776e-4", "0"]),
        ([1.845e-5, 0.0002845], 9, ["1.845e-5", "0.0002845"]),
        ([-0.5, 0.0002845], 9, ["-0.5", "0.0002845"]),
        ([float("nan"), 0.0002845], 9, ["nan", "0.0002845"]),
    ],
)
def test_small_numbers_of_a_column_have_an_exponent_if_one_of_them_needs_it(values, cells, texts):
    found = column(values, cells)
    assert [found.text(value) for value in values] == texts


def test_marks_behind_a_number_take_cells_from_it():
    assert column([0.123456], 8).text(0.123456, 1) == "0.1235"
    assert column([-4.811e-4, 2e-5], 8).text(-4.811e-4, 1) == "-4.8e-4"
