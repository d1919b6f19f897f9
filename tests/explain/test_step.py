"""One step in rows: what is done now, the program, the gradient vector, the update."""

import pytest

import gradtui
from gradtui.explain.findings import notes_rows
from gradtui.explain.gauge import gauge_rows
from gradtui.explain.program import program_rows
from gradtui.explain.spans import line_text, line_width
from gradtui.explain.step import header, message_row, now_line
from gradtui.explain.timeline import timeline
from gradtui.explain.update import update_rows
from gradtui.explain.vector import gradient_row, gradient_rows, steepest


def texts(rows):
    return [line_text(row).rstrip() for row in rows]


def narrate(session):
    """Return what each moment of a step says."""
    session.position = 0
    said = [line_text(now_line(session.frame))]
    while session.position < session.order.end:
        session.into()
        said.append(line_text(now_line(session.frame)))
    return [text.removeprefix("now  ") for text in said]


def test_a_message_takes_one_row_and_shows_where_it_is_cut():
    told = "branch 'lr 0.1' from step 3; key , goes back to the run before"
    assert line_text(message_row(told, 80)) == f" {told} "
    cut = line_text(message_row(told, 40)).rstrip()
    assert cut.endswith("…") and len(cut) <= 40
    assert line_text(message_row("two\nlines", 40)) == " two lines "


def test_every_moment_of_two_weights_is_a_sentence_with_its_numbers():
    assert narrate(gradtui.load("two_weights")) == [
        "step 0 begins: no value is computed yet",
        "ŷ = w1·x1 + w2·x2 = 1·2 + 2·3 = 8",
        "e = ŷ - y = 8 - 5 = 3",
        "L = e² = 3² = 9",
        "∂L/∂L = 1  the backward pass starts at the loss",
        "L → e  ∂L/∂L · ∂L/∂e = 1 · 6 = 6",
        "e → ŷ  ∂L/∂e · ∂e/∂ŷ = 6 · 1 = 6",
        "ŷ → w1  ∂L/∂ŷ · ∂ŷ/∂w1 = 6 · 2 = 12",
        "ŷ → w2  ∂L/∂ŷ · ∂ŷ/∂w2 = 6 · 3 = 18",
        "w1 ← 1 - 0.05·12 = 0.4",
        "w2 ← 2 - 0.05·18 = 1.1",
    ]


def test_what_is_said_of_a_moment_leaves_out_steps_where_it_is_wider_than_the_screen():
    session = gradtui.load("five_parcels")
    session.restart()
    session.position = 3
    frame = session.frame
    assert line_text(now_line(frame, 60)) == "now  L = mean(e²) = mean([5]²) = 0.72884"
    assert line_text(now_line(frame, 35)) == "now  L = mean(e²) = 0.72884"
    assert line_text(now_line(frame, 20)) == "now  L = 0.72884"


def test_no_moment_of_a_long_backward_pass_is_cut_at_80_columns():
    session = gradtui.load("grad_missing_slope")
    session.investigation.judge()
    session.seek(1)
    session.position = 0
    while session.position < session.order.end:
        session.into()
        assert line_width(now_line(session.frame, 79)) <= 79
    session.position = session.order.backward
    assert line_text(now_line(session.frame, 79)).startswith("now  db1 = [-0.0876 0.00281 0.0926]")


def test_every_operation_of_two_weights_is_a_sentence():
    session = gradtui.load("two_weights")
    session.toggle_level()
    said = narrate(session)
    assert said[1:4] == ["w1·x1 = 1·2 = 2", "w2·x2 = 2·3 = 6", "ŷ = w1·x1 + w2·x2 = 1·2 + 2·3 = 8"]
    assert said[9:13] == [
        "ŷ → w1·x1  ∂L/∂ŷ · ∂ŷ/∂(w1·x1) = 6 · 1 = 6",
        "ŷ → w2·x2  ∂L/∂ŷ · ∂ŷ/∂(w2·x2) = 6 · 1 = 6",
        "w1·x1 → w1  ∂L/∂(w1·x1) · ∂(w1·x1)/∂w1 = 6 · 2 = 12",
        "w2·x2 → w2  ∂L/∂(w2·x2) · ∂(w2·x2)/∂w2 = 6 · 3 = 18",
    ]


