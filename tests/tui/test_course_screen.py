"""The course on the screen: the picker's chapters, the score at the end, the next lesson."""

import asyncio

import pytest
from textual.widgets import OptionList

import gradtui.scenario.bundled
from gradtui.cli.arguments import main
from gradtui.explain.spans import line_text
from gradtui.saving.course import keep_score, read_scores
from gradtui.tui.app import GradtuiApp

LESSON = """title = "{title}"
about = "One weight."
tags = ["slope"]
[data]
x = 2.0
[parameters]
w = 3.0
[model]
code = "L = (w*x)**2"
[optimizer]
name = "sgd"
lr = 0.1
[run]
steps = 3
[[lesson]]
text = "Which way does it jacobian?"
ask = "grad(w)"
"""
CONTENTS = "Start: what a slope is.\n  first\n  plain\n  second\n+ Beyond: the rest.\n  third\n"


@pytest.fixture
def course(tmp_path, monkeypatch):
    """Let the bundled scenarios be a course of two lessons, a scenario without one, and a rest.

    Return what gives the path of one.
    """
    (tmp_path / "contents.txt").write_text(CONTENTS, encoding="utf-8")
    for name in ("first", "plain", "second", "third"):
        text = LESSON.format(title=f"The {name}")
        if name == "plain":
            text = text.partition("[[lesson]]")[0]
        (tmp_path / f"{name}.toml").write_text(text, encoding="utf-8")
    monkeypatch.setattr(gradtui.scenario.bundled, "bundled_folder", lambda: tmp_path)
    return gradtui.scenario.bundled.find_scenario


async def kept(name):
    """Return the score of a lesson, which is written in a thread."""
    for _ in range(6000):
        if name in read_scores()[0]:
            return read_scores()[0][name]
        await asyncio.sleep(0.01)
    raise AssertionError(read_scores())


async def test_the_end_has_the_score_and_opens_the_next_lesson(terminal, course):
    async with terminal(course("first"), (200, 60)) as t:
        assert "Enter answer" in t.rows[-1]
        await t.press("enter")
        await t.type("3*x*4")
        await t.press("enter")
        assert "Enter go on" in t.rows[-1]
        await t.press("enter")
        assert "Backspace lesson back" in t.rows[-1]
        notes = t.debugger.query_one("#notes")
        told = " ".join(line_text(row) for row in notes.rows_of(notes.frame, 300))
        assert "This is the end of the lesson. The prediction was right the first time." in told
        assert "The second" in t.text and "Enter next lesson" in t.rows[-1]
        assert await kept("first") == (1, 1)
        await t.press("enter")
        assert t.session.problem.title == "The second"
        assert "Lesson · 1 of 1" in t.text and t.session.asking
        for answer in ("7", "8", "9"):
            await t.press("enter", answer, "enter")
        await t.press("enter")
        assert await kept("second") == (0, 1)
        assert "next lesson" not in t.rows[-1] and "opens the next one" not in t.text
        await t.press("enter")
        assert t.session.problem.title == "The second"


async def test_the_picker_goes_on_where_the_course_was_left(terminal, course):
    keep_score("first", (1, 2))
    async with terminal(None) as t:
        assert "The course  goes on with The second  1 of 2 lessons done" in t.text
        rows = [" ".join(row.split()) for row in t.rows]
        assert "│ ✓ The first first One weight. │" in rows
        assert "│ The plain plain One weight. │" in rows
        assert "│ ▸ The second second One weight. │" in rows
        assert "│ · The third third One weight. │" in rows
        await t.press("down")
        assert "✓ finished  1 of 2 right the first time" in t.text
        await t.press("up", "enter")
        assert t.session.problem.title == "The second"


async def test_before_the_first_lesson_the_course_begins(terminal, course):
    async with terminal(None) as t:
        assert "The course  begins with The first  0 of 2 lessons done" in t.text


async def test_learn_opens_the_picker_at_the_next_lesson(course):
    keep_score("first", (1, 2))
    app = GradtuiApp(learn=True)
    async with app.run_test() as pilot:
        await pilot.pause()
        options = app.screen.query_one(OptionList)
        assert options.get_option_at_index(options.highlighted).id == "second"


async def test_a_search_has_no_chapters_and_looks_into_lessons(terminal, course):
    async with terminal(None) as t:
        await t.type("jacobian")
        options = t.app.screen.query_one(OptionList).options
        assert [option.id for option in options if option.id][:3] == ["first", "second", "third"]
        assert "In notes, programs and lessons" in t.text and "Beyond" not in t.text
        await t.press("escape")
        assert "Beyond" in t.text


async def test_scores_that_cannot_be_read_are_told_of(terminal, course, state_folder):
    keep_score("first", (1, 2))
    (state_folder / "course.progress").write_bytes(b"gradtui course 1 abc\n{}")
    async with terminal(None) as t:
        assert "what was finished is not known: the saved course is damaged" in t.text
        await t.press("enter")
        assert t.session.problem.title == "The first"


async def test_a_score_that_cannot_be_kept_is_told_of(terminal, course, monkeypatch):
    def refuse(*arguments, **options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("gradtui.saving.course.write_file", refuse)
    async with terminal(course("third")) as t:
        await t.press("enter", "9", "enter", "enter", "9", "enter", "enter", "9", "enter", "enter")
        await t.until(lambda: "the score cannot be kept: no space left on device" in t.text)


def test_learn_prints_the_course_with_what_is_done(course, capsys):
    keep_score("first", (1, 2))
    assert main(["learn", "--list"]) == 0
    out, err = capsys.readouterr()
    assert out.split("\n")[0] == "The course: 1 of 2 lessons done; continue with `gradtui second`"
    assert " 1 Start: what a slope is." in out and "Beyond" not in out
    assert [" ".join(row.split()) for row in out.split("\n")[3:6]] == [
        "✓ first The first 1 of 2 right the first time", "plain The plain", "▸ second The second",
    ]  # fmt: skip
    assert err == ""
