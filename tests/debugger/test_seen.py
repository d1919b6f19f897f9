"""Where in a step a finding is seen."""

import numpy as np

import gradtui
from gradtui.debugger.stops import next_finding
from gradtui.explain.called import place_text


def test_a_vanishing_gradient_is_gone_to_where_it_has_arrived():
    session = gradtui.load("sigmoids_deep")
    session.investigation.look()
    for _ in session.investigation.findings:
        next_finding(session)
        if session.investigation.chosen.rule == "vanishing-gradient":
            break
    node = session.problem.graph.names["h1"]
    assert session.selection.node == node
    assert session.frame.where.value == "backward"
    assert session.frame.gradient_state(node) == "known"


def of_several_lines(w):
    d = (
        2
        * np.cos(w)  # the mistake
        * np.ones(3)
    )
    loss = np.sum(2 * np.sin(w)) + np.sum(w)
    dw = d * 1.0
    return loss, {"w": dw}


def test_a_line_within_a_statement_is_gone_to_where_that_begins():
    session = gradtui.trace(of_several_lines, w=np.array([0.2, 0.5, -0.4]))
    (finding,) = session.investigation.findings
    first = of_several_lines.__code__.co_firstlineno + 1
    assert first < finding.line <= first + 4

    next_finding(session)

    assert place_text(session.frame).startswith(f"of_several_lines line {first}")
