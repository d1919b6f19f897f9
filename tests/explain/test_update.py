"""The update in rows: its arithmetic, number by number."""

import gc
import re
from weakref import ref

import numpy as np
import pytest
from msgspec.structs import replace

import gradtui
import gradtui.explain.update as update
import gradtui.explain.update_lines as update_lines
from explain.hand import MODEL, RIGHT
from gradtui.base.ascii import to_ascii
from gradtui.base.text import DIGITS, SHORT, number
from gradtui.debugger.session import Session
from gradtui.explain.operands import Operands
from gradtui.explain.spans import line_width
from gradtui.explain.update import move_told, update_rows
from rows import texts

SQUARE = "L = (w*x)**2"
"""At w = 2, x = 3."""
ANY_SHAPE = """
q = reshape(w, (4, 1))
c = g - mean(g, axis=0, keepdims=True)
n = sum(c*c)
p = c.T
z = broadcast_to(n, (2, 1, 2))*2
w = w - lr*p/sqrt(mean(z))
"""


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


def test_the_form_of_an_update_is_worked_out_once(monkeypatch):
    session = gradtui.load("five_parcels_adam")
    first = texts(update_rows(session.frame))
    monkeypatch.setattr(update_lines, "formula", lambda *args: pytest.fail("again"))
    assert texts(update_rows(session.frame)) == first


def test_one_call_has_no_lines_of_an_update():
    def squares(w):
        return (w * w).sum(), {"w": 2.0 * w}

    frame = gradtui.trace(squares, w=np.array([1.0, 2.0])).frame
    assert texts(update_rows(frame)) == ["", "w[0]  ·", "w[1]  ·"]


def test_lines_whose_numbers_look_alike_are_broken_once(monkeypatch):
    session = gradtui.load("five_parcels_adam")
    first = texts(update_rows(session.frame))
    monkeypatch.setattr(update, "cuts", lambda *args: pytest.fail("again"))
    assert texts(update_rows(session.frame)) == first


def test_once_all_digits_take_too_many_rows_they_are_not_tried_for_other_weights(monkeypatch):
    frame, tried, folds = gradtui.load("transformer_block").frame, [], update._folds

    def counted(*args):
        tried.append(args[-1])
        return folds(*args)

    monkeypatch.setattr(update, "_folds", counted)
    update_rows(frame, 36)
    assert tried.count(SHORT) == len(frame.graph.parameters)
    assert tried.count(DIGITS) == 1


def test_the_numbers_of_an_element_are_made_once_for_all_its_lines(monkeypatch):
    made = []
    tell = Operands._text
    monkeypatch.setattr(
        Operands, "_text", lambda self, *of: made.append((self._index, *of)) or tell(self, *of)
    )
    rows = update_rows(gradtui.load("five_parcels_adam").frame, 200)
    texts(rows)
    again = [one for one in made if one[0] == (0,)]
    assert len(again) <= 2 * len(set(again)), "to fold the lines, and to show them"
    others = [one for one in made if one[0] != (0,)]
    assert len(others) == len(set(others))


@pytest.mark.parametrize("index", [None, (0,)])
def test_nothing_keeps_the_tape_of_numbers_that_were_read(index):
    session = gradtui.load("five_parcels_adam")
    session.move(3)
    operands = Operands(session.frame, 0, index)
    assert operands.text(session.problem.trainer.program.updates[0].result, 3)
    assert operands.own_rate(3)
    gc.disable()
    try:
        left = ref(operands)
        del operands
        assert left() is None
    finally:
        gc.enable()


def test_the_update_of_a_gradient_that_is_the_same_for_all_elements(session_of):
    session = session_of("L = sum(w)*0.5", "w = [[1.0, 2.0], [3.0, 4.0]]")
    assert texts(update_rows(session.frame))[1:] == [
        "w[0,0]  1 - 0.1·0.5 = 0.95",
        "w[0,1]  2 - 0.1·0.5 = 1.95",
        "w[1,0]  3 - 0.1·0.5 = 2.95",
        "w[1,1]  4 - 0.1·0.5 = 3.95",
    ]


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


def test_the_update_of_adam_shows_m_and_v_and_their_corrections(session_of):
    session = session_of(SQUARE, optimizer='name = "adam"')
    session.seek(1)
    assert texts(update_rows(session.frame))[1:] == [
        "w  m = 0.9·3.6 + (1 - 0.9)·34.2 = 6.66",
        "   v = 0.999·1.296 + (1 - 0.999)·34.2² = 2.46434",
        "   m̂ = 6.66/(1 - 0.9**2) = 35.0526",
        "   v̂ = 2.46434/(1 - 0.999**2) = 1232.79",
        "   w = 1.9 - 0.1·35.0526/(sqrt(1232.79) + 1e-8) = 1.80017",
        "   own rate = 0.1/(sqrt(1232.79) + 1e-8) = 0.0028481   step -0.0998335",
    ]


