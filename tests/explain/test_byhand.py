"""What was written by hand, in rows: marks, values, findings."""

import pytest

import gradtui
from gradtui.debugger.stops import next_finding
from gradtui.explain.beside import beside_rows, wrong_tables
from gradtui.explain.byhand import blamed_edges
from gradtui.explain.findings import findings_rows, notes_rows
from gradtui.explain.graph_text import CLOSE, wire_text, wire_width
from gradtui.explain.program import (
    current_place,
    current_row,
    program_length,
    program_rows,
)
from gradtui.explain.report import show_json, to_json
from gradtui.explain.spans import line_text, line_width
from gradtui.explain.step import header, now_line
from gradtui.explain.update import update_rows
from gradtui.explain.vector import gradient_rows

MODEL = "yhat = w*x\ne = yhat - 5\nL = e**2"
BACKWARD = "[backward]\ncode = '''\nde = 2*e\ndyhat = {}\ndw = dyhat*x\n'''"
INHERITED = BACKWARD.format("e")
RIGHT = BACKWARD.format("de")


def texts(rows):
    return [line_text(row).rstrip() for row in rows]


def cells(rows):
    return [row.split() for row in texts(rows)]


def test_each_line_by_hand_has_its_value_and_its_mark(session_of):
    session = session_of(MODEL, more=INHERITED)
    session.investigation.judge()
    rows = cells(program_rows(session.frame, 60))
    assert rows[3] == ["backward,", "by", "hand"]
    # w 2, x 3, e 1: de is right, dyhat lacks the 2 of de, dw takes that over.
    assert [row[-2:] for row in rows[4:]] == [["2", "✓"], ["1", "✗"], ["3", "↳"]]


def test_before_the_diagnosis_is_done_the_numbers_of_the_step_decide(session_of):
    session = session_of(MODEL, more=INHERITED)
    rows = cells(program_rows(session.frame, 60))
    assert [row[-1] for row in rows[4:]] == ["✓", "✗", "✗"]


def test_a_claim_that_is_right_only_here_is_marked_wrong_once_diagnosed(session_of):
    # At w 2 and x 2 they are equal.
    wrong = RIGHT.replace("dw = dyhat*x", "dw = dyhat*w")
    session = session_of(MODEL, data="x = 2.0", more=wrong)
    assert texts(gradient_rows(session.frame, 60))[1].endswith("✓")
    session.investigation.judge()
    assert texts(gradient_rows(session.frame, 60))[1].endswith("✗")


def test_a_factor_left_for_later_is_no_mistake_of_the_line_that_leaves_it():
    # dz = p - late lacks the 1/m of L, which dw and db put in: only db is wrong.
    session = gradtui.load("grad_unreduced_broadcast")
    session.investigation.judge()
    judgement = session.investigation.judgement
    assert (judgement.wrong, judgement.noted) == ({"db"}, {"dz"})
    marks = [row[-1] for row in cells(program_rows(session.frame, 60))[4:]]
    assert marks == ["5", "i", "✓", "✗"]


def test_the_update_says_whose_gradient_it_takes(session_of):
    session = session_of(MODEL, more=RIGHT)
    assert "w ← w - lr·dw, dw by hand" in texts(update_rows(session.frame, 60))
    session.branches.toggle_drive()
    assert "w ← w - lr·∂L/∂w" in texts(update_rows(session.frame, 60))


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


def test_findings_show_line_message_and_fix(session_of):
    session = session_of(MODEL, more=INHERITED)
    assert texts(findings_rows(session.frame, 60)) == ["comparing what was written by hand …"]
    session.investigation.judge()
    rows = texts(findings_rows(session.frame, 60))
    number = session.problem.lines.index("dyhat = e") + 1
    assert rows[0] == f"✗ line {number}  dyhat = e"
    assert "  fix: dyhat = 2*e" in rows
    assert rows[-1] == "↳ wrong only because of another line: dw"
    assert max(map(line_width, findings_rows(session.frame, 30))) <= 30


def test_right_claims_are_said_to_be_right_before_the_notes(session_of):
    session = session_of(MODEL, more=RIGHT)
    session.investigation.judge()
    right = "✓ 3 claims compared and right"
    assert texts(notes_rows(session.frame, 60)) == [right, "looking at the run …"]
    session.investigation.look()
    assert texts(notes_rows(session.frame, 60)) == [right, "✓ no findings in the run"]


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


def test_the_header_says_what_drives(session_of):
    session = session_of(MODEL, more=RIGHT)
    assert "drive hand" in line_text(header(session.frame, 100))
    session.branches.toggle_drive()
    assert "drive autodiff" in line_text(header(session.frame, 100))
    assert "drive" not in line_text(header(session_of(MODEL).frame, 100))


def test_json_has_what_was_written_by_hand(session_of):
    found = show_json(session_of(MODEL, more=INHERITED).frame, None)["hand"]
    assert found["drive"] == "hand"
    assert found["claims"] == {"e": 2.0, "yhat": 1.0, "w": 3.0}
    assert [(line["name"], line["value"], line["claims"]) for line in found["lines"]] == [
        ("de", 2.0, "e"), ("dyhat", 1.0, "yhat"), ("dw", 3.0, "w"),
    ]  # fmt: skip
    assert "hand" not in show_json(session_of(MODEL).frame, None)


