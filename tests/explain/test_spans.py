"""Rows in parts: what is cleaned, aligned, broken and made only when it is viewed."""

import pytest

from gradtui.explain.spans import LazyRows, aligned, columns, folded, line, line_text, line_width
from rows import texts


def test_a_row_holds_no_control_character_and_no_empty_part():
    row = line("a\x1b[31m", ("", "bad"), ("b\n", "good"))
    assert "\x1b" not in line_text(row) and "\n" not in line_text(row)
    assert [ink for _, ink in row] == ["plain", "good"]


def test_only_the_rows_that_are_viewed_are_made():
    made = []

    def between(start, stop):
        made.append((start, stop))
        return [line(str(at)) for at in range(start, stop)]

    rows = LazyRows(1_000_000, between)
    assert len(rows) == 1_000_000
    assert made == []
    assert texts(rows[10:13]) == ["10", "11", "12"]
    assert rows[5:5] == []
    assert made == [(10, 13)]


@pytest.mark.parametrize(("width", "blanks"), [(12, 6), (5, 2)])
def test_the_right_part_stands_at_the_edge_if_both_fit(width, blanks):
    row = aligned(line("left"), line("ri"), width)
    assert line_text(row) == f"left{' ' * blanks}ri"


def test_a_row_is_broken_between_its_parts_and_a_long_part_at_its_operators():
    parts = [("aaaa ", "plain"), ("bbbb ", "name"), ("c·d + e·f + g·h", "value")]
    rows = folded(("w  ", "name"), parts, 13)
    assert texts(rows) == ["w  aaaa bbbb", "   c·d + e·f", "   + g·h"]
    assert max(map(line_width, rows)) <= 13


def test_what_is_too_long_without_a_blank_is_broken_before_its_factors():
    rows = folded(("w ", "name"), [("= f(x, y)·g(x, y)/h(x, y) - z", "local")], 14)
    assert texts(rows) == ["w = f(x, y)", "  ·g(x, y)", "  /h(x, y) - z"]


def test_no_row_passes_its_width_by_a_blank_at_its_end():
    rows = folded(("given  ", "dim"), [("aaa  ", "dim"), ("bbb  ", "dim"), ("ccc  ", "dim")], 15)
    assert texts(rows) == ["given  aaa  bbb", "   ccc"]
    assert max(map(line_width, rows)) == 15


def test_columns_have_names_to_the_left_and_numbers_to_the_right():
    rows = columns([[("w", "name"), ("1", "value")], [("bias", "name"), ("-12.5", "value")]])
    assert texts(rows) == ["w         1", "bias  -12.5"]
