"""`[backward]`: how its lines move the weights, what is refused, and what is only noticed."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gradtui
from gradtui.base.source import InputError
from scenario.passes import CODE, DATA, PARAMETERS, RIGHT, messages


def refused(load_pass, *arguments, **parts):
    with pytest.raises(InputError) as caught:
        load_pass(*arguments, **parts)
    return caught.value


def test_the_lines_may_stand_in_any_shape_of_program(load_pass):
    session = load_pass("dw2 = 2*(w1*x1 + w2*x2 - y)*x2")
    assert session.problem.backward.claims == {"dw2": "w2"}
    assert session.frame.claims == {"w2": 18.0}


def test_a_claim_of_another_shape_loads_and_does_not_drive(load_pass):
    session = load_pass("dw1 = [2]*x1".replace("[2]", "one_hot(0, 3)") + "\ndw2 = 0*e")
    np.testing.assert_array_equal(session.frame.claims["w1"], [2.0, 0.0, 0.0])
    assert session.frame.gradients["w1"] == 12.0
    session.seek(1)
    # w1 by the true gradient 12, w2 by the claimed 0.
    assert session.frame.parameters == {"w1": pytest.approx(1 - 0.1 * 12), "w2": 2.0}


def test_claims_move_the_weights_and_what_is_unclaimed_moves_by_the_true_gradient(load_pass):
    session = load_pass("dw2 = 2*e")
    assert session.problem.drive == "hand"
    session.seek(1)
    assert session.frame.parameters == {"w1": pytest.approx(-0.2), "w2": pytest.approx(1.4)}


def test_with_autodiff_the_true_gradients_move_the_weights(load_pass):
    session = load_pass("dw2 = 2*e", run='drive = "autodiff"')
    assert session.frame.claims == {"w2": 6.0}
    session.seek(1)
    assert session.frame.parameters == {"w1": pytest.approx(-0.2), "w2": pytest.approx(0.2)}


def test_state_keeps_last_steps_value(load_pass):
    session = load_pass(
        "dw1 = dw1 + 2*e*x1\nlast = dw1", "state = { dw1 = 0.0 }", parameters="w1 = 1.0\nw2 = 2.0"
    )
    assert session.frame.claims["w1"] == 12.0
    session.seek(1)
    # w1 1 - 0.1·12, w2 2 - 0.1·18: e = -0.4 + 0.6 - 5 = -4.8, so 12 - 9.6·2.
    assert session.frame.claims["w1"] == pytest.approx(12 - 19.2)


def test_state_takes_the_shape_of_what_is_assigned_to_it(load_pass):
    session = load_pass("dW = dW + outer(x, 2*(x@W - t))", "state = { dW = 0.0 }",
                   data="x = [1.0, 2.0]\nt = [0.5, 0.5, 0.5]",
                   parameters="W = { shape = [2, 3], init = 'ones' }",
                   model="L = sum((x@W - t)**2)")  # fmt: skip
    first = session.frame.gradients["W"]
    np.testing.assert_allclose(session.frame.claims["W"], first)
    session.seek(1)
    np.testing.assert_allclose(session.frame.claims["W"], first + session.frame.gradients["W"])


def test_a_stale_value_is_that_of_the_step_before(load_pass):
    session = load_pass("dw1 = old*x1\nold = 2*e", "state = { old = 0.0 }")
    assert session.frame.claims["w1"] == 0.0
    session.seek(1)
    assert session.frame.claims["w1"] == 2 * 6.0


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_stepping_back_through_state_gives_the_same_bits(load_pass, dtype):
    session = load_pass("dw1 = 0.5*dw1 + 2*e*x1\ndw2 = 2*e*x2", "state = { dw1 = 0.0 }",
                   run=f'dtype = "{dtype}"', lr=0.01)  # fmt: skip
    seen = {}
    for step in (0, 1, 2, 40, 17, 3):
        session.seek(step)
        seen[step] = (session.history.state(step).tobytes(), repr(dict(session.frame.claims)))
    for step in (3, 17, 40, 2, 1, 0):
        session.seek(step)
        assert seen[step] == (
            session.history.state(step).tobytes(), repr(dict(session.frame.claims))
        )  # fmt: skip


def test_a_pass_by_hand_sees_the_batch_of_its_step(load_pass):
    session = load_pass(
        "dw1 = 2*mean((w1*x - t)*x)\nkept = kept + dw1", "state = { kept = 0.0 }",
        model="L = mean((w1*x - t)**2)", parameters="w1 = 1.0", lr=0.01,
        data="x = [1.0, 2.0, 3.0, 4.0]\nt = [0.5, 0.5, 1.0, 9.0]",
        run="[batches]\nover = ['x', 't']\nsize = 2\nshuffle = true\nseed = 1",
    )  # fmt: skip
    rows = []
    for step in range(9):
        session.seek(step)
        assert session.frame.claims["w1"] == pytest.approx(session.frame.gradients["w1"])
        rows.append(session.history.state(step).tobytes())
    assert [session.history.state(step).tobytes() for step in reversed(range(9))] == rows[::-1]


@pytest.mark.parametrize(
    "code", ["dw1 = 0*e/0\ndw2 = 1/(0*e)", "dw1 = log(0*e - 1)", "dw1 = exp(1000 + 0*e)"]
)
def test_a_claim_that_is_not_finite_stops_nothing(load_pass, code):
    session = load_pass(code)
    assert not np.isfinite(session.frame.claims["w1"])
    for step in (1, 5, 2):
        session.seek(step)
        assert not np.isfinite(session.frame.parameters["w1"])


@pytest.mark.parametrize(
    ("code", "table", "message", "line"),
    [
        ("", "", "the code of [backward] is empty", "code = '''"),
        ("de = 2*q", "", "'q' is not defined", "de = 2*q"),
        ("de = 2*yaht", "", "'yaht' is not defined; did you mean 'yhat'?", "de = 2*yaht"),
        ("dw1 = de*x1\nde = 2*e", "", "'de' is read before it is assigned, on line 30; if last "
         "step's value is meant, give it a first value in state = { de = 0.0 }", "dw1 = de*x1"),
        ("de = e\nde = 2*e", "", "'de' is assigned twice: a name is assigned once; call the one "
         "above de_1, and read that here", "de = 2*e"),
        ("e = 2", "", "'e' is a name of the model and cannot be assigned again: leave the line "
         "out, or choose another name; its gradient is de", "e = 2"),
        ("dw1 += e", "state = { dw1 = 0.0 }", "'+=' is not part of the language, since a "
         "name is assigned once: write dw1 = dw1 + e", "dw1 += e"),
        ("dw1 = e\ndw1 *= x1 + 1", "", "'*=' is not part of the language, since a name is "
         "assigned once: rename the one above to dw1_1, and write dw1 = dw1_1 * (x1 + 1)",
         "dw1 *= x1 + 1"),
        ("w1 = 2*e", "", "'w1' is a name of the model and cannot", "w1 = 2*e"),
        ("prev = 2*e", "", "'prev' is reserved", "prev = 2*e"),
        ("de = 2*e", "state = { e = 0.0 }", "'e' has a meaning in [backward] already",
         "state = { e = 0.0 }"),
        ("de = 2*e", "state = { lr = 0.0 }", "'lr' is reserved", "state = { lr = 0.0 }"),
        ("de = 2*e", "state = { a = [] }", "an empty list has no numbers", "state = { a = [] }"),
        ("a = one_hot(0, 3)", "state = { a = [1.0, 2.0] }", "'a' keeps shape 2 and is assigned "
         "shape 3", "a = one_hot(0, 3)"),
        ("grd = 2*e", 'claims = { grad = "w1" }', "'grad' is not assigned in [backward]; did you "
         "mean 'grd'?", 'claims = { grad = "w1" }'),
        ("g1 = 2*e", 'claims = { g1 = "w3" }', "'w3' is not a name of the model", None),
        ("a = 2*e\nb = e", 'claims = { a = "w1", b = "w1" }', "the gradient of 'w1' is claimed "
         "twice: by 'a' and by 'b'", None),
        ("de = 2*e", 'file = "g.npz"', "[backward] has both 'code' and 'file': give one", None),
        ("de = 2*e", "states = {}", "unknown key 'states'; did you mean 'state'?", "states = {}"),
    ],
)  # fmt: skip
def test_a_backward_pass_that_cannot_be_used_is_refused(load_pass, code, table, message, line):
    error = refused(load_pass, code, table)
    assert error.message.startswith(message), error.message
    assert line in (None, error.source_line)


def test_state_that_is_never_read_is_a_notice(load_pass):
    notices = messages(load_pass(RIGHT, "state = { acc = 0.0 }"))
    assert notices == ["[backward] never reads 'acc', which its state keeps"]


def numbers_file(tmp_path, arrays, more=""):
    np.savez(tmp_path / "grads.npz", **arrays)
    path = tmp_path / "s.toml"
    path.write_text(f"""title = "t"
