"""Where in a step a finding is seen."""

import gradtui
from gradtui.debugger.stops import next_finding


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
