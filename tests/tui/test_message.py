"""A message that its row cuts, shown whole over the last rows."""

import pytest

from gradtui.tui.message import Message

LONG = "the first words say what it is, " * 5 + "and these are the last"


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_a_message_that_is_cut_names_the_key_that_shows_all_of_it(terminal, size):
    async with terminal("two_weights", size) as t:
        t.debugger.say(LONG)
        await t.pilot.pause()
        assert t.rows[-3].endswith("…   ! whole") and "the last" not in t.text
        await t.press("exclamation_mark")
        assert isinstance(t.app.screen, Message)
        assert "and these are the last" in " ".join(t.text.replace("│", " ").split())
        assert t.text.count("Esc closes") == 1
        await t.press("escape")
        assert t.rows[-3].endswith("…   ! whole")
        await t.press("n")
        assert t.session.step == 1 and "! whole" not in t.text


async def test_without_a_message_there_is_nothing_to_show_whole(terminal):
    async with terminal("two_weights") as t:
        before = t.text
        await t.press("exclamation_mark")
        assert t.text == before and not isinstance(t.app.screen, Message)


async def test_a_sentence_of_the_moment_that_is_cut_is_shown_whole_too(terminal, write):
    model = "h = relu(X@w)\nL = sum(h)"
    path = write(model, "w = [0.0, 0.0]", "X = [[1.0, 2.0], [3.0, 4.0]]")
    async with terminal(path, (80, 24)) as t:
        await t.press("F", "F", *"sssss")
        assert t.rows[-3].endswith("…   ! whole") and t.rows[-3].startswith(" now  h → w")
        await t.press("exclamation_mark")
        shown = " ".join(t.text.replace("│", " ").split())
        assert "now h → w" in shown and "its slope there is taken as 0" in shown