[data]
x = [1.0, 2.0]
[parameters]
w = [1.0, 1.0]
b = 0.5
[model]
code = "L = (sum(w*x) + b)**2"
[optimizer]
name = "sgd"
lr = 0.01
[backward]
file = "grads.npz"
{more}
""")
    return path


def test_numbers_of_a_file_are_claims_at_step_0_and_do_not_drive(tmp_path):
    session = gradtui.load(numbers_file(tmp_path, {"w": np.array([7.0, 14.0]), "b": 6.0}))
    np.testing.assert_array_equal(session.problem.backward.numbers["w"], [7.0, 14.0])
    assert session.frame.claims["b"] == 6.0
    assert session.frame.gradients["b"] == 7.0
    session.seek(1)
    assert session.frame.parameters["b"] == pytest.approx(0.5 - 0.01 * 7)
    assert session.frame.claims == {}


def test_numbers_may_have_any_shape_and_need_not_be_finite(tmp_path):
    session = gradtui.load(numbers_file(tmp_path, {"w": np.ones((2, 2)), "b": np.nan}))
    assert session.frame.claims["w"].shape == (2, 2)
    assert np.isnan(session.frame.claims["b"])


def test_a_line_of_too_many_operations_is_refused(load_pass):
    error = refused(load_pass, "de = 2*e\ndw1 = de*x1" + " + w1" * 150)
    assert "too many operations in a row: the limit of a line in [backward] is 120" in error.message
    assert error.source_line.startswith("dw1 = de*x1 + w1")


def test_a_call_of_too_many_operands_is_refused_as_well(load_pass):
    """Of 3,000 operands every change that is tried would be 3,000 operations."""
    error = refused(load_pass, f"de = 2*e\ndw1 = concat({','.join(['w1[None]'] * 150)})")
    assert "too many operations in a row: the limit of a line in [backward] is 120" in error.message


@pytest.mark.parametrize(
    ("arrays", "more", "message"),
    [
        ({"w": [1.0, 2.0]}, "", "no array 'b' in grads.npz"),
        ({"w": ["a"], "b": 1.0}, "", "array 'w': holds text"),
        ({"w": 1.0, "b": 1.0}, "state = { a = 1.0 }", "[backward] has 'state', which does not"),
        ({"w": 1.0, "b": 1.0}, 'claims = { a = "w" }', "[backward] has 'claims', which does"),
    ],
)
def test_numbers_that_cannot_be_used_are_refused(tmp_path, arrays, more, message):
    with pytest.raises(InputError) as caught:
        gradtui.load(numbers_file(tmp_path, arrays, more))
    assert caught.value.message.startswith(message)


def test_an_array_that_is_no_parameter_is_a_notice(tmp_path):
    path = numbers_file(tmp_path, {"w": [1.0, 2.0], "b": 1.0, "b_": 2.0})
    assert messages(gradtui.load(path)) == [
        "'b_' in grads.npz is not a parameter and is not compared; did you mean 'b'?"
    ]


PIECES = st.sampled_from(
    ["dw1", "de", "e", "w1", "x1", " = ", "=", "\n", "*", "+", "2", "(", ")", "sum(", ".T", "@",
     "**", "axis=0", ",", "a", "dw1 = ", "a = ", "outer(a, a)", "for", "#", "[", "]"]
)  # fmt: skip


TABLES = st.sampled_from(["", "state = { a = 0.0 }", "state = { a = [1.0, 2.0], dw1 = 0.0 }"])


@settings(max_examples=300)
@given(st.lists(PIECES, max_size=20).map("".join) | st.text(max_size=50), TABLES,
       st.sampled_from(["backward", "update"]))  # fmt: skip
def test_any_text_is_a_program_or_one_clean_error(write, text, state, table):
    text = text.replace("'", "").replace("\r", "")
    path = write(CODE, PARAMETERS, DATA, more=f"[{table}]\n{state}\ncode = '''\n{text}\n'''")
    try:
        session = gradtui.load(path)
    except InputError as error:
        first, *rest = str(error).split("\n")
        assert first.startswith(f"{path}:")
        assert ": error: " in first
        assert len(rest) in (0, 2)
    else:
        rows = [session.history.state(step).tobytes() for step in range(4)]
        assert [session.history.state(step).tobytes() for step in (3, 2, 1, 0)] == rows[::-1]


@pytest.mark.parametrize(
    ("code", "drive"),
    [("dw = 2*e*x", "hand"), ("de = 2*e\ng_w = de*x", "autodiff"), ("g_w = 2*e*x", "autodiff")],
)
def test_lines_without_a_claim_of_a_weight_do_not_drive(session_of, code, drive):
    more = f"[backward]\ncode = '''\n{code}\n'''"
    session = session_of("e = w*x - 5\nL = e**2", more=more)
    assert session.problem.drive == drive
    assert bool(session.problem.undriven) == (drive == "autodiff")


def test_a_drive_by_hand_that_moves_nothing_is_told(write):
    path = write("e = w*x - 5\nL = e**2", steps='5\ndrive = "hand"',
                 more="[backward]\ncode = 'de = 2*e'")  # fmt: skip
    problem = gradtui.load(path).problem
    assert problem.drive == "autodiff"
    (notice,) = problem.notices
    assert "the true ones move them" in notice.message
    assert problem.line_at(notice.place) == 'drive = "hand"'
