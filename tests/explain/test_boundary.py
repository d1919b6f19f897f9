"""The data of a classifier in the plane of its two features."""

import re

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
    plot = re.sub(r"\[.\]", "", plot)  # the predicted classes
    assert boundary_title(frame) == "Data  X"
    assert [plot.count(label) for label in "012"] == [4, 4, 4]
    assert rows[-2] == "12 of 12 right  accuracy 1  wrong: in a block"


def test_the_legend_of_a_narrow_panel_is_not_cut():
    for height in (14, 20):
        rows = [line_text(row) for row in boundary_rows(frame_of(0), 36, height)]
        assert rows[-2:] == [
            "4 of 12 right  wrong: in a block", "signs: true, in brackets: predicted",
        ]  # fmt: skip


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


def test_no_row_of_the_data_is_drawn_over_the_name_of_the_upward_axis():
    for step, size in ((0, (36, 14)), (60, (36, 14)), (60, (76, 12))):
        rows = [line_text(row) for row in boundary_rows(frame_of(step), *size)]
        (named,) = [row for row in rows if "↑" in row]
        assert "X[:,1] ↑" in named, (step, size)


def test_the_axes_have_the_names_of_the_files_columns(tmp_path):
    rows = [(0.1 * at, 1 - 0.1 * at, int(at > 4)) for at in range(10)]
    table = "\n".join(["size,weight,kind", *(f"{a},{b},{kind}" for a, b, kind in rows)])
    (tmp_path / "fruit.csv").write_text(table, encoding="utf-8")
    file = tmp_path / "fruit.toml"
    file.write_text(
        'title = "Fruit"\n[data]\nfile = "fruit.csv"\nX = ["size", "weight"]\ny = "kind"\n'
        '[parameters]\nW = [[0.1, 0.2], [0.3, 0.1]]\n[model]\n'
        'code = "L = cross_entropy(X @ W, y)"\n[optimizer]\nname = "sgd"\nlr = 0.1\n'
        "[run]\nsteps = 2\n", encoding="utf-8",
    )  # fmt: skip
    session = gradtui.load(str(file))
    session.surface.turn()
    text = "\n".join(map(line_text, boundary_rows(session.frame, 50, 14)))
    assert "weight ↑" in text and "size →" in text and "X[:" not in text


def test_regions_and_legend_name_the_classes_that_words_stand_for(tmp_path):
    rows = [(0.1 * at, 1 - 0.1 * at, "fig" if at > 4 else "apple") for at in range(10)]
    table = "\n".join(["size,weight,kind", *(f"{a},{b},{kind}" for a, b, kind in rows)])
    (tmp_path / "fruit.csv").write_text(table, encoding="utf-8")
    file = tmp_path / "fruit.toml"
    file.write_text(
        'title = "Fruit"\n[data]\nfile = "fruit.csv"\nX = ["size", "weight"]\ny = "kind"\n'
        '[parameters]\nW = [[-5.0, 5.0], [5.0, -5.0]]\n[model]\n'
        'code = "L = cross_entropy(X @ W, y)"\n[optimizer]\nname = "sgd"\nlr = 0.1\n'
        "[run]\nsteps = 2\n", encoding="utf-8",
    )  # fmt: skip
    session = gradtui.load(str(file))
    session.surface.turn()
    rows = [line_text(row) for row in boundary_rows(session.frame, 60, 20)]
    (upper,) = [at for at, row in enumerate(rows) if "[0 apple]" in row]
    (lower,) = [at for at, row in enumerate(rows) if "[1 fig]" in row]
    assert upper < lower
