"""What is done at each moment of a step, and the header."""

import gradtui
from explain.hand import INHERITED, MODEL
from gradtui.debugger.stops import next_finding
from gradtui.explain.spans import line_text, line_width
from gradtui.explain.step import message_row, now_line


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
    for width in (40, 60):
        row = line_text(message_row(told, width, "! whole"))
        assert len(row) == width and row.endswith("…   ! whole ")
    assert line_text(message_row(told, 80, "! whole")) == f" {told} "
    assert "whole" not in line_text(message_row(told, 39, "! whole"))


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


def test_an_intermediate_of_a_function_is_shown_beside_the_true_gradient():
    session = gradtui.load("grad_transposed")
    session.investigation.judge()
    next_finding(session)
    said = line_text(now_line(session.frame))
    assert "dh = dz @ W2 = " in said
    assert "✗  true ∂L/∂h = [12×3] " in said
    assert said.rstrip().endswith("wrong in this line")
