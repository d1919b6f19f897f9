import sys

from gradtui.tui import around
from gradtui.tui.picker import Picker
from gradtui.tui.styles import VIEWS


async def test_another_scenario_opens_without_restarting(terminal):
    async with terminal("two_weights") as t:
        await t.press("colon")
        await t.type("open practice")
        await t.press("enter")
        assert t.session.problem.title == "Pencil and paper"
        assert "Lesson · 1 of" in t.text
        await t.press("colon")
        await t.type("open nosuch")
        await t.press("enter")
        assert "no file and no bundled scenario is called 'nosuch'" in t.text
        assert t.session.problem.title == "Pencil and paper"


async def test_opening_from_the_debugger_and_coming_back(terminal):
    async with terminal("two_weights") as t:
        await t.press("n", "o")
        assert isinstance(t.app.screen, Picker)
        await t.press("escape")
        assert t.session.step == 1
        await t.press("o", "enter")
        assert t.session.problem.title == "One weight, one parcel"
        assert "nothing computed yet" in t.text and "Lesson · 1 of" in t.text


async def test_a_topic_that_there_is_not_is_told_with_a_near_one(terminal):
    async with terminal("two_weights") as t:
        t.debugger.around.show_help("savings")
        assert t.session.message == "the manual has no topic 'savings'; did you mean 'saving'?"
        assert t.app.screen is t.debugger


async def test_what_the_next_screen_needs_is_read_while_nothing_happens(terminal, monkeypatch):
    spared = []
    monkeypatch.setattr(around, "_REST", 0.01)
    monkeypatch.setattr(around, "spare", lambda: spared.append("gradtui.tui.picker" in sys.modules))
    async with terminal("two_weights") as t:
        await t.until(lambda: spared)
        assert spared == [True] and t.app.stylesheet.has_source(str(VIEWS))
