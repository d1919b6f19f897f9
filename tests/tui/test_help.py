"""The help on the screen: what is looked for in it."""

from __future__ import annotations

from gradtui.tui.help import Help


async def test_the_help_shows_what_is_looked_for_and_then_all_of_it_again(terminal):
    async with terminal("two_weights") as t:
        await t.press("question_mark", "slash")
        await t.type("adam")
        assert "PANELS" not in t.text and "momentum or Adam the limit" in " ".join(t.text.split())
        await t.press("enter", "j", "escape")
        assert isinstance(t.app.screen, Help) and "TRAINING STEPS" in t.text
        await t.press("escape", "n")
        assert t.session.step == 1


async def test_a_text_that_is_nowhere_says_so(terminal):
    async with terminal("two_weights") as t:
        await t.press("question_mark", "slash")
        await t.type("qqq")
        assert "nothing in the help has this" in t.text
