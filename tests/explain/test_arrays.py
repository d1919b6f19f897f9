"""Arrays as tables: any window of any array, with the index of each row and column."""

import numpy as np

from gradtui.debugger.wording import Wording
from gradtui.explain.arrays import Grid, value_rows
from gradtui.explain.spans import line_text


def texts(rows):
    return [line_text(row) for row in rows]


def test_a_window_shows_rows_and_columns_from_anywhere():
    grid = Grid(np.arange(10_000.0).reshape(100, 100) / 4)
    assert (grid.rows, grid.columns, grid.fitting(20)) == (100, 100, 1)
    assert texts(grid.window(98, 5, 97, 40)) == [
        "              97            98",
        "98       2474.25        2474.5",
        "99       2499.25        2499.5",
    ]


def test_of_more_axes_a_row_goes_by_all_but_the_last():
    grid = Grid(np.arange(24).reshape(2, 3, 4))
    assert texts(grid.window(2, 3, 1, 80)) == [
        "      1   2   3",
        "0,2   9  10  11",
        "1,0  13  14  15",
    ]


def test_a_vector_has_a_number_a_row_and_no_head():
    assert texts(Grid(np.array([1.5, -2])).window(0, 9, 0, 80)) == ["0  1.5", "1   -2"]


def test_columns_with_names_have_them_for_a_head_cut_where_they_are_long():
    grid = Grid(np.array([[1.0, 2.5], [3.0, 40.0]]), wording=Wording(("km", "kilograms_of_load")))
    assert texts(grid.window(0, 3, 0, 80)) == [
        "             km  kilograms_o…",
        "0             1           2.5",
        "1             3            40",
    ]
    vector = Grid(np.array([1.0, 2.5]), wording=Wording(("hours",)))
    assert vector.headed and texts(vector.window(0, 2, 0, 80)) == ["   hours", "0      1"]


def test_numbers_of_classes_have_the_names_of_these_beside_them():
    words = Wording(("species",), (), ("setosa", "virginica"))
    grid = Grid(np.array([1.0, 0.0]), wording=words)
    assert texts(grid.window(0, 3, 0, 80)) == ["       species", "0  1 virginica", "1     0 setosa"]


def test_rows_and_columns_of_counts_have_names():
    words = ("ash", "birch")
    grid = Grid(np.array([[3.0, 1.0], [0.0, 4.0]]), wording=Wording(words, words))
    assert texts(grid.window(0, 3, 0, 80)) == [
        "         ash  birch",
        "  ash      3      1",
        "birch      0      4",
    ]


def test_a_window_of_the_rows_of_a_vector_has_its_last_number():
    grid = Grid(np.array([1.5, -2, 3]))
    assert texts(grid.window(0, 3, 0, 80)) == ["0  1.5", "1   -2", "2    3"]
    assert texts(grid.window(1, 2, 0, 80)) == ["1   -2", "2    3"]


def test_every_row_is_shown_or_counted_as_left_out():
    for value in (np.arange(5.0), np.arange(10.0).reshape(5, 2)):
        whole = texts(value_rows("X", None, value, 80, 5))
        assert whole[-1].split()[0] == "4" and not any("more" in row for row in whole)
        short = texts(value_rows("X", None, value, 80, 4))
        assert short[-2].split()[0] == "3" and short[-1] == "… 1 more row (--rows 5 prints all)"


def test_what_has_no_numbers_is_told_by_its_shape():
    assert texts(value_rows("X", 3, np.zeros((0, 2)), 80, 5)) == ["X [0×2] at step 3: empty"]
    assert texts(value_rows("c", None, np.array(2.0), 80, 5)) == ["c = 2"]
