"""The gradient in rows: value, derivative, difference, and what was written by hand."""

import re
import tracemalloc
from types import SimpleNamespace

import numpy as np
import pytest

import gradtui
from explain.hand import INHERITED, MODEL, RIGHT
from gradtui.explain.beside import beside_rows
from gradtui.explain.program import (
    program_rows,
)
from gradtui.explain.report import show_json, to_json
from gradtui.explain.spans import line_text, line_width
from gradtui.explain.update import update_rows
from gradtui.explain.vector import gradient_places, gradient_rows, steepest
from rows import cells, texts


def test_the_gradient_vector_has_value_derivative_difference_and_norm():
    rows = [row.split() for row in texts(gradient_rows(gradtui.load("two_weights").frame))]
    assert rows == [
        ["value", "∂L/∂", "central"],
        ["w1", "1", "12", "12", "✓"],
        ["w2", "2", "18", "18", "✓"],
        ["|∇|", "21.6333"],
    ]


@pytest.mark.parametrize(
    "name", ["five_parcels_adam", "softmax_classifier", "saturated", "grad_network"]
)
def test_a_wider_table_never_shows_fewer_digits_of_a_number(name):
    frame, before = gradtui.load(name).frame, list[list[int]]()
    for width in range(36, 110):
        shown = [
            re.sub("[✓✗?]", "", row).split() for row in texts(gradient_rows(frame, width))[1:5]
        ]
        digits = [[sum(map(str.isdigit, text)) for text in row] for row in shown]
        if before and list(map(len, digits)) == list(map(len, before)):
            for row, last in zip(digits, before, strict=True):
                assert all(now >= then for now, then in zip(row, last, strict=True)), (width, shown)
        before = digits


def test_a_gradient_that_is_not_the_slope_is_marked(session_of):
    """At a kink the two differ: relu(0) has derivative 0 here, a central difference of 1/2."""
    row = texts(gradient_rows(session_of("L = relu(w)", "w = 0.0").frame))[1]
    assert row.split() == ["w", "0", "0", "0.5", "?"]


def test_numbers_that_are_not_finite_are_shown_as_they_are():
    session = gradtui.load("five_parcels_rate_1_5")
    session.seek(500)
    rows = [row.split() for row in texts(gradient_rows(session.frame))]
    assert rows[1] == ["w[0]", "nan", "nan", "unknown", "?"]
    assert texts(update_rows(session.frame))[1] == "w[0]  nan - 1.5·nan = nan"


@pytest.mark.parametrize("rows_of", [gradient_rows, update_rows])
def test_any_stretch_of_a_table_holds_the_rows_of_the_whole(session_of, rows_of):
    session = session_of("L = sum(w**2) + b", "w = {shape = [30, 20], init = 'ones'}\nb = 2.0")
    whole = rows_of(session.frame)
    assert len(whole[:]) == len(whole) > 402
    every = cells(whole)
    for start in (0, 1, 2, 200, *range(398, 405)):
        for count in (1, 2, 5, 500):
            part, listed = cells(whole[start : start + count]), list(every)
            if rows_of is gradient_rows and len(part) > 1:  # the titles stay
                listed[start] = listed[0]
            assert part == listed[start : start + count]


def test_the_gradient_of_an_array_begins_where_something_is(session_of):
    model = "L = sum(X@W) + 0*sum(v)"
    data = "X = [[0.0, 0.0, 2.0, -3.0]]"
    session = session_of(model, "W = {shape = [4, 2], init = 'ones'}\nv = [1.0, 2.0]", data)
    frame = session.frame
    assert texts([gradient_rows(frame)[gradient_places(frame)[0].start]])[0].split()[0] == "W[3,0]"
    assert steepest(frame, frame.selected) == (3, 0)
    session.selection.look("0,1")
    assert gradient_places(session.frame) == (range(2, 3), range(2, 3)), (
        "an element under the lens is that element"
    )
    session.selection.leave()
    session.selection.select(session.problem.graph.names["v"])
    frame = session.frame
    assert texts([gradient_rows(frame)[gradient_places(frame)[0].start]])[0].split()[0] == "v[0]"
    assert steepest(frame, frame.selected) is None
    session.position = 0
    session.selection.select(session.problem.graph.names["W"])
    assert gradient_places(session.frame) == (range(1, 9), range(1, 2))
    assert steepest(session.frame, session.selection.node) is None


