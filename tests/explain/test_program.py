"""The program in rows: its lines with their values and marks."""

from pathlib import Path

import pytest

import gradtui
from explain.hand import INHERITED, MODEL, RIGHT
from gradtui.debugger.stops import next_finding
from gradtui.explain.program import (
    current_place,
    current_row,
    given_rows,
    program_length,
    program_rows,
)
from gradtui.explain.spans import line_text, line_width
from gradtui.explain.step import now_line
from rows import cells, texts


def test_the_program_is_the_file_s_lines_with_labels_and_values():
    session = gradtui.load("two_weights")
    rows = texts(program_rows(session.frame, 40))
    line = session.problem.lines.index("yhat = w1*x1 + w2*x2") + 1
    assert [" ".join(row.split()) for row in rows] == [
        f"{line}▸ ŷ = w1*x1 + w2*x2 8",
        f"{line + 1} e = ŷ - y 3",
        f"{line + 2} L = e**2 9",
    ]
    assert {line_width(row) for row in program_rows(session.frame, 40)} == {40}


def test_a_statement_over_several_lines_is_shown_as_one(session_of):
    session = session_of("a = (\n  w*x  # first\n  + 1)\nL = (a\n )**2")
    assert [row.split() for row in texts(program_rows(session.frame, 40))] == [
        ["11▸", "a", "=", "(w*x", "+", "1)", "7"],
        ["14", "L", "=", "(a)**2", "49"],
    ]


def test_where_the_code_does_not_fit_beside_the_range_the_shape_is_enough(session_of):
    session = session_of("h = tanh(X*w + 1)\nL = sum(h/w)", "w = 1.0", "X = [[0.0, 2.0, 4.0]]")
    wide, narrow = (texts(program_rows(session.frame, width))[0].split() for width in (46, 30))
    code = ["h", "=", "tanh(X*w", "+", "1)", "[1×3]"]
    assert wide[1:] == [*code, "0.762", "to", "1"]
    assert narrow[1:] == code


def test_where_the_range_fits_beside_the_code_without_the_shape_it_is_shown(session_of):
    session = session_of("H = X*w - 2.0\nL = sum(H)", "w = [1.5]", "X = [[1.0, 2.5]]")
    ends = [texts(program_rows(session.frame, width))[0][17:].split() for width in (37, 31, 25)]
    assert ends == [["[1×2]", "-0.5", "to", "1.75"], ["-0.5", "to", "1.75"], ["[1×2]"]]


def test_what_is_not_finite_is_shown_before_the_code(session_of):
    session = session_of("h = log(X*w)\nL = sum(h)", "w = 1.0", "X = [[1.0, 2.0, 4.0]]", lr=1.0)
    session.seek(1)  # w = 1 - 3
    row = texts(program_rows(session.frame, 30))[0]
    assert row.split()[-3:] == ["[1×3]", "all", "nan"]
    assert "h =" in row


def test_each_line_by_hand_has_its_value_and_its_mark(session_of):
    session = session_of(MODEL, more=INHERITED)
    session.investigation.judge()
    rows = cells(program_rows(session.frame, 60))
    assert rows[3] == ["backward,", "by", "hand"]
    # w 2, x 3, e 1: de is right, dyhat lacks the 2 of de, dw takes that over.
    assert [row[-2:] for row in rows[4:]] == [["2", "✓"], ["1", "✗"], ["3", "↳"]]


def test_of_a_line_of_several_names_each_value_is_told_apart(session_of):
    more = "[backward]\ncode = '''\na1, b1 = a, b\ndw = 2*b1 + 2*w*a1\n'''"
    session = session_of("a, b = 2*w, w*w\nL = a*b", "w = 3.0", more=more)
    rows = [row.split()[-2:] for row in texts(program_rows(session.frame, 70))]
    assert rows[:3] == [["a", "6"], ["b", "9"], ["a*b", "54"]]
    told = [" ".join(row.split()) for row in texts(program_rows(session.frame, 70))[4:6]]
    assert ["a1 6" in told[0], "b1 9" in told[1]] == [True, True]


def test_before_the_diagnosis_is_done_the_numbers_of_the_step_decide(session_of):
    session = session_of(MODEL, more=INHERITED)
    rows = cells(program_rows(session.frame, 60))
    assert [row[-1] for row in rows[4:]] == ["✓", "✗", "✗"]


def test_a_factor_left_for_later_is_no_mistake_of_the_line_that_leaves_it():
    # dz = p - late lacks the 1/m of L, which dw and db put in: only db is wrong.
    session = gradtui.load("grad_unreduced_broadcast")
    session.investigation.judge()
    judgement = session.investigation.judgement
    assert (judgement.wrong, judgement.noted) == ({"db"}, {"dz"})
    marks = [row[-1] for row in cells(program_rows(session.frame, 60))[4:]]
    assert marks == ["✓", "i", "✓", "✗"]


def test_values_by_hand_appear_as_the_backward_pass_reaches_them(session_of):
    session = session_of(MODEL, more=RIGHT)
    session.investigation.judge()
    session.restart()
    assert [row[-2] for row in cells(program_rows(session.frame, 60))[4:]] == ["·", "·", "·"]
    session.into()
    session.into()
    assert current_row(session.frame) == 2
    session.into()
    rows = texts(program_rows(session.frame, 60))
    assert [row.split()[-2] for row in rows[4:]] == ["2", "·", "·"]
    assert "▸" in rows[4]
    assert current_row(session.frame) == 4


