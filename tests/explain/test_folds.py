"""Arithmetic over several rows, broken alike for all elements of an array."""

from gradtui.explain.folds import broken, cuts, pieces
from rows import texts


def rows_of(text, at, made):
    return texts(broken([("w  ", "name")], made, at, 3))


def test_a_row_is_broken_before_a_sum_outside_parentheses_if_it_can():
    parts = [("(a + b)·c + d", "plain")]
    made = pieces(parts)
    assert [piece.span[0] for piece in made if piece.best] == ["(a", " + d"]
    assert rows_of("w", cuts([parts], 9, 9), made) == ["w  (a + b)·c", "     + d"]


def test_all_samples_are_broken_where_the_widest_needs_it():
    short, long = ([(text, "plain")] for text in ("1·2 + 3", "1·2222222 + 3"))
    at = cuts([short, long], 10, 10)
    assert at == cuts([long], 10, 10) != cuts([short], 10, 10)
    assert rows_of("w", at, pieces(short)) == ["w  1·2", "     + 3"]


def test_arithmetic_with_other_digits_is_broken_alike_without_looking_again(monkeypatch):
    at = cuts([[("0.9·(-0.05) + 0.1·7.25", "plain"), (" = 0.68", "value")]], 12, 14)
    assert len(at) == 2
    monkeypatch.setattr("gradtui.explain.folds.pieces", None)
    assert cuts([[("0.9·(-0.17) + 0.1·1.38", "dim"), (" = 9.15", "value")]], 12, 14) == at


def test_a_result_is_indented_less_than_its_arithmetic():
    made = pieces([("1 + 2", "plain"), (" = 3", "value")])
    assert rows_of("w", (1, 2), made) == ["w  1", "     + 2", "   = 3"]
