"""The course in rows: what is done, what is next, and the score."""

import pytest

from gradtui.explain.course import course_rows, course_title, next_lesson, score_text
from gradtui.scenario.bundled import Chapter, Entry
from rows import texts

LESSON = '[[lesson]]\ntext = "What is it?"\n'
ENTRIES = [
    Entry("first", "First", "", (), "first.toml", LESSON),
    Entry("second", "Second", "", (), "second.toml", LESSON),
    Entry("shown", "Shown", "", (), "shown.toml"),
]
CHAPTERS = [
    Chapter("Slopes", "what falls", ("first", "second", "shown"), True),
    Chapter("More", "beyond", ("other",), False),
]


@pytest.fixture(autouse=True)
def course(monkeypatch):
    """Let the lessons of the course be those of these entries."""
    lessons = [entry for entry in ENTRIES if entry.text]
    monkeypatch.setattr("gradtui.explain.course.lessons_of_course", lambda entries: lessons)


def test_the_next_lesson_is_the_first_that_is_not_finished():
    assert next_lesson(ENTRIES, {}).name == "first"
    assert next_lesson(ENTRIES, {"first": (1, 1)}).name == "second"
    assert next_lesson(ENTRIES, {"first": (1, 1), "second": (0, 1)}) is None


def test_a_lesson_has_its_mark_and_its_score_and_chapters_beyond_are_left_out():
    head, _, chapter, *rows = texts(course_rows(CHAPTERS, ENTRIES, {"first": (1, 2)}))
    assert course_title(ENTRIES, {"first": (1, 2)}) in head and "`gradtui second`" in head
    assert chapter == " 1 Slopes: what falls"
    assert [row.split()[0] for row in rows] == ["✓", "▸", "shown"]
    assert rows[0].endswith("1 of 2 right the first time")


@pytest.mark.parametrize("score", [None, (0, 0)])
def test_a_lesson_without_questions_has_no_score(score):
    assert score_text(score) == ""