def test_a_weight_used_twice_is_added_up(session_of):
    said = narrate(session_of("a = w*x\nb = w*4 + 1\nL = a*b"))
    assert said[7:9] == [
        "b → w  ∂L/∂b · ∂b/∂w = 6 · 4 = 24  more paths add to it",
        "a → w  ∂L/∂a · ∂a/∂w = 9 · 3 = 27  sum 51",
    ]


def test_negative_numbers_are_readable_in_products_and_powers(session_of):
    said = narrate(session_of("a = w*x\nb = a - w\nL = b**2", "w = -2.0", "x = -3.0"))
    assert said[1:4] == [
        "a = w·x = -2·(-3) = 6",
        "b = a - w = 6 - (-2) = 8",
        "L = b² = 8² = 64",
    ]
    said = narrate(session_of("b = w*x\nL = b**2", "w = -2.0", "x = 3.0"))
    assert said[2] == "L = b² = (-6)² = 36"
    assert said[-1] == "w ← -2 - 0.1·(-36) = 1.6"


def test_a_number_and_another_name_are_not_said_twice(session_of):
    said = narrate(session_of("n = 3\nh = w\nL = h*n"))
    assert said[1:4] == ["n = 3", "h = w = 2", "L = h·n = 2·3 = 6"]


def test_a_tensor_s_moments_are_short():
    said = narrate(gradtui.load("five_parcels"))
    assert said[1] == "ŷ = X @ w = [5×2] @ [2] = [5] 1.39 to 10.7"
    assert said[-2:] == ["ŷ → w  X.T @ ∂L/∂ŷ = [1.6456 2.888]", "w ← [0.71772 1.3556]"]


def test_the_update_is_arithmetic():
    session = gradtui.load("two_weights")
    assert texts(update_rows(session.frame)) == [
        "w ← w - lr·∂L/∂w",
        "w1  1 - 0.05·12 = 0.4",
        "w2  2 - 0.05·18 = 1.1",
    ]
    session.seek(1)
    assert texts(update_rows(session.frame))[1:] == [
        "w1  0.4 - 0.05·(-3.6) = 0.58",
        "w2  1.1 - 0.05·(-5.4) = 1.37",
    ]


def test_the_update_of_a_gradient_that_is_the_same_for_all_elements(session_of):
    session = session_of("L = sum(w)*0.5", "w = [[1.0, 2.0], [3.0, 4.0]]")
    assert texts(update_rows(session.frame))[1:] == [
        "w[0,0]  1 - 0.1·0.5 = 0.95",
        "w[0,1]  2 - 0.1·0.5 = 1.95",
        "w[1,0]  3 - 0.1·0.5 = 2.95",
        "w[1,1]  4 - 0.1·0.5 = 3.95",
    ]


ANY_SHAPE = """
q = reshape(w, (4, 1))
c = g - mean(g, axis=0, keepdims=True)
n = sum(c*c)
p = c.T
z = broadcast_to(n, (2, 1, 2))*2
w = w - lr*p/sqrt(mean(z))
"""


def test_the_lines_of_an_update_have_any_shape(session_of):
    """g = 2w = ((2, 4), (6, 8)), its columns' means (4, 6), c = ((-2, -2), (2, 2)), n = 16."""
    more = f"[update]\ncode = '''{ANY_SHAPE}'''"
    session = session_of("L = sum(w**2)", "w = [[1.0, 2.0], [3.0, 4.0]]", more=more)
    assert texts(update_rows(session.frame))[7:13] == [
        "w[0,1]  q = reshape([2×2], (4, 1)) = [4×1] 1 to 4",
        "        c = 4 - 6 = -2",
        "        n = sum([2×2]·[2×2]) = 16",
        "        p = [2×2].T = 2",
        "        z = broadcast_to(16, (2, 1, 2))·2 = [2×1×2] all 32",
        "        w = 2 - 0.1·2/sqrt(32) = 1.96464",
    ]


