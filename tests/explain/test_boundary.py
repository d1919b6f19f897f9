"""The data of a classifier in the plane of its two features."""

import numpy as np

import gradtui
from gradtui.explain.boundary import boundary_rows, boundary_title
from gradtui.explain.spans import line_text


def frame_of(step):
    session = gradtui.load("softmax_classifier")
    session.seek(step)
    session.surface.turn()
    return session.frame


def test_each_row_of_the_data_is_the_number_of_its_class():
    frame = frame_of(60)
    rows = [line_text(row) for row in boundary_rows(frame, 50, 14)]
    plot = rows[0].partition("↑")[2]
    plot += "".join(row.partition("┤")[2] or row.partition("│")[2] for row in rows[1:10])
    assert boundary_title(frame) == "Data  X"
    assert [plot.count(label) for label in "012"] == [4, 4, 4]
    assert rows[-2] == "12 of 12 right  accuracy 1"


def test_the_right_rows_are_counted():
    frame = frame_of(0)
    w = frame.parameters
    X, y = frame.values["X"], frame.values["y"]
    scores = np.tanh(X @ w["W1"] + w["b1"]) @ w["W2"] + w["b2"]
    right = int(np.sum(scores.argmax(axis=1) == y))
    rows = boundary_rows(frame, 50, 14)
    assert 0 < right < 12 and line_text(rows[-2]).startswith(f"{right} of 12 right ")


def test_a_panel_that_is_too_small_says_so():
    rows = boundary_rows(frame_of(60), 40, 2)
    assert "a larger panel shows the data" in line_text(rows[0])
