"""`[update]`: what is read, what is refused, and that it moves the weights."""

import numpy as np
import pytest

import gradtui
from gradtui.base.source import InputError
from gradtui.cli.arguments import main
from gradtui.engine.curvature import Curvature, gauge

CODE = "L = sum((w*x - 6)**2)"


@pytest.fixture
def load(write):
    def call(code, state="", optimizer="", more="", **parts):
        text = f"{optimizer}\n[update]\n{state}\ncode = '''\n{code}\n'''\n{more}"
        return gradtui.load(write(CODE, more=text, **parts))

    return call


def refused(load, *arguments, **parts):
    with pytest.raises(InputError) as caught:
        load(*arguments, **parts)
    return caught.value


def test_an_update_is_read_with_its_state_and_its_lines(load):
    update = load("m = 0.9*m + g\nw = w - lr*m", "state = { m = 0.5 }").problem.update
    assert [line.name for line in update.program] == ["m", "w"]
    assert update.state["m"] == 0.5
    assert update.lines[update.program[1].place.line - 1] == "w = w - lr*m"


def test_without_an_update_there_is_none(session_of):
    assert session_of("L = (w*x)**2").problem.update is None


def test_a_hand_written_update_moves_the_weights(load):
    # w 2, x 3: dL/dw = 2·(6 - 6)·3 = 0; from w 1: 2·(3 - 6)·3 = -18, and + goes uphill.
    session = load("w = w + lr*g", parameters="w = 1.0")
    session.seek(1)
    assert session.frame.parameters["w"] == pytest.approx(1 - 0.1 * 18)


def test_autodiff_uses_the_optimizer_instead(write):
    more = '[update]\ncode = "w = w + lr*g"'
    path = write(CODE, parameters="w = 1.0", more='drive = "autodiff"\n' + more)
    session = gradtui.load(path)
    session.seek(1)
    assert session.frame.parameters["w"] == pytest.approx(1 + 0.1 * 18)


def test_a_hand_written_adam_moves_as_adam_does(write):
    adam = """m = beta1*m + (1 - beta1)*g
v = beta2*v + (1 - beta2)*g**2
w = w - lr*(m/(1 - beta1**t))/(sqrt(v/(1 - beta2**t)) + eps)"""
    data, start = "x = [1.0, 3.0]", "w = [0.5, -1.0]"
    text = f"[update]\nstate = {{ m = 0, v = 0 }}\ncode = '''\n{adam}\n'''"
    path = write(CODE, parameters=start, data=data, more=text)
    with open(path, encoding="utf-8") as file:
        own = file.read().replace('"sgd"', '"adam"')
    with open(path, "w", encoding="utf-8") as file:
        file.write(own)
    by_hand = gradtui.load(path).problem
    assert by_hand.drive == "hand"
    trainer, peer = by_hand.trainer, by_hand.driven_by("autodiff").trainer
    row, other = trainer.run(trainer.initial, 30), peer.run(peer.initial, 30)
    np.testing.assert_allclose(row, other, rtol=1e-13)


def test_w_and_the_state_read_their_old_value_until_assigned(load):
    # m keeps w as it was: w of step 2 is m of step 1, which is w of step 0.
    session = load("old = m\nm = w\nw = old + 0*g", "state = { m = 7.0 }", parameters="w = 1.0")
    seen = []
    for step in range(4):
        session.seek(step)
        seen.append(session.frame.parameters["w"])
    assert seen == [1.0, 7.0, 1.0, 7.0]


def test_going_back_through_the_state_of_an_update_gives_the_same_bits(load):
    session = load("m = 0.9*m + g\nw = w - 0.01*lr*m", "state = { m = 0.0 }", steps=50,
                   data="x = [1.0, 3.0]", parameters="w = [0.5, -1.0]")  # fmt: skip
    rows = [session.history.state(step).tobytes() for step in range(50)]
    assert [session.history.state(step).tobytes() for step in reversed(range(50))] == rows[::-1]


