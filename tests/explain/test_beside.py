"""What was written by hand, beside the chain rule."""

from explain.hand import INHERITED, MODEL
from gradtui.explain.beside import beside_rows, wrong_tables
from rows import texts


def test_before_the_lines_are_compared_none_is_blamed(session_of):
    session = session_of(MODEL, more=INHERITED)
    number = session.problem.lines.index("dw = dyhat*x") + 1
    (row,) = texts(beside_rows(session.frame))
    assert row == f"by hand  dw = dyhat·x = 1·3 = 3  ✗  wrong at this step, line {number}"


def test_the_selected_node_has_what_was_written_of_it_beside_the_chain_rule(session_of):
    session = session_of(MODEL, more=INHERITED)
    session.investigation.judge()
    number = session.problem.lines.index("dw = dyhat*x") + 1
    said = f"line {number}: wrong only because of line {number - 1}"
    assert texts(beside_rows(session.frame)) == [f"by hand  dw = dyhat·x = 1·3 = 3  ↳  {said}"]
    assert wrong_tables(session.frame) == []
    session.restart()
    assert beside_rows(session.frame) == []


def test_of_two_mistakes_the_one_that_a_line_computes_from_is_named(session_of):
    model = "z = w*x + b\nyhat = c*z\nL = mean((yhat - 5)**2)"
    more = (
        "[backward]\ncode = '''\ndyhat = 2*(yhat - 5)\ndc = sum(dyhat*z)\ndz = c*dyhat\n"
        "dw = sum(dz)\ndb = sum(dz)\n'''"
    )
    session = session_of(model, "w = 1.0\nb = 0.5\nc = 0.5", "x = [1.0, 2.0, 3.0]", more=more)
    session.investigation.judge()
    wrong = [finding.line for finding in session.investigation.findings]
    mistakes = ("dyhat = 2*(yhat - 5)", "dw = sum(dz)")
    lines = [session.problem.lines.index(one) + 1 for one in mistakes]
    assert wrong == lines
    session.selection.select(session.frame.graph.names["b"])
    *_, row = texts(beside_rows(session.frame))
    assert row.endswith(f"line {lines[1] + 1}: wrong only because of line {lines[0]}")


def test_a_wrong_array_is_there_number_by_number(session_of):
    more = "[backward]\ncode = 'dw = 2*(w*x - 1)'"
    session = session_of("L = sum((w*x - 1)**2)", "w = [1.0, 2.0]", more=more)
    session.investigation.judge()
    assert texts(wrong_tables(session.frame)) == ["dw = 4  10"]
