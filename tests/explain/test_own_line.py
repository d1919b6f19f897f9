"""What a wrong line of code that was run assigns, beside the true gradient."""

import re

import numpy as np

import gradtui
from gradtui.explain.findings import findings_rows
from gradtui.explain.own_line import own_line
from gradtui.explain.program import program_rows
from gradtui.explain.spans import line_text
from gradtui.explain.step import now_line

X = np.array([[1.0, 2.0], [0.5, -1.0], [-1.5, 0.3]])
GIVEN = {"W": np.array([[0.3, -0.2], [0.1, 0.4]]), "v": np.array([0.7, -0.5])}


def relu(W, v):
    z = X @ W
    h = np.maximum(0, z)
    loss = np.sum(h @ v)
    dh = np.outer(np.ones(3), v)
    dz = dh * (h >= 0)
    return loss, (X.T @ dz, h.sum(axis=0))


def looped(W, v):
    h, dW = [X[0]], np.zeros_like(W)
    for t in range(2):
        h.append(np.tanh(W @ h[t]))
    loss = h[2] @ v
    dh = v
    for t in (1, 0):
        dz = dh * (1 - h[t + 1])
        dW += np.outer(dz, h[t])
        dh = W.T @ dz
    return loss, (dW, h[2])


def passed(dh, h):
    dh = dh * (h >= 0)
    return dh


def layered(W, v):
    z = X @ W
    h = np.maximum(0, z)
    loss = np.sum(h @ v)
    return loss, (X.T @ passed(np.outer(np.ones(3), v), h), h.sum(axis=0))


def examined(case):
    session = gradtui.trace(case, **GIVEN)
    while session.investigation.unknown:
        session.investigation.look()
    return session


def test_a_wrong_line_is_shown_with_the_true_gradient_that_its_name_says():
    session = examined(relu)
    (finding,) = session.frame.known.findings
    found = own_line(session.frame, finding.place)
    # z is [[0.5, 0.6], [0.05, -0.5], [-0.42, 0.42]]: h >= 0 lets the two below 0 pass.
    assert (found.name, found.index, found.value, found.true) == ("dz", (2, 0), 0.7, 0.0)
    assert found.brief == "[2,0] is 0.7, true 0"
    rows = [line_text(row) for row in findings_rows(session.frame, 80)]
    assert "  here dz[2,0] is 0.7, the true ∂L/∂z[2,0] is 0" in rows
    (row,) = [
        line_text(row) for row in program_rows(session.frame, 100) if "dz = dh" in line_text(row)
    ]
    assert re.search(r"\[2,0\] is 0.7, true 0  \[3×2\] -0.5 to 0.7 ✗$", row)


def test_numbers_that_the_finding_has_are_not_told_again():
    session = examined(relu)
    (finding,) = session.frame.known.findings
    found = own_line(session.frame, finding.place)
    assert found.is_told_in("the gradient of z[2,0] is 0.7, the true one is 0: a factor")
    assert not found.is_told_in("the gradient of z[2,0] is 0.75, the true one is 0")
    assert not found.is_told_in("the gradient of z[2,0] is 0.7, the true one is 0.5.")


def test_before_the_line_is_done_it_has_nothing_to_show():
    session = examined(relu)
    (finding,) = session.frame.known.findings
    session.position = session.order.forward
    assert own_line(session.frame, finding.place) is None
    assert not any("here" in line_text(row) for row in findings_rows(session.frame, 80))


def test_a_line_in_a_loop_holds_a_part_and_is_compared_with_no_whole():
    session = examined(looped)
    places = [one.place for one in session.frame.known.findings if one.severity == "error"]
    assert places
    assert all(own_line(session.frame, place) is None for place in places)


def stacked(W, v):
    z = X @ W
    h = np.tanh(z)
    y = np.tanh(h @ v)
    loss = np.sum(y)
    d, grads = np.ones((3, 1)), []
    for out, back in ((y[:, None], v[None, :]), (h, np.eye(2))):
        dz = d * (1 - out)
        grads.append(dz)
        d = dz @ back
    return loss, (X.T @ grads[1], (h.T @ grads[0])[:, 0])


def at_line(session, finding):
    """Return the frame at the last execution of the line of a finding."""
    lines = session.problem.call.lines
    executed = [
        at for at, one in session.structure.called.items()
        if lines[one].place.line == finding.place.line
    ]  # fmt: skip
    session.position = max(executed)
    return session.frame


def test_a_round_of_another_shape_holds_a_gradient_of_its_own():
    session = examined(stacked)
    (finding,) = [one for one in session.frame.known.findings if one.severity == "error"]
    session.position = session.order.end
    found = own_line(session.frame, finding.place)
    assert session.frame.graph.nodes[found.node].name == "z"
    assert f"✗  {found.told(session.frame)}" in line_text(now_line(at_line(session, finding)))


def test_an_argument_that_is_assigned_again_is_no_gradient_of_its_name():
    session = examined(layered)
    (finding,) = session.frame.known.findings
    assert "dh = dh * (h > 0)" in finding.fix
    assert own_line(session.frame, finding.place) is None


def test_a_scenario_has_its_own_way_to_show_that():
    session = gradtui.load("two_weights")
    assert own_line(session.frame, session.problem.rate_place) is None
