"""An error's report in rows: the caret stays in view, and a message takes few rows."""

import pytest

from gradtui.explain.spans import line_width
from gradtui.explain.trouble import trouble_rows
from rows import texts

CODE = "a = " + "x + " * 40 + "@"
REPORT = f"unexpected '@'\n{CODE}\n{' ' * CODE.index('@')}^"


@pytest.mark.parametrize("width", [10, 20, 60, 200])
def test_the_character_that_is_meant_stands_over_its_caret(width):
    *_, code, caret = (text for text in texts(trouble_rows(REPORT, width)))
    assert code[caret.index("^")] == "@"
    assert max(map(line_width, trouble_rows(REPORT, width))) <= width


def test_a_long_message_takes_four_rows():
    rows = texts(trouble_rows("word " * 50, 20))
    assert len(rows) == 4
    assert rows[-1].endswith("…")


def test_nothing_is_said_of_no_error_or_in_no_room():
    assert trouble_rows("", 80) == trouble_rows(REPORT, 0) == []
