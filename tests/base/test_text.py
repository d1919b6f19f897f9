"""Text that is shown: what could act is made visible, widths are counted, long texts are cut."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradtui.base.text import (
    cell_width,
    cells_for,
    clean,
    clip,
    paragraphs,
    wrap,
)

VISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("w[i] [red]", "w[i] [red]"),
        ("a\x1b[2J\x9b\x7f", "a\\x1b[2J\\x9b\\x7f"),
        ("\u202ea\u2066\u200b\ufeff", "\\u202ea\\u2066\\u200b\\ufeff"),
        ("v\u3164\u034f\ufe0f", "v\\u3164\\u034f\\ufe0f"),
        ("\U000e0041", "\\U000e0041"),
        ("a\tb\nc", "a b\\x0ac"),
        ("a" + "\u0301" * 9, "a\u0301\u0301"),
        ("\u0e01" + "\u0e34" * 9, "\u0e01\u0e34\u0e34"),
        ("ŷ 界 é", "ŷ 界 é"),
    ],
)
def test_what_acts_or_cannot_be_seen_is_made_visible(text, shown):
    assert clean(text) == shown
    assert clean(clean(text)) == shown


@given(st.text())
def test_nothing_clean_acts(text):
    assert not {unicodedata.category(char) for char in clean(text)} & VISIBLE


@given(st.text(), st.integers(0, 20))
def test_a_clipped_text_fits(text, width):
    assert cell_width(clip(text, width)) <= width


class Unread(str):
    def __iter__(self):
        raise AssertionError("all of the text is read")


def test_marks_take_no_cell_and_a_huge_text_is_cut_unread():
    assert cell_width("a\u0301\u0e34") == 1
    assert len(clip(Unread("\u0301" * 1000), 30)) < 300


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("One,\ntwo.\n\nThree.", ["One, two.", "", "Three."]),
        ("Look:\n1. here,\n   and\n2. there.", ["Look:", "1. here, and", "2. there."]),
        ("- a\n- b\n  c", ["- a", "- b c"]),
        ("Its gradient is\n0. Press n.", ["Its gradient is 0. Press n."]),
        ("1. Go to step\n5. Then back.\n2. Read.", ["1. Go to step 5. Then back.", "2. Read."]),
        (
            "A\n\n3. starts at three\n4. and goes on",
            ["A", "", "3. starts at three", "4. and goes on"],
        ),
    ],
)
def test_a_paragraph_starts_after_a_blank_line_and_at_an_item(text, found):
    assert paragraphs(text) == found


def test_the_cells_for_some_digits_are_those_of_the_shorter_form():
    assert cells_for([-4.94e-5, 0.5], 2) == len("-4.9e-5")
    assert cells_for([0.0012345], 2) == len("0.0012")
    assert cells_for([], 2) == 0


def test_a_sign_at_the_end_of_a_text_is_not_alone_in_its_row():
    assert wrap("the true one is 2: + must be -", 28) == ["the true one is 2: + must", "be -"]
    assert wrap("+ must be -", 20) == ["+ must be -"]