def test_no_element_of_a_sum_that_is_not_complete_is_the_largest(session_of):
    session = session_of("a = 2*w\nL = sum(a**2) + 0.5*sum(w**2)", "w = [0.5, -0.4]")
    node = session.problem.graph.names["w"]
    assert steepest(session.frame, node) == (0,)
    while session.frame.gradient_state(node) != "partial":
        session.back()
    assert steepest(session.frame, node) is None
    assert texts(gradient_rows(session.frame))[1].split()[:3] == ["w[0]", "0.5", "0.5…"]


@pytest.mark.parametrize(
    ("gradient", "index"),
    [
        ([[0.0, -3.0], [2.0, 1.0]], (0, 1)),
        ([[0.0, 2.0], [3.0, -1.0]], (1, 0)),
        ([[1.0, -3.0], [3.0, -3.0]], (0, 1)),
        ([[1.0, 3.0], [-3.0, 3.0]], (0, 1)),
        ([[1.0, -9.0], [np.nan, np.nan]], (1, 0)),
        ([[1.0, -np.inf], [np.inf, 2.0]], (0, 1)),
        ([[-1.0, -2.0], [-5.0, -4.0]], (1, 0)),
        ([[0.0, -0.0], [0.0, 0.0]], None),
    ],
)
def test_the_largest_gradient_is_that_of_the_largest_magnitude_and_the_first(gradient, index):
    frame = SimpleNamespace(
        gradient=lambda node: np.array(gradient), gradient_state=lambda node: "known"
    )
    assert steepest(frame, 0) == index


def test_to_find_the_largest_gradient_none_of_them_is_copied():
    gradient = np.linspace(-1.0, 2.0, 100_000)
    gradient.flags.writeable = False  # as that of a frame
    frame = SimpleNamespace(gradient_state=lambda node: "known", gradient=lambda node: gradient)
    tracemalloc.start()
    assert steepest(frame, 0) == (99_999,)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < gradient.nbytes / 2


def test_a_claim_that_is_right_only_here_is_marked_wrong_once_diagnosed(session_of):
    # At w 2 and x 2 they are equal.
    wrong = RIGHT.replace("dw = dyhat*x", "dw = dyhat*w")
    session = session_of(MODEL, data="x = 2.0", more=wrong)
    assert texts(gradient_rows(session.frame, 60))[1].endswith("✓")
    session.investigation.judge()
    assert texts(gradient_rows(session.frame, 60))[1].endswith("✗")


def test_the_gradient_has_a_column_by_hand(session_of):
    session = session_of(MODEL, more=INHERITED)
    session.investigation.judge()
    head, row, _ = cells(gradient_rows(session.frame, 60))
    assert head == ["value", "∂L/∂", "central", "by", "hand"]
    assert row == ["w", "2", "6", "6", "✓", "3", "↳"]
    for width in (40, 52, 70, 90):
        assert max(map(line_width, gradient_rows(session.frame, width))) <= width
    narrow = cells(gradient_rows(session.frame, 38))
    assert narrow[:2] == [["value", "∂L/∂", "by", "hand"], ["w", "2", "6", "3", "↳"]]


def test_a_claim_of_another_shape_shows_its_shape(session_of):
    session = session_of(MODEL, data="x = 3.0\nz = [1.0, 2.0, 3.0]",
                         more="[backward]\ncode = 'dw = 2*e*z'")  # fmt: skip
    assert cells(gradient_rows(session.frame, 60))[1][-2:] == ["[3]", "✗"]
    session.investigation.judge()
    assert cells(gradient_rows(session.frame, 60))[1][-2:] == ["[3]", "✗"]


def test_a_parameter_that_is_not_claimed_says_so(session_of):
    session = session_of("L = (w*x + b)**2", "w = 2.0\nb = 1.0",
                         more="[backward]\ncode = 'db = 2*(w*x + b)'")  # fmt: skip
    assert [row[-1] for row in cells(gradient_rows(session.frame, 60))[1:3]] == ["none", "✓"]


