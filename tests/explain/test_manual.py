"""A page of the manual at any width."""

from __future__ import annotations

import pytest

from gradtui.base.text import cell_width
from gradtui.explain.manual import block_rows, page_rows, topic_rows
from gradtui.explain.spans import line_text
from gradtui.manual.pages import TOPICS, read_blocks


def shown(text: str, width: int) -> list[str]:
    return [line_text(row) for row in block_rows(read_blocks(text.split("\n")), width)]


@pytest.mark.parametrize("width", [50, 62, 100])
@pytest.mark.parametrize("topic", TOPICS)
def test_a_page_fits_the_width_and_says_the_same_at_each(topic, width):
    rows = [line_text(row) for row in page_rows(topic, width)]
    assert max(map(cell_width, rows)) <= max(width, cell_width(rows[0]))
    letters = sorted("".join("".join(rows).split()))
    assert letters == sorted("".join("".join(map(line_text, page_rows(topic, 200))).split()))


def test_the_topics_are_listed_with_what_they_tell():
    rows = [line_text(row).split()[0] for row in topic_rows(80)]
    assert rows == ["topic", *TOPICS]


def test_a_table_is_folded_in_its_last_column():
    assert shown("| a | b |\n|---|---|\n| `one` | more than fits |\n", 16) == [
        "",
        "  a    b",
        "  one  more than",
        "       fits",
    ]


def test_a_name_in_code_is_not_broken_between_two_lines():
    assert shown("a word, then `--set a=1`, then another", 22) == [
        "",
        "  a word, then",
        "  `--set a=1`, then",
        "  another",
    ]


def test_a_list_has_no_gaps_and_code_keeps_its_own():
    assert shown("- one\n- two\n\n```\nx\n\n  y\n```\n", 40) == [
        "", "  - one", "  - two", "", "    x", "", "      y"
    ]  # fmt: skip
