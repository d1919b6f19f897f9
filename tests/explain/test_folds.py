"""Arithmetic over several rows, broken alike for all elements of an array."""

from gradtui.explain.folds import broken, cuts, pieces
from rows import texts


def rows_of(text, at, made):
    return texts(broken([("w  ", "name")], made, at, 3))


def test_a_row_is_broken_before_a_sum_outside_parentheses_if_it_can():
    parts = [("(a + b)·c + d", "plain")]
    made = pieces(parts)
    assert [piece.span[0] for piece in made if piece.best] == ["(a", " + d"]
    assert rows_of("w", cuts(parts, 9, 9).at, made) == ["w  (a + b)·c", "     + d"]


def test_a_number_alone_in_its_row_is_avoided_if_two_rows_then_do():
    parts = [("0.5 - 0.25·(-0.125)", "plain"), (" = 0.53125", "value")]
    assert rows_of("w", cuts(parts, 16, 20).at, pieces(parts)) == [
        "w  0.5 - 0.25", "     ·(-0.125) = 0.53125",
    ]  # fmt: skip
    assert rows_of("w", cuts(parts, 16, 17).at, pieces(parts)) == [
        "w  0.5", "     - 0.25·(-0.125)", "   = 0.53125",
    ]  # fmt: skip


def test_then_it_is_broken_outside_parentheses_if_it_can():
    parts = [("0.59 - 0.02·0.088/(sqrt(0.03) + 1e-8)", "plain"), (" = 0.6", "value")]
    assert rows_of("w", cuts(parts, 30, 30).at, pieces(parts)) == [
        "w  0.59 - 0.02·0.088", "     /(sqrt(0.03) + 1e-8) = 0.6",
    ]  # fmt: skip


def test_a_piece_wider_than_its_row_does_not_fit():
    parts = [("1·2222222 + 3", "plain")]
    assert cuts(parts, 10, 10).fits
    assert not cuts(parts, 7, 7).fits


def test_arithmetic_with_other_digits_is_broken_alike_without_looking_again(monkeypatch):
    breaks = cuts([("0.9·(-0.05) + 0.1·7.25", "plain"), (" = 0.68", "value")], 12, 14)
    assert len(breaks.at) == 2
    monkeypatch.setattr("gradtui.explain.folds.pieces", None)
    assert cuts([("0.9·(-0.17) + 0.1·1.38", "dim"), (" = 9.15", "value")], 12, 14) == breaks


def test_a_result_is_indented_less_than_its_arithmetic():
    made = pieces([("1 + 2", "plain"), (" = 3", "value")])
    assert rows_of("w", (1, 2), made) == ["w  1", "     + 2", "   = 3"]