def test_a_claim_that_is_not_a_number_is_shown(session_of):
    session = session_of(MODEL, more="[backward]\ncode = 'dw = log(-x)*e'")
    session.investigation.judge()
    assert cells(gradient_rows(session.frame, 60))[1][-2:] == ["nan", "✗"]
    assert "NaN" in to_json(show_json(session.frame, None))


@pytest.mark.parametrize("width", [20, 24, 30, 36, 38, 44, 52, 60, 70, 80, 100])
@pytest.mark.parametrize("name", ["grad_missing_slope", "grad_network", "grad_two_weights"])
def test_what_is_right_by_hand_is_in_view_at_any_width(name, width):
    session = gradtui.load(name)
    session.investigation.judge()
    head, *rows, _ = gradient_rows(session.frame, width)
    assert "by hand" in line_text(head)
    assert all(line_text(row).rstrip()[-1] in "✓✗↳" for row in rows)
    assert max(map(line_width, (head, *rows))) <= width


@pytest.mark.parametrize("width", [18, 20, 24, 30, 38, 42, 60, 100])
@pytest.mark.parametrize("name", ["two_weights", "softmax_classifier"])
def test_whether_the_gradient_agrees_is_in_view_at_any_width(name, width):
    head, *rows, _ = gradient_rows(gradtui.load(name).frame, width)
    assert all(line_text(row).rstrip().endswith("✓") for row in rows)
    assert max(map(line_width, (head, *rows))) <= width


@pytest.mark.parametrize("code", ["L = (w*x)**2", "L = log(-w) + 0*x"])
def test_where_the_loss_is_not_finite_a_gradient_is_unknown_and_neither_right_nor_wrong(
    session_of, code
):
    session = session_of(code, "w = 1e175", more="[backward]\ncode = 'dw = x*w'")
    for frame in (session.frame, session_of(code, "w = 1e175").frame):
        assert cells(gradient_rows(frame))[1][-1] == "?"
    assert "unknown" in cells(gradient_rows(frame))[1]
    assert cells(program_rows(session.frame, 60))[-1][-1] == "?"
    session.into()
    session.selection.select(session.problem.graph.names["w"])
    assert "the loss or the true gradient is not finite" in "".join(
        texts(beside_rows(session.frame))
    )


def test_it_leads_past_hundreds_of_constant_columns(tmp_path):
    path = tmp_path / "wide.toml"
    path.write_text(
        f'title = "wide"\n[data]\nx = {[0.0] * 599 + [2.0]}\n'
        '[parameters]\nw = { shape = [600], init = "zeros" }\n'
        '[model]\ncode = "L = (sum(x*w) - 1)**2"\nloss = "L"\n'
        '[optimizer]\nname = "sgd"\nlr = 0.1\n[run]\nsteps = 2\n'
    )
    session = gradtui.load(str(path))
    session.selection.select(session.problem.graph.names["w"])
    frame = session.frame
    assert texts([gradient_rows(frame)[gradient_places(frame)[0].start]])[0].split()[0] == "w[599]"


def test_the_numbers_of_a_narrow_column_have_digits_alike(session_of):
    """With 8 cells -0.0123457 has short digits, and so has what stands beside it."""
    session = session_of("L = sum(w*x)", "w = [1.5, 2.5, -3.25]", "x = [1.23457, -0.123457, 2.0]")
    rows = cells(gradient_rows(session.frame, 34))
    assert [row[2] for row in rows[1:4]] == ["1.235", "-0.1235", "2"]
    assert [row[1] for row in rows[1:4]] == ["1.5", "2.5", "-3.25"]
    session = session_of("L = sum(w*x)", "w = [1.5, 2.5]", "x = [1.23457, -0.5]")
    assert cells(gradient_rows(session.frame, 34))[1][2] == "1.23457"


def test_a_wrong_claim_has_the_digits_that_tell_it_from_the_truth(session_of):
    model, data = "yhat = sum(w*x)\nL = yhat", "x = [1.23457, -0.123457]"
    wrong = "[backward]\ncode = '''\ndw = x*1.0002\n'''"
    session = session_of(model, "w = [1.5, 2.5]", data, more=wrong)
    rows = cells(gradient_rows(session.frame, 46))
    assert rows[1][1:] == ["1.5", "1.23457", "1.23482", "✗"]
    assert rows[2][1:] == ["2.5", "-0.123457", "-0.123482", "✗"]
    # Without the values more digits fit.
    rows = cells(gradient_rows(session.frame, 28))
    assert rows[1][1:] == ["1.23457", "1.23482", "✗"]
    assert rows[2][1:] == ["-0.123457", "-0.123482", "✗"]