@pytest.mark.parametrize("start", range(8))
def test_a_window_of_the_program_is_part_of_the_whole(session_of, start):
    more = INHERITED + "\n[update]\ncode = '''\na = lr*g\nw = w + a\n'''"
    session = session_of(MODEL, more=more)
    session.investigation.judge()
    whole = texts(program_rows(session.frame, 60))
    assert len(whole) == program_length(session.frame) == 3 + 1 + 3 + 1 + 2
    assert texts(program_rows(session.frame, 60, start, start + 4)) == whole[start : start + 4]


def test_the_lines_of_an_update_have_the_values_of_the_selected_parameter(session_of):
    session = session_of("L = w**2 + v**2", "w = 2.0\nv = 3.0",
                         more="[update]\ncode = '''\na = lr*g\nw = w + a\n'''")  # fmt: skip
    session.investigation.judge()
    assert [row[-2:] for row in cells(program_rows(session.frame, 60))[2:]] == [
        ["lr*g", "0.6"], ["3.6", "✗"],
    ]  # fmt: skip
    session.selection.select_next(-1)
    assert cells(program_rows(session.frame, 60))[3][-2] == "2.4"
    session.branches.toggle_drive()
    assert cells(program_rows(session.frame, 60))[3][-2:] == ["a", "✗"]


def test_a_wrong_line_shows_the_true_value_beside_its_own(session_of):
    session = session_of(MODEL, more=INHERITED)
    session.investigation.judge()
    rows = cells(program_rows(session.frame, 60))
    assert rows[4][-2:] == ["2", "✓"]
    assert rows[5][-4:] == ["true", "2", "1", "✗"]
    assert rows[6][-4:] == ["true", "6", "3", "↳"]
    narrow = cells(program_rows(session.frame, 22))
    assert narrow[5][-3:] == ["e", "1", "✗"]


def test_the_cursor_goes_to_the_line_of_a_helper_that_is_blamed(session_of):
    more = "[backward]\ncode = '''\nk = e\nu = 1*k\ndw = u*x\n'''"
    session = session_of(MODEL, more=more)
    session.investigation.judge()
    next_finding(session)
    number = session.problem.lines.index("k = e") + 1
    assert session.message.startswith(f"finding 1 of 1, line {number}: ")
    assert line_text(now_line(session.frame)).startswith(f"now  line {number}  k = e = 1")
    assert current_place(session.frame).line == number


def test_the_line_of_an_update_that_is_blamed_is_in_view_and_no_other(tmp_path, write):
    with open(write("L = (w*x)**2", more='[update]\ncode = "w = w + lr*g"'), encoding="utf-8") as f:
        scenario = f.read()
    scenario = scenario.replace("[update]", '[backward]\nsource = "net.py:backward"\n[update]')
    number = scenario.splitlines().index('code = "w = w + lr*g"') + 1
    blank = "\n" * (number - 2)  # so that the Python line has the number of the update's
    python = f"def backward(w, x):\n{blank}    dw = 2*w*x*x\n    return dw\n"
    (tmp_path / "net.py").write_text(python)
    (tmp_path / "both.toml").write_text(scenario)
    session = gradtui.load(tmp_path / "both.toml")
    session.investigation.judge()
    next_finding(session)
    rows = program_rows(session.frame, 60)
    assert session.message.startswith(f"finding 1 of 1, line {number}: ")
    assert current_row(session.frame) == len(rows) - 1
    assert current_place(session.frame).line == number
    chosen = [texts([row])[0] for row in rows if any(role == "selected" for _, role in row)]
    assert [row.split()[0] for row in chosen] == [str(number)]
    assert "lr*g" in chosen[0]


def test_arrays_from_a_file_have_the_names_of_their_columns_and_classes(write):
    path = write(
        "L = cross_entropy(X@W, y)", "W = [[0.1, 0.2], [0.3, 0.4]]",
        data='file = "a.csv"\nX = ["size", "weight"]\ny = "kind"\nsize = "size"',
    )  # fmt: skip
    table = "size,weight,kind\n1,2,plum\n2,3,fig\n"
    Path(path).with_name("a.csv").write_text(table, encoding="utf-8")
    given = " ".join(line_text(row) for row in given_rows(gradtui.load(path).frame, 200))
    assert " ".join(given.split()) == (
        "given X [2×2]: size weight y [2]: 0 fig 1 plum size [2] W [2×2]"
    )


def test_of_many_columns_the_first_are_named_and_the_others_counted(write):
    names = [f"p{at}" for at in range(30)]
    path = write("L = sum((X*w)**2)", "w = 1.0", data='file = "a.csv"\nX = "p*"')
    Path(path).with_name("a.csv").write_text(
        ",".join(names) + "\n" + ",".join("1" * 30) + "\n", encoding="utf-8"
    )
    given = " ".join(line_text(row) for row in given_rows(gradtui.load(path).frame, 200))
    assert given.endswith("p6  p7  … 22 more")
