"""A lesson can be read to its end at every size of the screen."""

import pytest

from gradtui.explain.spans import line_text
from gradtui.scenario.bundled import find_scenario

SIZES = [(36, 10), (36, 20), (90, 10), (80, 24), (120, 40)]


def in_view(t):
    """Return the words that the panel of the lesson shows."""
    return " ".join(line_text(row) for row in t.debugger.query_one("#notes").visible_rows()).split()


@pytest.mark.parametrize("size", SIZES)
async def test_a_lesson_is_in_view_at_every_size_and_so_is_the_remark_on_an_answer(terminal, size):
    async with terminal(find_scenario("one_weight"), size) as t:
        assert "A parcel goes 2 hundred km" in " ".join(in_view(t))
        assert "A parcel" in t.text
        await t.press("s", "enter", *"7", "enter")
        assert "7: not that" in t.text


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("left", [False, True], ids=["typing", "not typing"])
async def test_what_a_long_remark_pushes_out_is_reached_by_the_keys(terminal, size, left):
    async with terminal(find_scenario("iris"), size) as t:
        await t.press("enter", "enter", "7", "enter", "8", "enter")
        await t.press(*["escape"] * left)
        text = t.session.guide.lesson.text.split()
        seen = in_view(t)
        if text[-1] not in seen:
            assert "PgDn" in t.text
        await t.press("pagedown")
        seen += in_view(t)
        assert {*text[-9:]} <= {*seen} and {"8:", "not", "that."} <= {*seen}
        assert "↓" not in str(t.debugger.query_one("#notes").border_subtitle)


async def test_a_focused_panel_with_rows_out_of_view_keeps_its_keys(terminal):
    async with terminal(find_scenario("iris"), (80, 24)) as t:
        await t.press("enter", "enter", "7", "enter", "8", "enter", "escape", "escape", "2")
        gradient, notes = t.debugger.query_one("#gradient"), t.debugger.query_one("#notes")
        assert gradient.has_focus and gradient.hidden_rows
        await t.press("pagedown")
        assert gradient.top and not notes.top


@pytest.mark.parametrize("size", [(36, 10), (36, 20), (90, 10)])
async def test_a_view_that_is_opened_has_room_beside_a_lesson(terminal, size):
    async with terminal(find_scenario("two_weights"), size) as t:
        await t.press("escape", "M")
        await t.until(lambda: "w2 ↑" in t.text)
        await t.press("7")
        assert "Two things make a delivery slow" in " ".join(in_view(t))


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_the_confusion_that_a_lesson_speaks_of_is_in_view_whole(terminal, size):
    async with terminal(find_scenario("iris"), size) as t:
        t.session.guide.answered |= {1, 4}
        await t.press(*["enter"] * 6, "G")
        await t.until(lambda: t.session.step == 300)
        assert "29 of 30 are right" in " ".join(in_view(t))
        shown = " ".join(in_view(t))
        names = ("0 setosa", "1 versicolor", "2 virginica") if size[0] > 120 else ("0", "1", "2")
        first, second, third = names
        assert shown.endswith(
            f"0 1 2 true ↓, predicted → {first} 10 0 0 of the validation "
            f"{second} 0 9 1 {third} 0 0 10"
        )


async def test_a_lens_has_the_rows_that_a_lesson_does_not_need(terminal):
    async with terminal(find_scenario("five_parcels"), (80, 24)) as t:
        t.session.guide.answered |= {2}
        await t.press("f", "enter", "enter", "f", "L", "backspace", "1", "enter")
        assert "Lesson · 6 of 10" in t.text and "press m for the Jacobian." in t.text
        assert "Σ over 5 rows" in t.text
        notes = t.debugger.query_one("#notes").size
        assert notes.height == 2


async def test_a_question_that_takes_the_cursor_back_says_so(terminal):
    async with terminal(find_scenario("two_weights"), (80, 24)) as t:
        await t.press("f")
        assert "Lesson · 2 of 10" in t.text
        assert "back to the moment before the one that shows the answer" in t.text


async def test_no_key_is_told_for_a_lesson_that_a_view_opened_beside_it_takes(terminal):
    async with terminal(find_scenario("five_parcels"), (80, 24)) as t:
        await t.press("enter", "n", "backspace", "w", *"lr", "enter", "m")
        chain, notes = t.debugger.query_one("#chain"), t.debugger.query_one("#notes")
        assert chain.has_focus and chain.hidden_rows and notes.hidden_rows
        assert "PgDn" not in str(notes.border_subtitle)