@pytest.mark.parametrize("name", ["ravine_adam", "rate_deadly_later", "softmax_classifier"])
@pytest.mark.parametrize("width", [18, 22, 26, 28, 30, 33, 36, 40, 76])
def test_no_number_is_cut_and_each_has_two_digits_beside_its_tick(name, width):
    session = gradtui.load(name)
    session.seek(2259)
    rows = gradient_rows(session.frame, width)
    assert max(map(line_width, rows)) <= width
    assert not any("…" in line_text(row) for row in rows)
    for name, *numbers, tick in cells(rows)[1:-1]:
        assert tick == "✓"
        index = next(row for row in cells(gradient_rows(session.frame)) if row[0] == name)
        true = [float(number) for number in index[1:-1]]
        shown = [float(number) for number in numbers]
        assert shown == pytest.approx(true[-len(shown) :] if len(shown) > 2 else shown, rel=0.05)
        assert shown[-1] == pytest.approx(true[1], rel=0.05)


def test_a_sum_that_is_not_complete_has_its_mark_within_the_width(session_of):
    code = "a = 2*w\nL = sum(a**2) + 0.5*sum(w**2)"
    session = session_of(code, "w = [0.512345, -0.000412345]")
    while session.frame.gradient_state(session.problem.graph.names["w"]) != "partial":
        session.back()
    for width in range(18, 50):
        assert max(map(line_width, gradient_rows(session.frame, width))) <= width
        numbers = cells(gradient_rows(session.frame, width))[1][1:3]
        assert any(text.endswith("…") for text in numbers)


def test_a_right_claim_has_the_digits_of_its_column(session_of):
    model, data = "yhat = sum(w*x)\nL = yhat", "x = [0.44691234, 0.13444]"
    session = session_of(model, "w = [1.5, 2.5]", data, more="[backward]\ncode = 'dw = 1.0*x'")
    session.investigation.judge()
    rows = cells(gradient_rows(session.frame, 32))
    assert rows[1][-3:] == ["0.4469", "0.4469", "✓"]
    assert rows[2][-3:] == ["0.1344", "0.1344", "✓"]


def test_one_digit_is_not_what_a_wrong_claim_is_compared_by():
    session = gradtui.load("grad_missing_path")
    session.seek(12)
    session.investigation.judge()
    assert cells(gradient_rows(session.frame, 28))[1:3] == [
        ["w", "1.144", "-4.99e-5", "-3.81e-5", "✗"],
        ["v", "0.6232", "-2.18e-5", "-2.18e-5", "✓"],
    ]


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        (['"W1"', '"b1"'], ["W1[0]", "b1[0]"]),
        (["first_weight", "first_bias"], ["…ight[0]", "…bias[0]"]),
        (["first.weight", "third.weight"], ["firs…[0]", "thir…[0]"]),
        (["block_of_w", "block_of_b"], ["…of_w[0]", "…of_b[0]"]),
    ],
)
def test_names_are_shortened_before_a_column_goes(monkeypatch, session_of, names, shown):
    """Shortened to the end that tells them apart; the key of a dict is enough."""
    labels = [f"p[{name}]" if name.startswith('"') else name for name in names]
    session = session_of("yhat = sum(u*x) + sum(v*x)\nL = yhat", "u = [1.5]\nv = [2.5]",
                         "x = [1.23457]", more="[backward]\ncode = 'du = 2.1*x'")  # fmt: skip
    frame = session.frame
    own = {node.id: label for node, label in zip(frame.graph.parameters, labels, strict=True)}
    monkeypatch.setattr("gradtui.explain.vector.label", lambda _, node: own.get(node, "L"))
    head, *rows = cells(gradient_rows(frame, 27))[:3]
    assert head == ["∂L/∂", "by", "hand"]
    assert [row[0] for row in rows] == shown
    assert [row[0] for row in cells(gradient_rows(frame, 80))[1:3]] == [
        f"{label}[0]" for label in labels
    ]