def test_a_line_wider_than_the_panel_goes_on_in_the_next_row(session_of):
    session = session_of(SQUARE, optimizer='name = "adam"')
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


def elements(frame, width):
    """Return the update of each element as one line of text, by the element's name."""
    found = {}
    for row in texts(update_rows(frame, width)):
        name = re.match(r"\w+\[[\d,]+\]", row)
        if name:
            found[name[0]] = name[0]
        if found:
            found[[*found][-1]] += " " + row.removeprefix(name[0] if name else "").strip()
    return {name: re.sub(r" (?=[·/])", "", text.split(" ", 1)[1]) for name, text in found.items()}


@pytest.mark.parametrize("width", [36, 66])
def test_all_numbers_of_a_panel_have_the_same_digits_and_none_is_cut(width):
    """At step 160 the gradients of iris are between 3e-6 and 0.4."""
    session = gradtui.load("iris")
    session.seek(160)
    frame, digits = session.frame, 4 if width == 36 else 6
    W1, dW1, lr = frame.parameters["W1"], frame.gradients["W1"], frame.tape.rate
    told = elements(frame, width)
    for at in np.ndindex(*W1.shape):
        w, g, after = (number(x, digits) for x in (W1[at], dW1[at], W1[at] - lr * dW1[at]))
        g = f"({g})" if g.startswith("-") else g
        assert told["W1[{},{}]".format(*at)] == f"{w} - {number(lr, digits)}·{g} = {after}"


def test_in_a_wide_panel_numbers_have_all_digits_if_they_take_few_more_rows():
    session = gradtui.load("transformer_block")
    session.seek(2)
    g = session.frame.gradients["E"][0, 0]
    for width, digits in ((66, 6), (36, 4)):
        assert f"(1 - 0.9)·{number(g, digits)}" in " ".join(
            texts(update_rows(session.frame, width))
        )


@pytest.mark.parametrize("width", [30, 36, 50, 66])
@pytest.mark.parametrize(
    "name",
    ["saturated_standardised", "transformer_block", "chain_clipped", "embeddings_adam", "iris"],
)
def test_the_update_of_an_array_has_room_for_its_widest_element(name, width):
    session = gradtui.load(name)
    for step in (0, 7, 40):
        session.seek(step)
        assert max(map(line_width, update_rows(session.frame, width))) <= width


def test_elements_look_like_the_first_one_where_they_can(session_of):
    w = [-0.12345, 0.25, 0.5, -0.00015643, *np.linspace(0.1, 0.2, 5).tolist()]
    session = session_of("L = sum(w**2)/2", f"w = {w}")
    rows = texts(update_rows(session.frame, 34))
    assert rows[1:3] == ["w[0]  -0.1235 - 0.1·(-0.1235)", "      = -0.1111"]
    assert rows[3:5] == ["w[1]  0.25 - 0.1·0.25", "      = 0.225"]
    assert rows[7:9] == ["w[3]  -0.0001564 - 0.1", "        ·(-0.0001564) = -0.0001408"]


def test_the_update_reads_the_clipped_gradient_and_says_so(session_of):
    session = session_of(SQUARE, optimizer='name = "sgd"\nclip_norm = 18')
    assert texts(update_rows(session.frame))[1:] == [
        "clip  |∇| 36: all gradients × 0.5",
        "w  2 - 0.1·18 = 0.2",
    ]
    assert session.frame.gradients["w"] == 36.0
    session.position = session.order.backward - 1
    assert texts(update_rows(session.frame))[1:] == ["clip  ·", "w  ·"]
    within = session_of(SQUARE, optimizer='name = "sgd"\nclip_norm = 36.5').frame
    assert texts(update_rows(within))[1] == "clip  |∇| 36: not clipped: all gradients × 1"


def test_the_factor_of_clipping_goes_on_in_the_next_row():
    session = gradtui.load("chain_clipped")
    session.seek(1)
    assert texts(update_rows(session.frame, 36))[1:3] == [
        "clip  |∇| 2.024e5: all gradients", "      × 0.000988",
    ]  # fmt: skip
    assert texts(update_rows(session.frame, 60))[1] == (
        "clip  |∇| 202438: all gradients × 0.000987958"
    )


def test_the_update_names_the_loss_as_the_file_does(session_of):
    session = session_of("cost = w**2", "w = 1.0")
    assert texts(update_rows(session.frame))[0] == "w ← w - lr·∂cost/∂w"


def test_the_update_says_whose_gradient_it_takes(session_of):
    session = session_of(MODEL, more=RIGHT)
    assert "w ← w - lr·dw, dw by hand" in texts(update_rows(session.frame, 60))
    session.branches.toggle_drive()
    assert "w ← w - lr·∂L/∂w" in texts(update_rows(session.frame, 60))


