"""Arrays and numbers as text."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradtui.base.text import (
    EXACT,
    cell_width,
    clean,
    clip,
    compact,
    element_text,
    number,
    pad,
    wrap,
)
from gradtui.explain.values import LISTED, Elements, spread, spreads, summary, table, table_height


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.4, "0.4"),
        (-3.6, "-3.6"),
        (-0.0, "0"),
        (9.0, "9"),
        (6.4e-5, "6.4e-5"),
        (0.1 + 0.2, "0.3"),
        (1234567.0, "1.23457e6"),
        (math.inf, "inf"),
        (-math.inf, "-inf"),
        (math.nan, "nan"),
    ],
)
def test_a_number_is_short(value, text):
    assert number(value) == text


@given(st.floats(allow_nan=False))
def test_an_exact_number_reads_back_and_is_no_longer_than_needed(value):
    text = number(value, EXACT)
    assert float(text) == value
    assert len(text) <= len(repr(value))


def test_an_exact_number_is_what_was_typed():
    assert [number(float(t), EXACT) for t in ("0.1", "3", "1e-7")] == ["0.1", "3", "1e-7"]


@given(st.floats(allow_nan=False, allow_infinity=False), st.integers(7, 12))
def test_a_compact_number_fits_and_is_near(value, cells):
    text = compact(value, cells)
    assert len(text) <= cells
    assert float(text) == pytest.approx(value, rel=0.51) or abs(value) > 1e308


@pytest.mark.parametrize(
    ("value", "cells", "text"),
    [
        (-6.561e-4, 6, "-7e-4"), (-6.561e-4, 7, "-6.6e-4"), (-0.0044, 5, "-4e-3"),
        (-1e-100, 6, "-1e-1…"), (-math.inf, 4, "-inf"),
    ],
)  # fmt: skip
def test_a_compact_number_never_shows_another_one(value, cells, text):
    assert compact(value, cells) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (3.0, "3"),
        ([0.8, 1.5], "[0.8 1.5]"),
        ([1.0, 2.0, 3.0, 4.0], "[4] 1 to 4"),
        ([[0.5, 1.0], [5.0, 2.0]], "[2×2] 0.5 to 5"),
        ([1.0] * 5, "[5] all 1"),
        ([1.0, 1.00001, 1.0, 1.0], "[4] 1 to 1"),
        ([math.nan] * 4, "[4] all nan"),
        ([math.nan, 1.0, 2.0, 3.0], "[4] 1 to 3 and nan"),
        ([math.nan, 2.0, 2.0, 2.0], "[4] all 2 and nan"),
        ([math.inf, 1.0, -math.inf, 3.0], "[4] -inf to inf"),
    ],
)
def test_an_array_in_a_few_cells(value, text):
    assert summary(np.array(value)) == text


@given(st.lists(st.floats(), min_size=1, max_size=20), st.sampled_from([3, 4, 6]))
def test_a_spread_is_as_wide_as_any_of_its_numbers(values, digits):
    text = spread(np.array(values)).text(digits)
    sizes = [number(abs(value), digits) for value in values]
    assert len(text.removeprefix("-")) >= max(map(len, sizes))
    assert text.startswith("-") == any(value < 0 for value in values)
    if len(values) == 1:
        assert text == number(values[0], digits)


def test_several_spreads_are_those_of_each_alone():
    many = np.arange(1.0, 21.0).reshape(4, 5)
    spoilt = [many.ravel().copy() for _ in range(3)]
    for array, value in zip(spoilt, (math.nan, math.inf, 0.0), strict=True):
        array[7] = value
    small = many.astype("float32") * 1e-9
    arrays = [np.float64(-2.5), many, -many, small, np.arange(12) > 5, *spoilt]
    arrays += [many * 0.0, -many * 0.0, -spoilt[-1]]
    alone = [spread(array) for array in arrays]
    assert [repr(one) for one in spreads(arrays)] == [repr(one) for one in alone]
    assert spreads([]) == []


def test_large_arrays_of_finite_numbers_are_never_looked_at_alone(monkeypatch):
    arrays = [np.arange(20.0), np.zeros(20), -np.arange(20.0)]
    alone = [repr(spread(array)) for array in arrays]
    monkeypatch.setattr("gradtui.explain.values.spread", None)
    assert [repr(one) for one in spreads(arrays)] == alone


def test_a_table_is_aligned():
    assert table(np.array([[1.0, -2.5], [10.0, 3.0]])) == [" 1  -2.5", "10     3"]
    assert table(np.array([0.5, 1.0])) == ["0.5  1"]
    assert table(np.array(2.0)) == ["2"]


def test_a_stack_of_matrices_is_parted_by_blank_rows():
    assert table(np.arange(8.0).reshape(2, 2, 2)) == ["0  1", "2  3", "", "4  5", "6  7"]


@pytest.mark.parametrize("shape", [(), (3,), (0,), (4, 2), (2, 3, 4), (2, 2, 3, 1), (30, 30)])
def test_the_height_of_a_table_is_known_before_it_is_made(shape):
    assert table_height(shape) == len(table(np.zeros(shape)))


def test_a_large_array_is_summed_up_and_what_is_left_out_is_counted():
    large = np.zeros((30, 30))
    assert table(large) == ["[30×30] all 0"]
    elements = Elements([(30, 30), (3,)], [1, 1])
    assert (elements.rows, elements.left_out) == (LISTED + 3, 900 - LISTED)


def test_elements_are_called_by_their_index():
    assert element_text("w", ()) == "w"
    assert element_text("W", (0, 1)) == "W[0,1]"


def test_the_elements_of_any_stretch_of_rows_are_found():
    elements = Elements([(1, 2), (), (2,)], [2, 3, 1])
    assert elements.rows == 9
    assert list(elements.between(0, 9)) == [
        (0, (0, 0), 0), (0, (0, 1), 2), (1, (), 4), (2, (0,), 7), (2, (1,), 8),
    ]  # fmt: skip
    assert list(elements.between(3, 5)) == [(0, (0, 1), 2), (1, (), 4)]
    assert list(elements.between(8, 99)) == [(2, (1,), 8)]
    assert list(elements.between(9, 99)) == []


@given(st.text(max_size=60))
def test_clean_text_has_no_character_that_acts_on_a_terminal(text):
    shown = clean(text)
    assert not any(ord(c) < 32 or 127 <= ord(c) < 160 for c in shown)
    assert not any(c in shown for c in "\u202a\u202b\u202d\u202e\u2066\u2067\u2068\u200b\u200f")
    assert clean(shown) == shown
    json.dumps(shown).encode()


@given(st.text(max_size=40), st.integers(1, 30))
def test_clipped_and_padded_text_has_its_width(text, width):
    text = clean(text)
    assert cell_width(clip(text, width)) <= width
    assert cell_width(pad(text, width)) == cell_width(pad(text, width, right=True)) == width


@given(st.text(alphabet="ab 界-1.", max_size=80), st.integers(8, 30))
def test_wrapped_text_fits_and_loses_nothing(text, width):
    rows = wrap(text, width)
    assert all(cell_width(row) <= width for row in rows)
    assert "".join(rows).replace(" ", "") == text.replace(" ", "")


def test_a_list_s_item_is_indented_under_its_number():
    assert wrap("1. aaa bbb ccc", 8) == ["1. aaa", "   bbb", "   ccc"]