def test_an_update_stretches_and_reshapes_a_scalar(session_of):
    code = "w = w - lr*g\nq = broadcast_to(w, (3,))\nr = reshape(w, (1,))"
    session = session_of("L = w*w", more=f"[update]\ncode = '''{code}'''")
    assert texts(update_rows(session.frame))[1:] == [
        "w  w = 2 - 0.1·4 = 1.6",
        "   q = 1.6 = [1.6 1.6 1.6]",
        "   r = reshape(1.6, (1,)) = [1.6]",
    ]


def test_the_gradient_vector_has_value_derivative_difference_and_norm():
    rows = [row.split() for row in texts(gradient_rows(gradtui.load("two_weights").frame))]
    assert rows == [
        ["value", "∂L/∂", "central"],
        ["w1", "1", "12", "12", "✓"],
        ["w2", "2", "18", "18", "✓"],
        ["|∇|", "21.6333"],
    ]


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


@pytest.mark.parametrize("width", [20, 40, 80, 120, 200])
def test_the_header_says_step_pass_and_loss(width):
    session = gradtui.load("two_weights")
    text = line_text(header(session.frame, width))
    assert "step 0/12   backward done   L 9" in text
    session.seek(1)
    assert line_text(header(session.frame, width)).rstrip().endswith("L 0.81 ▼")


@pytest.mark.parametrize("width", [10, 38, 60, 120])
def test_the_timeline_marks_the_present_step_and_fits(width):
    session = gradtui.load("two_weights")
    session.seek(12)
    row = timeline(session.frame, width)
    assert line_width(row) <= width
    assert line_text(row).count("●") == (width > 20)


def test_notices_come_before_the_notes(session_of):
    session = session_of("L = w**2", "w = 1.0\nb = 2.0")
    assert texts(notes_rows(session.frame, 60))[1] == "▲ the loss does not use the parameter 'b'"


FALLING = '[schedule]\nname = "exponential"\ngamma = 0.5'


def of_optimizer(write, optimizer, **parts):
    """Open a session on L = (w·x)² at w = 2, x = 3 under an optimizer."""
    path = write("L = (w*x)**2", **parts)
    with open(path, encoding="utf-8") as file:
        text = file.read()
    with open(path, "w", encoding="utf-8") as file:
        file.write(text.replace('name = "sgd"', optimizer))
    return gradtui.load(path)


def test_the_update_of_adam_shows_m_and_v_and_their_corrections(write):
    session = of_optimizer(write, 'name = "adam"')
    session.seek(1)
    assert texts(update_rows(session.frame))[1:] == [
        "w  m = 0.9·3.6 + (1 - 0.9)·34.2 = 6.66",
        "   v = 0.999·1.296 + (1 - 0.999)·34.2² = 2.46434",
        "   m̂ = 6.66/(1 - 0.9**2) = 35.0526",
        "   v̂ = 2.46434/(1 - 0.999**2) = 1232.79",
        "   w = 1.9 - 0.1·35.0526/(sqrt(1232.79) + 1e-8) = 1.80017",
        "   own rate = 0.1/(sqrt(1232.79) + 1e-8) = 0.0028481   step -0.0998335",
    ]


def test_a_line_wider_than_the_panel_goes_on_in_the_next_row(write):
    session = of_optimizer(write, 'name = "adam"')
    rows = texts(update_rows(session.frame, 30))
    assert rows[:3] == ["w ← w - lr·m̂/(√v̂ + eps), m̂ and", "v̂ the running means of g and", "g²"]
    assert rows[3:7] == [
        "w  m = 0.9·0 + (1 - 0.9)·36",
        "   = 3.6",
        "   v = 0.999·0",
        "     + (1 - 0.999)·36² = 1.296",
    ]


@pytest.mark.parametrize("width", [24, 38, 54])
@pytest.mark.parametrize("name", ["five_parcels_adam", "softmax_classifier", "two_weights"])
def test_every_number_of_an_update_is_there_at_any_width(name, width):
    session = gradtui.load(name)
    session.seek(3)
    rows = update_rows(session.frame, width)
    assert all(line_width(row) <= width for row in rows)
    assert "…" not in "".join(texts(rows))


