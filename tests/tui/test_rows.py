"""Rows of spans cut to a width."""

from gradtui.tui.rows import crop, marked

ROW = (("abc", "bold"), ("de", ""), ("fgh", "dim"))


def test_a_row_is_cut_at_both_ends_and_keeps_its_styles():
    assert crop(ROW, 0, 8) == ROW
    assert crop(ROW, 2, 4) == (("c", "bold"), ("de", ""), ("f", "dim"))
    assert crop(ROW, 8, 4) == ()


def test_what_is_cut_at_the_left_is_marked():
    assert marked(ROW, 0) is ROW
    assert marked(ROW, 2)[:2] == (("…", "dim"), ("bc", "bold"))
