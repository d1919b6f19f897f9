"""What a classifier says of the rows, in words."""

from pathlib import Path

import gradtui
from gradtui.debugger.guide import Guide
from gradtui.explain.arrays import Grid
from gradtui.explain.classes import class_rows
from gradtui.explain.spans import line_text


def texts(session):
    return [line_text(row) for row in class_rows(session.frame)]


def test_accuracy_and_confusion_are_told_of_the_step_and_of_the_validation():
    session = gradtui.load("iris")
    session.seek(300)
    assert texts(session) == [
        "accuracy = 1   12 of 12 rows of this step",
        "validation_accuracy = 0.966667   29 of 30 rows",
        "                  setosa  versicolor   virginica  true ↓, predicted →",
        "      setosa          10           0           0  of the validation",
        "  versicolor           0           9           1",
        "   virginica           0           0          10",
    ]


def test_a_narrow_panel_has_both_accuracies_in_one_row():
    session = gradtui.load("iris")
    session.seek(150)
    session.guide = Guide(session.problem.lessons)
    rows = [line_text(row) for row in class_rows(session.frame, 36)]
    assert rows[:3] == [
        "accuracy 0.917, in validation 0.833",
        "      0   1   2  true ↓, predicted →",
        "  0  10   0   0  of the validation",
    ]
    assert len(rows) == 5
    session.guide = None
    rows = [line_text(row) for row in class_rows(session.frame, 36)]
    assert rows[:4] == [
        "accuracy 0.917, in validation 0.833",
        "validation: true ↓, predicted →",
        "                 0   1   2",
        "      0 setosa  10   0   0",
    ]
    assert len(rows) == 6


def test_without_room_for_the_names_of_the_classes_there_are_their_numbers():
    session = gradtui.load("iris")
    rows = [line_text(row) for row in class_rows(session.frame, 30)]
    assert rows[1:3] == ["true ↓, predicted →", "                 0   1   2"]
    rows = [line_text(row) for row in class_rows(session.frame, 20)]
    assert rows[1:3] == ["true ↓, predicted →", "                 0"]


def test_without_words_for_the_classes_their_table_is_made_once(session_of, monkeypatch):
    made, window = [], Grid.window
    monkeypatch.setattr(Grid, "window", lambda *args: made.append(args) or window(*args))
    given = dict(parameters="W = [[0.5, 0.0]]", data="X = [[1.0], [-1.0]]\ny = [0, 1]")
    session = session_of("Z = X@W\nL = cross_entropy(Z, y)", **given)
    assert len(texts(session)) == 4 and len(made) == 1


def test_rows_with_equal_scores_are_said_to_count_in_part(write):
    model, data = "Z = X@W\nL = cross_entropy(Z, y)", "X = [[1.0], [0.5], [-1.0]]\ny = [0, 0, 1]"
    session = gradtui.load(write(model, "W = [[0.0, 0.0]]", data=data))
    assert texts(session) == [
        "accuracy = 0.5   1.5 of 3 rows of this step",
        "a row with equal scores counts in part for each",
        "       0    1  true ↓, predicted →",
        "  0    1    1",
        "  1  0.5  0.5",
    ]
    session.seek(1)
    assert texts(session)[0] == "accuracy = 1   3 of 3 rows of this step"
    assert not any("in part" in row for row in texts(session))


def test_what_classifies_nothing_is_told_nothing_of():
    assert texts(gradtui.load("five_parcels")) == []


def test_a_name_of_the_model_is_what_the_model_says(write):
    model = "accuracy = 2*cross_entropy(Z, y)\nL = accuracy"
    assert texts(gradtui.load(write(model, "Z = [[1.0, 2.0]]", data="y = [1]"))) == []


def test_classes_that_are_words_have_them_in_the_confusion(write):
    path = write(
        "L = cross_entropy(x*w, y)", "w = [1.0, 2.0, 3.0]",
        data='file = "a.csv"\nx = ["x"]\ny = "kind"', steps=2,
    )  # fmt: skip
    Path(path).with_name("a.csv").write_text("x,kind\n1,pear\n2,fig\n3,apple\n", encoding="utf-8")
    rows = texts(gradtui.load(path))
    assert rows[1].split()[:3] == ["apple", "fig", "pear"]
    assert [row.split()[0] for row in rows[2:5]] == ["apple", "fig", "pear"]