@pytest.mark.parametrize(
    ("code", "state", "message"),
    [
        ("w = w - lr*gg", "", "'gg' is not defined; did you mean 'g'?"),
        (
            "w = w - lr*x",
            "",
            "'x' is not defined: an update reads w, g, t, lr, the optimizer's "
            "constants and its own state",
        ),
        ("m = g", "", "the update never assigns w: expected a line w = …, the new parameter"),
        ("lr = 1\nw = w", "", "'lr' is given and cannot be assigned: choose another name"),
        ("momentum = 1\nw = w", "", "'momentum' is given and cannot be assigned"),
        ("a = 1\na = 2\nw = w", "", "'a' is assigned twice: a name is assigned once"),
        ("w = b\nb = w", "", "'b' is read before it is assigned, on line 25"),
        ("w = w - g", "state = { g = 0.0 }", "'g' has a meaning in [update] already"),
        ("w = w - m", "state = { m = 'a' }", "expected a number, got text"),
        (
            "w += g",
            "",
            "'+=' is not part of the language, since a name is assigned once: write w = w + g",
        ),
        ("w = one_hot(0*w, 3)", "", "'w' has shape 3 here, which does not fit the shape"),
    ],
)
def test_an_update_that_cannot_be_used_is_refused(load, code, state, message):
    error = refused(load, code, state)
    assert error.message.startswith(message)
    assert error.source_line


def test_a_state_that_does_not_fit_a_parameter_is_refused(load):
    error = refused(load, "w = w - m*g", "state = { m = [1.0, 2.0, 3.0] }",
                    data="x = [1.0, 3.0]", parameters="w = [0.5, -1.0]")  # fmt: skip
    assert error.message == "the state 'm' has shape 3, which does not fit the parameter 'w' of 2"
    assert error.source_line == "state = { m = [1.0, 2.0, 3.0] }"


def test_an_update_that_does_not_drive_is_still_checked(write):
    path = write(CODE, more='drive = "autodiff"\n[update]\ncode = "w = one_hot(0*w, 3)"')
    with pytest.raises(InputError, match="'w' has shape 3 here"):
        gradtui.load(path)


def test_state_that_is_never_read_is_a_notice(load):
    notices = load("w = w - lr*g", "state = { m = 0.0 }").problem.notices
    assert [notice.message for notice in notices] == [
        "[update] never reads 'm', which its state keeps"
    ]


def test_to_drive_by_hand_something_must_be_written_by_hand(write):
    with pytest.raises(InputError, match="nothing is hand-written") as caught:
        gradtui.load(write(CODE, more='drive = "hand"'))
    assert caught.value.source_line == 'drive = "hand"'


def test_a_drive_that_is_none_is_refused(write):
    with pytest.raises(InputError, match="unknown drive 'hands'; did you mean 'hand'"):
        gradtui.load(write(CODE, more='drive = "hands"'))


@pytest.mark.parametrize("line", ["vhat = g**2\nw = w - lr*g/(sqrt(vhat) + 1e-8)", "w = w - lr*g"])
def test_an_update_by_hand_needs_none_of_the_optimizers_names(write, line, capsys):
    path = write(CODE, more=f"[update]\ncode = '''\n{line}\n'''")
    with open(path, encoding="utf-8") as file:
        text = file.read().replace('"sgd"', '"adam"')
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    assert main(["show", path]) == 0
    assert "own rate" not in capsys.readouterr().out
    trainer = gradtui.load(path).problem.trainer
    assert gauge(Curvature(trainer), trainer.record(trainer.initial, 0), 0.1) is None


def test_a_line_that_renames_the_gradient_is_shown_as_the_number_it_is(write, capsys):
    more = '[update]\ncode = """\nv = g\nw = w - lr*v\n"""\n'
    path = write("L = mean((w*x - 1)**2)", data="x = [1.0, 2.0]", more=more)
    assert main(["show", path]) == 0
    assert "v = 7 = 7" in capsys.readouterr().out
