"""Findings and notes in rows."""

from explain.hand import INHERITED, MODEL, RIGHT
from gradtui.explain.findings import findings_rows, notes_rows
from gradtui.explain.spans import line_width
from rows import texts


def test_notices_come_before_the_notes(session_of):
    session = session_of("L = w**2", "w = 1.0\nb = 2.0")
    assert texts(notes_rows(session.frame, 60))[1] == "▲ the loss does not use the parameter 'b'"


def test_findings_show_line_message_and_fix(session_of):
    session = session_of(MODEL, more=INHERITED)
    assert texts(findings_rows(session.frame, 60)) == ["comparing what was written by hand …"]
    session.investigation.judge()
    rows = texts(findings_rows(session.frame, 60))
    number = session.problem.lines.index("dyhat = e") + 1
    assert rows[0] == f"✗ line {number}  dyhat = e"
    assert "  fix: dyhat = 2*e" in rows
    assert rows[-1] == "↳ wrong only because of another line: dw"
    assert max(map(line_width, findings_rows(session.frame, 30))) <= 30


def test_the_comment_of_a_wrong_line_follows_it_closely(session_of):
    session = session_of(MODEL, more=INHERITED.replace("dyhat = e", "dyhat = e          # half"))
    session.investigation.judge()
    rows = texts(findings_rows(session.frame, 60))
    assert rows[0].endswith("  dyhat = e  # half") and not any("   #" in row for row in rows)
    narrow = texts(findings_rows(session.frame, len(rows[0]) - 1))
    assert narrow[0] == rows[0].removesuffix("  # half"), "the code takes one row before that"


def test_right_claims_are_said_to_be_right_before_the_notes(session_of):
    session = session_of(MODEL, more=RIGHT)
    session.investigation.judge()
    right = "✓ 3 claims compared and right"
    assert texts(notes_rows(session.frame, 60)) == [right, "looking at the run …"]
    session.investigation.look()
    assert texts(notes_rows(session.frame, 60)) == [right, "✓ no findings in the run"]
