"""A line of code in rows: what is wider than its row goes on below."""

import pytest

import gradtui
from explain.hand import INHERITED, MODEL
from gradtui.base.text import cell_width
from gradtui.explain.program import program_rows
from rows import texts


def test_code_wider_than_its_row_goes_on_below_where_rows_are_to_spare():
    frame = gradtui.load("iris").frame
    assert "…" in texts(program_rows(frame, 26))[-1]
    assert "…" not in "".join(texts(program_rows(frame, 26, spare=3))[-2:])


def test_the_line_at_the_cursor_is_whole_without_rows_to_spare():
    whole = texts(program_rows(gradtui.load("ravine").frame, 36))
    assert len(whole) == 2 and "…" not in "".join(whole)
    assert whole[0].endswith(" 550") and all(cell_width(row) <= 36 for row in whole)
    code = whole[0].partition("▸")[2].removesuffix("550") + whole[1]
    assert "".join(code.split()) == "L=(steep*a**2+flat*b**2)/2"


def test_code_that_goes_on_has_the_cells_below_the_value_too():
    rows = texts(program_rows(gradtui.load("iris").frame, 26, spare=3))
    assert rows[-2:] == ["45  L =              1.473", "      cross_entropy(z, y)"]


@pytest.mark.parametrize("width", [24, 30, 36, 60])
def test_no_more_rows_are_taken_than_there_are_to_spare(width):
    frame = gradtui.load("transformer_block").frame
    least = len(program_rows(frame, width))
    for spare in range(12):
        rows = program_rows(frame, width, spare=spare)
        assert least <= len(rows) <= least + spare
        assert all(cell_width(row) <= width for row in texts(rows))


def test_a_true_value_without_room_beside_the_wrong_one_stands_below_it(session_of):
    session = session_of(MODEL, more=INHERITED)
    session.investigation.judge()
    narrow, room = (texts(program_rows(session.frame, 22, spare=spare)) for spare in (0, 3))
    assert not any("true" in row for row in narrow)
    at = next(at for at, row in enumerate(room) if row.endswith("✗"))
    assert room[at + 1].split() == ["true", "2"]