def test_the_update_reads_the_clipped_gradient_and_says_so(write):
    session = of_optimizer(write, 'name = "sgd"\nclip_norm = 18')
    assert texts(update_rows(session.frame))[1:] == [
        "clip  |∇| 36: all gradients × 0.5",
        "w  2 - 0.1·18 = 0.2",
    ]
    assert session.frame.gradients["w"] == 36.0
    session.position = session.order.backward - 1
    assert texts(update_rows(session.frame))[1:] == ["clip  ·", "w  ·"]
    within = of_optimizer(write, 'name = "sgd"\nclip_norm = 36.5').frame
    assert texts(update_rows(within))[1] == "clip  |∇| 36: not clipped: all gradients × 1"


def test_the_header_and_the_update_say_the_rate_of_the_step(write):
    session = of_optimizer(write, 'name = "sgd"', lr=0.01, more=FALLING)
    session.seek(2)
    assert "sgd  lr 0.0025" in "".join(text for text, _ in header(session.frame, 100))
    assert " - 0.0025·" in texts(update_rows(session.frame))[1]


@pytest.mark.parametrize("rows_of", [gradient_rows, update_rows])
def test_any_stretch_of_a_table_holds_the_rows_of_the_whole(session_of, rows_of):
    session = session_of("L = sum(w**2) + b", "w = {shape = [30, 20], init = 'ones'}\nb = 2.0")
    whole = rows_of(session.frame)
    assert len(whole[:]) == len(whole) > 402
    for start in (0, 1, 2, 200, *range(398, 405)):
        for count in (1, 2, 5, 500):
            part = [text.split() for text in texts(whole[start : start + count])]
            listed = [text.split() for text in texts(whole)]
            if rows_of is gradient_rows and len(part) > 1:  # the titles stay
                listed[start] = listed[0]
            assert part == listed[start : start + count]


def test_the_update_names_the_loss_as_the_file_does(session_of):
    session = session_of("cost = w**2", "w = 1.0")
    assert texts(update_rows(session.frame))[0] == "w ← w - lr·∂cost/∂w"


def test_where_the_code_does_not_fit_beside_the_range_the_shape_is_enough(session_of):
    session = session_of("h = tanh(X*w + 1)\nL = sum(h/w)", "w = 1.0", "X = [[0.0, 2.0, 4.0]]")
    wide, narrow = (texts(program_rows(session.frame, width))[0].split() for width in (46, 30))
    code = ["h", "=", "tanh(X*w", "+", "1)", "[1×3]"]
    assert wide[1:] == [*code, "0.762", "to", "1"]
    assert narrow[1:] == code


def test_what_is_not_finite_is_shown_before_the_code(session_of):
    session = session_of("h = log(X*w)\nL = sum(h)", "w = 1.0", "X = [[1.0, 2.0, 4.0]]", lr=1.0)
    session.seek(1)  # w = 1 - 3
    (row, _) = texts(program_rows(session.frame, 30))
    assert row.split()[-3:] == ["[1×3]", "all", "nan"]
    assert "h = log(X*…" in row


def test_above_the_limit_the_findings_say_whether_the_run_diverges():
    session = gradtui.load("five_parcels_rate_1_5")
    assert "above the limit" in texts(gauge_rows(session.frame, 60))[0]
    session.investigation.look()
    assert "diverges" in texts(gauge_rows(session.frame, 60))[0]


def test_the_gradient_of_an_array_begins_where_something_is(session_of):
    model = "L = sum(X@W) + 0*sum(v)"
    data = "X = [[0.0, 0.0, 2.0, -3.0]]"
    session = session_of(model, "W = {shape = [4, 2], init = 'ones'}\nv = [1.0, 2.0]", data)
    frame = session.frame
    assert texts([gradient_rows(frame)[gradient_row(frame)]])[0].split()[0] == "W[2,0]"
    assert steepest(frame, frame.selected) == (3, 0)
    session.selection.look("0,1")
    assert gradient_row(session.frame) == 2, "an element under the lens is that element"
    session.selection.leave()
    session.selection.select(session.problem.graph.names["v"])
    frame = session.frame
    assert texts([gradient_rows(frame)[gradient_row(frame)]])[0].split()[0] == "v[0]"
    assert steepest(frame, frame.selected) is None
    session.position = 0
    session.selection.select(session.problem.graph.names["W"])
    assert gradient_row(session.frame) == 1
    assert steepest(session.frame, session.selection.node) is None