ROWS = "X = [[1.0, 2.0], [0.5, -1.0], [-1.5, 0.3]]\ny = [1.0, 0.0, 2.0]"
LINE = "yhat = X@w + b\ne = yhat - y\nL = mean(e**2)"
CLAIMS = "[backward]\ncode = '''\nde = 2*e/3\ndb = {db}\ndw = X.T@de\n'''"


@pytest.mark.parametrize(
    ("db", "said"),
    [
        ("de", "w ← w - lr·dw, dw by hand; for b the true one"),
        ("sum(de)", "w ← w - lr·dw, dw by hand"),
    ],
)
def test_a_weight_whose_claim_does_not_fit_is_said_to_move_by_the_true_gradient(
    session_of, db, said
):
    session = session_of(LINE, "w = [0.7, -0.5]\nb = 0.0", ROWS, more=CLAIMS.format(db=db))
    assert texts(update_rows(session.frame, 60))[0] == said
    assert "b  0 - 0.1·(-2.43333) = 0.243333" in texts(update_rows(session.frame, 60))


def test_a_weight_that_moves_by_a_line_by_hand_is_told_when_that_line_is_done(session_of):
    given = "w = [0.7, -0.5]\nb = 0.0", ROWS
    session = session_of(LINE, *given, more=CLAIMS.format(db="sum(de)"))
    names, told = session.frame.graph.names, list[tuple[bool, bool]]()
    session.position = session.order.forward
    while session.position < session.order.backward:
        frame = session.frame
        rows = texts(update_rows(frame, 60))
        assert ("b  ·" not in rows) == move_told(frame, names["b"])
        told.append((move_told(frame, names["b"]), move_told(frame, names["w"])))
        session.into()
    # db is written a line before dw
    assert list(dict.fromkeys(told)) == [(False, False), (True, False)]


@pytest.mark.parametrize(
    ("optimizer", "said"),
    [
        ('name = "sgd"\nmomentum = 0.9', "velocity = 0.9·0 + 4 = 4"),
        ('name = "sgd"\nmomentum = 0.9\nnesterov = true', "b = 2 - 0.1·(4 + 0.9·4) = 1.24"),
        ('name = "rmsprop"\nmomentum = 0.9', "velocity = 0.9·0 + 4/"),
    ],
)
def test_the_velocity_of_momentum_is_not_called_like_a_parameter(session_of, optimizer, said):
    session = session_of("L = w**2 + b**2", "b = 2.0\nw = 1.0", optimizer=optimizer)
    rows = texts(update_rows(session.frame, 200))
    assert "velocity ← momentum·velocity + " in rows[0]
    assert not any("b = 0.9" in row or "·b" in row for row in rows)
    assert any(said in row for row in rows)


def test_an_update_by_hand_keeps_its_own_names():
    rows = texts(update_rows(gradtui.load("update_momentum_average").frame, 200))
    assert any("b = 0.9·0 + " in row for row in rows)


def test_the_lines_of_a_number_assign_it_by_its_name(session_of):
    session = session_of("L = a**2", "a = 1.0", optimizer='name = "sgd"\nmomentum = 0.5')
    assert any("a = 1 - 0.1·2 = 0.8" in row for row in texts(update_rows(session.frame, 200)))


@pytest.mark.parametrize(("ascii", "sign"), [(False, "→ "), (True, "-> ")])
def test_a_weight_that_has_moved_has_a_sign_of_its_own(ascii, sign):
    session = gradtui.load("update_uphill")
    session = Session(replace(session.problem, ascii=ascii))
    session.position = session.order.backward + 1
    rows = [to_ascii(row) if ascii else row for row in texts(update_rows(session.frame))]
    assert [row.split("1 +")[0].split("2 +")[0] for row in rows[1:]] == [
        f"w1{sign}",
        "w2   "[: 2 + len(sign)],
    ]


def test_the_shown_numbers_of_a_difference_that_is_small_lead_to_its_result():
    session = gradtui.load("softmax_classifier")
    for width in (36, 38, 44, 64):
        rows = " ".join(texts(update_rows(session.frame, width)))
        shown = re.search(r"W1\[0,3\] +(\S+) - (\S+)·\((\S+)\) += (\S+)", rows)
        old, rate, slope, new = map(float, shown.groups())
        # In four digits it would be -0.05292 - 0.5·(-0.1065), which is 0.00033.
        assert new == pytest.approx(0.000343, abs=2e-7)
        assert old - rate * slope == pytest.approx(new, abs=2.5e-6), width
    small = update_rows(session.frame, 36)
    assert "W1[0,0]  -0.6183 - 0.5·(-0.1492)" in texts(small), "others keep their form"
