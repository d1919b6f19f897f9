"""What the names of the user's own code hold at the cursor."""

import textwrap

import numpy as np
import pytest

import gradtui
from gradtui.debugger.assigned import OwnNames
from gradtui.debugger.inspection import inspect
from gradtui.debugger.session import Session
from tracing.runs import module_of

LAYERS = """
import numpy as np

X = np.array([[1.0, 2.0], [3.0, -1.0]])


class Layer:
    def __init__(self, W):
        self.W = W

    def forward(self, x):
        self.x = x
        z = x @ self.W
        self.z = z
        return z ** 2

    def backward(self, dout):
        dz = 3 * dout * self.z
        self.dW = self.x.T @ dz
        return dz @ self.W.T


def case(V=np.array([[0.5, 1.0], [-0.25, 0.75]]), U=np.array([[1.0, 0.5], [0.25, -1.0]])):
    first, second = Layer(V), Layer(U)
    h = second.forward(first.forward(X))
    loss = h.sum()
    dh = np.ones_like(h)
    first.backward(second.backward(dh))
    parts = [0.0]
    for t in range(3):
        part = dh[0] * t
        parts.append(part)
    while len(parts) < 6:
        extra = dh[0] * len(parts)
        parts.append(extra)
    kept = {}
    kept["z"] = first.z * 1.0
    return loss, {"V": first.dW, "U": second.dW}
"""
X = np.array([[1.0, 2.0], [3.0, -1.0]])
V, U = np.array([[0.5, 1.0], [-0.25, 0.75]]), np.array([[1.0, 0.5], [0.25, -1.0]])
Z = X @ V
OUT = Z**2
SECOND = 3 * np.ones((2, 2)) * (OUT @ U)
FIRST = 3 * (SECOND @ U.T) * Z


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    file = tmp_path_factory.mktemp("own") / "layers.py"
    file.write_text(textwrap.dedent(LAYERS))
    return gradtui.trace(module_of(file).case)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("dz", FIRST),
        ("dz#1", SECOND),
        ("dz#2", FIRST),
        (" dz[1,0]", FIRST[1, 0]),
        ("dz#1[0]", SECOND[0]),
        ("dz - grad(z)", FIRST - 2 / 3 * FIRST * 2 / 3),
        ("max(abs(dz))", np.abs(FIRST).max()),
        ("dout", SECOND @ U.T),
        ("dout#1", np.ones((2, 2))),
        ("dV", X.T @ FIRST),
        ("dU", OUT.T @ SECOND),
        ("self.dW", X.T @ FIRST),
        ("self.dW#1[1, 1]", (OUT.T @ SECOND)[1, 1]),
        ("line 20", SECOND @ U.T),
        ("part", 2 * np.ones(2)),
        ("part(t=1)", np.ones(2)),
        ("part(t = 0)", np.zeros(2)),
        ("extra(#1)", 4 * np.ones(2)),
        ("parts[5]", 5 * np.ones(2)),
        ("parts[5][0]", 5),
        ("kept['z']", Z),
        ('kept["z"][0]', Z[0]),
        ("z", OUT @ U),
        ("z#1", Z),
        ("z[0,1]", (OUT @ U)[0, 1]),
        ("2*z - V", 2 * OUT @ U - V),
        ("V", V),
        ("dX", 2 / 3 * 2 / 3 * FIRST @ V.T),
        ("grad(z)", 2 / 3 * 2 / 3 * FIRST),
    ],
)
def test_a_name_of_the_code_is_what_the_code_holds_never_what_it_should_hold(
    session, text, expected
):
    np.testing.assert_allclose(inspect(text, session), expected, rtol=1e-12)


def test_of_many_values_it_is_the_last_before_the_cursor(session):
    call = session.problem.call
    written = [at for at, line in enumerate(call.lines) if line.name == "dz"]
    for position, expected in (
        (session.structure.line_at[written[0]], SECOND),
        (session.structure.line_at[written[1]] - 1, SECOND),
        (session.structure.line_at[written[1]], FIRST),
        (0, FIRST),
    ):
        own = OwnNames(session.problem, session.structure, position)
        found = own.find("dz")
        np.testing.assert_array_equal(found.value, expected)
        assert found.many == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("dzz", "'dzz' is not defined; did you mean 'dz'?"),
        ("self.dWW", "'self.dWW' is not defined; did you mean 'self.dW'?"),
        ("dz#3", "there is no dz#3, but dz#1 to dz#2"),
        ("part(t=7)", "there is no part(t=7), but part(t=0) to part(t=2)"),
        ("dh(t=0)", "there is no dh(t=0), but dh"),
        (
            "parts",
            "'parts' is no single value; its entries: parts[0], parts[1], parts[2], …, parts[5]",
        ),
        ("kept", """'kept' is no single value; its entries: kept["z"]"""),
        ("dz#1 - dz", "what stands after '#' would be a comment"),
    ],
)
def test_what_the_code_does_not_hold_is_refused(session, text, message):
    with pytest.raises(gradtui.InputError) as caught:
        inspect(text, session)
    assert message in caught.value.message


def test_a_name_of_the_forward_pass_is_its_last_value_before_the_cursor_too(session):
    moving, names = Session(session.problem), session.problem.graph.names
    for name, expected in (("z", Z), ("z#2", OUT @ U)):
        moving.position = moving.structure.value_at[names[name]]
        np.testing.assert_allclose(inspect("z", moving), expected, rtol=1e-12)


def test_a_scenario_has_no_names_of_that_kind():
    problem = gradtui.load("two_weights").problem
    own = OwnNames(problem, None, 0)
    assert own.find("dw1") is None and own.values == {}
