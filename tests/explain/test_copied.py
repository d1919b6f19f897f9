"""The text to copy: all digits of what is selected, and a finding as a compiler reports it."""

import gradtui
from explain.hand import INHERITED, MODEL
from gradtui.explain.copied import finding_text, selected_text


def test_a_value_is_copied_with_all_digits_and_its_gradient(session_of):
    session = session_of("L = w/3", "w = 1.0")
    session.selection.select(session.problem.graph.loss)
    assert selected_text(session.frame) == f"L = {1 / 3!r}\n∂L/∂L = 1"


def test_an_array_is_copied_as_a_list_and_what_is_not_computed_is_left_out():
    session = gradtui.load("five_parcels")
    session.selection.select(session.problem.graph.names["e"])
    assert selected_text(session.frame).startswith("e = [")
    session.position = 0
    assert selected_text(session.frame) == ""


def test_a_finding_is_copied_with_its_place_and_its_fix(session_of):
    session = session_of(MODEL, more=INHERITED)
    session.investigation.judge()
    (finding,) = session.investigation.judgement.findings
    rows = finding_text(session.problem, finding).splitlines()
    assert f":{finding.line}:" in rows[0] and rows[0].endswith(f"[{finding.rule}]")
    assert "dyhat = e" in rows[1]
    assert rows[-1] == "  fix: dyhat = 2*e"
