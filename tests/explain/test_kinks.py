from gradtui.explain.chain import chain_rows
from gradtui.explain.kinks import all_kinks, kink_notes
from gradtui.explain.report import show_lines
from gradtui.explain.spans import line_text
from gradtui.explain.step import now_line

MODEL = "h = relu(w*x)\nL = sum(h)"
SETTINGS = {"parameters": "w = 1.0", "data": "x = [0.0, -2.0, 0.0]"}
NOTE = "at a kink, 2 elements, the first [0]: relu has a corner at 0; its slope there is taken as 0"


def lines(rows):
    return "\n".join(map(line_text, rows))


def test_the_cursor_on_a_kink_says_what_its_slope_is_taken_to_be(session_of):
    session = session_of(MODEL, **SETTINGS)
    session.restart()
    session.restart()
    assert "kink" not in line_text(now_line(session.frame))
    session.into()
    assert f"! {NOTE}" in line_text(now_line(session.frame))
    session.into()
    assert "kink" not in line_text(now_line(session.frame))


def test_the_chain_of_a_selected_node_on_a_kink_says_so(session_of):
    session = session_of(MODEL, **SETTINGS)
    assert "kink" not in lines(chain_rows(session.frame))
    session.selection.select_consumer()
    assert f"! {NOTE}" in lines(chain_rows(session.frame, 200))
    narrow = [line_text(row) for row in chain_rows(session.frame, 40)]
    assert all(len(row) <= 40 for row in narrow if row.startswith(("! ", "  ")))


def test_what_is_not_computed_yet_is_on_no_kink(session_of):
    session = session_of(MODEL, **SETTINGS)
    session.restart()
    session.restart()
    assert kink_notes(session.frame, session.problem.graph.names["h"]) == []


def test_a_step_in_words_lists_its_kinks_if_there_are_any(session_of):
    assert f"h  {NOTE}" in lines(show_lines(session_of(MODEL, **SETTINGS).frame, None))
    smooth = session_of("L = (w*x)**2")
    assert all_kinks(smooth.frame) == []
    assert "kinks" not in lines(show_lines(smooth.frame, None))
