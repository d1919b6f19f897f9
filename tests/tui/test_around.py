import sys
from types import SimpleNamespace

from textual.widgets import Input

from gradtui.manual.pages import TOPICS, read_page
from gradtui.tui import around
from gradtui.tui.lean import LeanStylesheet
from gradtui.tui.picker import Picker
from gradtui.tui.styles import VIEWS, complete, completing


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


async def test_what_other_screens_need_is_read_while_nothing_happens(terminal, monkeypatch):
    spared = []
    monkeypatch.setattr(around, "_REST", 0.01)
    monkeypatch.setattr(around, "spare", lambda: spared.append(0))
    read_page.cache_clear()
    async with terminal("two_weights") as t:
        await t.until(lambda: spared)
        assert "gradtui.tui.picker" in sys.modules and t.app.stylesheet.has_source(str(VIEWS))
        pages, sources = read_page.cache_info().currsize, set(t.app.stylesheet.source)
        await t.press("question_mark", "escape", "o")
        assert read_page.cache_info().currsize == pages == len(TOPICS)
        added = {name for _, name in t.app.stylesheet.source.keys() - sources}
        assert added <= {"Help.DEFAULT_CSS", "ModalScreen.DEFAULT_CSS"}


async def test_rules_that_are_read_in_parts_are_those_that_are_read_at_once(terminal):
    async with terminal("two_weights") as t:
        at_once, in_parts = LeanStylesheet(), LeanStylesheet()
        for sheet in (at_once, in_parts):
            sheet.set_variables(t.app.get_css_variables())
        complete(SimpleNamespace(stylesheet=at_once))
        for place, css, tie_breaker, scope in Input()._get_default_css():
            at_once.add_source(css, place, True, tie_breaker, scope)
        assert sum(1 for _ in completing(in_parts)) > 50
        assert list(in_parts.reading_of(Input()))
        found, expected = (
            [(rule.selectors, str(rule.styles._rules), rule.tie_breaker) for rule in sheet.rules]
            for sheet in (in_parts, at_once)
        )
        assert found == expected and in_parts.source == at_once.source
