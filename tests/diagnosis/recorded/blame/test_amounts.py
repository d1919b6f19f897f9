"""How much of a line edits change, and which of its names."""

from collections import Counter

import pytest

from gradtui.diagnosis.recorded.blame.amounts import taken, trimmed
from gradtui.diagnosis.recorded.blame.units import Edit, Unit


def summed(a, b, c):
    return (
        a * b  # が
        + b * c
    )


UNIT = Unit(summed.__code__, [summed])


def place(text):
    start = UNIT.source.index(text.encode())
    return start, start + len(text.encode())


WHOLE = place("a * b  # が\n        + b * c")


@pytest.mark.parametrize(
    ("text", "old", "new"),
    [
        ("a * b  # が\n        - b * c", "+", "-"),
        ("a * b  # が\n        + b * a", "c", "a"),
        ("a * c  # が\n        + b * c", "b", "c"),
    ],
)
def test_of_several_lines_only_what_changes_is_replaced(text, old, new):
    edit = trimmed(UNIT, Edit(*WHOLE, text))
    assert (UNIT.between(edit.start, edit.end), edit.text.decode()) == (old, new)


@pytest.mark.parametrize("text", ["-(a * b + b * c)", "c", "a * b"])
def test_what_begins_otherwise_is_replaced_as_a_whole(text):
    edit = Edit(*WHOLE, text)
    assert trimmed(UNIT, edit) is edit


def test_a_name_is_taken_away_beside_a_character_of_several_bytes():
    start, _ = place("が")
    end = start + len("が".encode())
    assert taken(UNIT, [Edit(end, end, " + d")]) == Counter()
    assert taken(UNIT, [Edit(*place("a * b"), "b")]) == Counter({"a": 1})
