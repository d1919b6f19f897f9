"""The data of a step, number by number, in whatever room there is."""

import gradtui
from gradtui.explain.given import data_rows
from rows import texts


def test_numbers_stand_side_by_side():
    frame = gradtui.load("two_weights").frame
    assert [row.strip() for row in texts(data_rows(frame, 40, 5))] == ["x1 = 2   x2 = 3   y = 5"]
    assert [row.strip() for row in texts(data_rows(frame, 10, 5))] == ["x1 = 2", "x2 = 3", "y = 5"]


def test_arrays_are_shown_row_by_row():
    assert texts(data_rows(gradtui.load("five_parcels").frame, 40, 6)) == [
        "X =   2    3",
        "    1.5    1",
        "      4    5",
        "    0.8  0.5",
        "    3.2  2.5",
        "y = 5  3.2  9.5  2.1  6.8",
    ]


def test_an_array_that_is_too_long_is_cut_and_says_so():
    frame = gradtui.load("five_parcels").frame
    rows = texts(data_rows(frame, 40, 4))
    assert len(rows) == 4 and rows[-1] == "… 2 more rows"
    assert texts(data_rows(frame, 40, 3)) == ["y = 5  3.2  9.5  2.1  6.8"]
    assert data_rows(frame, 40, 0) == [] and data_rows(frame, 8, 9) == []


def test_batches_are_those_of_the_step():
    session = gradtui.load("iris")
    first = texts(data_rows(session.frame, 60, 12))
    session.seek(1)
    assert first != texts(data_rows(session.frame, 60, 12))