def test_json_has_no_value_of_a_line_whose_shapes_do_not_fit(session_of):
    found = show_json(session_of(MODEL, more=BACKWARD.format("de @ e")).frame, None)["hand"]
    assert [(line["name"], line["value"]) for line in found["lines"]] == [
        ("de", 2.0), ("dyhat", None), ("dw", 6.0),  # of the true dyhat, 2
    ]  # fmt: skip


def test_a_wrong_line_shows_the_true_value_beside_its_own(session_of):
    session = session_of(MODEL, more=INHERITED)
    session.investigation.judge()
    rows = cells(program_rows(session.frame, 60))
    assert rows[4][-2:] == ["2", "✓"]
    assert rows[5][-4:] == ["true", "2", "1", "✗"]
    assert rows[6][-4:] == ["true", "6", "3", "↳"]
    narrow = cells(program_rows(session.frame, 22))
    assert narrow[5][-3:] == ["e", "1", "✗"]


def test_stepping_goes_from_line_to_line_and_says_what_each_is_worth(session_of):
    session = session_of(MODEL, more=INHERITED)
    session.investigation.judge()
    number = session.problem.lines.index("de = 2*e") + 1
    session.restart()
    said = []
    while session.position < session.order.backward:
        session.into()
        said.append(line_text(now_line(session.frame)).strip())
    assert said[0] == "now  ∂L/∂L = 1  the backward pass starts at the loss"
    assert said[2::2] == [
        f"now  line {number}  de = 2·e = 2·1 = 2  ✓  true ∂L/∂e = 2  right",
        f"now  line {number + 1}  dyhat = e = 1  ✗  true ∂L/∂yhat = 2  wrong in this line",
        f"now  line {number + 2}  dw = dyhat·x = 1·3 = 3  ↳  true ∂L/∂w = 6  "
        "wrong only because of another line",
    ]
    assert said[1::2] == [
        "now  L → e  ∂L/∂L · ∂L/∂e = 1 · 2 = 2",
        "now  e → yhat  ∂L/∂e · ∂e/∂yhat = 2 · 1 = 2",
        "now  yhat → w  ∂L/∂yhat · ∂yhat/∂w = 2 · 3 = 6",
    ]


def test_a_helper_and_a_line_without_a_value_say_so(session_of):
    more = "[backward]\ncode = '''\nk = 2*x\ndw = e*k*z\n'''"
    session = session_of(MODEL, data="x = 3.0\nz = [1.0, 2.0]", more=more)
    for verdict in ("wrong at this step", "wrong in this line"):
        session.position = session.order.forward + 2
        said = line_text(now_line(session.frame)).rstrip()
        assert said.endswith("k = 2·x = 2·3 = 6     a helper")
        session.position = session.order.backward
        said = line_text(now_line(session.frame))
        assert said.rstrip().endswith(f"✗  true ∂L/∂w = 6  {verdict}")
        session.investigation.judge()


def test_before_the_lines_are_compared_none_is_blamed(session_of):
    session = session_of(MODEL, more=INHERITED)
    number = session.problem.lines.index("dw = dyhat*x") + 1
    (row,) = texts(beside_rows(session.frame))
    assert row == f"by hand  dw = dyhat·x = 1·3 = 3  ✗  wrong at this step, line {number}"


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


@pytest.mark.parametrize("level", ["named", "operations"])
def test_the_blamed_edge_is_marked_on_the_graph(session_of, level):
    more = "[backward]\ncode = '''\ndyhat = 2*e\ndw = dyhat\ndb = dyhat\n'''"
    session = session_of("yhat = w*x + b\ne = yhat - 5\nL = e**2", "w = 2.0\nb = 0.5", more=more)
    if level == "operations":
        session.toggle_level()
    frame = session.frame
    edges = frame.structure.edges
    assert not any("✗" in wire_text(frame, *edge, CLOSE) for edge in edges)
    session.investigation.judge()
    frame = session.frame
    marked = [edge for edge in edges if edge in blamed_edges(frame)]
    assert [source for source, _ in marked] == [frame.graph.names["w"]]
    assert [wire_text(frame, *edge, CLOSE) for edge in edges if edge in marked] == ["✗ ×3"]
    assert [edge for edge in edges if "✗" in wire_text(frame, *edge, CLOSE)] == marked
    assert all(
        len(wire_text(frame, *edge, CLOSE)) <= wire_width(frame, *edge, CLOSE) for edge in edges
    )


def test_the_selected_node_has_what_was_written_of_it_beside_the_chain_rule(session_of):
    session = session_of(MODEL, more=INHERITED)
    session.investigation.judge()
    number = session.problem.lines.index("dw = dyhat*x") + 1
    assert texts(beside_rows(session.frame)) == [
        f"by hand  dw = dyhat·x = 1·3 = 3  ↳  wrong only because of another line, line {number}"
    ]
    assert wrong_tables(session.frame) == []
    session.restart()
    assert beside_rows(session.frame) == []


def test_a_wrong_array_is_there_number_by_number(session_of):
    more = "[backward]\ncode = 'dw = 2*(w*x - 1)'"
    session = session_of("L = sum((w*x - 1)**2)", "w = [1.0, 2.0]", more=more)
    session.investigation.judge()
    assert texts(wrong_tables(session.frame)) == ["dw = 4  10"]


def test_an_intermediate_of_a_function_is_shown_beside_the_true_gradient():
    session = gradtui.load("grad_transposed")
    session.investigation.judge()
    next_finding(session)
    said = line_text(now_line(session.frame))
    assert "dh = dz @ W2 = " in said
    assert "✗  true ∂L/∂h = [12×3] " in said
    assert said.rstrip().endswith("wrong in this line")


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
