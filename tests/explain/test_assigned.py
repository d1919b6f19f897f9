"""The truth beside a hand-written name: where its value comes from, and what it should be."""

import textwrap

import pytest

import gradtui
from gradtui.debugger.steps import Written
from gradtui.explain.assigned import assigned_note, name_at_cursor
from tracing.runs import module_of

CODE = """
import numpy as np

X = np.array([2.0, 1.0])


def square(z):
    return z ** 2


def back(z, dout):
    dz = 3 * dout * z
    return dz


def case(w=np.array([0.5, -1.0])):
    z = w * X
    y = square(z)
    loss = y.sum()
    dy = np.ones_like(y)
    for t in range(2):
        dz = back(z, dy)
    dw = dz * X
    return loss, {"w": dw}
"""


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    file = tmp_path_factory.mktemp("own") / "net.py"
    file.write_text(textwrap.dedent(CODE))
    return gradtui.trace(module_of(file).case)


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("dz", "line 22, t = 1 of 2  true: grad(z) [2 -2]"),
        ("dz#1", "line 12, t = 0 of 2  true: grad(z) [2 -2]"),
        ("dy", "line 20  ✓ grad(y)"),
        ("dw", "line 23  ↳ true: grad(w) [4 -2]"),
        ("dout", "given to back, t = 1 of 2"),
        ("dX", "the true gradient: grad(X)"),
        ("y", "line 18"),
        ("z", "given to back, t = 1 of 2"),
        ("z#1", "line 17, z#1 of 4"),
        ("w", ""),
        ("grad(z)", ""),
        ("dz + 1", ""),
    ],
)
def test_a_name_of_the_code_says_its_line_and_the_true_gradient(session, text, note):
    assert assigned_note(text, session.frame) == note


def test_what_is_returned_without_a_name_of_its_own_says_so(tmp_path):
    file = tmp_path / "short.py"
    file.write_text("def case(w=2.0):\n    return w * w, {'w': w}\n")
    frame = gradtui.trace(module_of(file).case).frame
    assert assigned_note("dw", frame) == "as returned  ✗ true: grad(w) 4"


def test_a_value_of_the_forward_pass_that_is_called_dx_is_no_gradient_of_x(tmp_path):
    file = tmp_path / "short.py"
    file.write_text(
        "def case(w=2.0):\n    x = w * w\n    dx = x - 1\n    return dx * x, {'w': 24.0}\n"
    )
    frame = gradtui.trace(module_of(file).case).frame
    assert assigned_note("dx", frame) == "line 3"


@pytest.mark.parametrize(
    ("text", "note"),
    [("dw2", "line 47  ✗ true: grad(w2) 18"), ("dw1", "line 46  ✓ grad(w1)"), ("w2", ""), ("", "")],
)
def test_a_line_of_a_scenario_says_the_true_gradient(text, note):
    assert assigned_note(text, gradtui.load("grad_missing_factor").frame) == note


def test_the_line_at_the_cursor_has_a_name_to_ask_for(session):
    names = []
    for position, moment in enumerate(session.order.moments, 1):
        if isinstance(moment, Written):
            session.position = position
            names.append(name_at_cursor(session.frame))
    assert names == ["dy", "dz", "dz", "dw"]
    assert name_at_cursor(gradtui.load("two_weights").frame) == ""
