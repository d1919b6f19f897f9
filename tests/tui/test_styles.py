"""The second style sheet, which is read only when something needs it."""

from __future__ import annotations

import pytest
from textual.css.stylesheet import Stylesheet

from gradtui.tui import around
from gradtui.tui.app import GradtuiApp
from gradtui.tui.styles import VIEWED, VIEWS, complete


@pytest.fixture(autouse=True)
def no_rest(monkeypatch):
    """Let nothing be read ahead, however slow the machine is."""
    monkeypatch.setattr(around, "_REST", 1e6)


def is_read(app):
    return app.stylesheet.has_source(str(VIEWS))


@pytest.mark.parametrize("size", [(120, 40), (200, 60)])
async def test_a_large_window_has_no_use_for_it(terminal, size):
    async with terminal("two_weights", size=size) as screen:
        assert not is_read(screen.app)


@pytest.mark.parametrize("size", [(80, 24), (100, 40), (120, 24), (40, 40), (120, 10)])
async def test_a_small_window_has_it_at_once(terminal, size):
    async with terminal("two_weights", size=size) as screen:
        assert is_read(screen.app)


@pytest.mark.parametrize("keys", ["z", "M", "question_mark"])
async def test_a_view_and_another_screen_have_it(terminal, keys):
    async with terminal("two_weights") as screen:
        await screen.press(keys)
        assert is_read(screen.app)


async def test_a_window_that_becomes_small_has_it(terminal):
    async with terminal("two_weights") as screen:
        assert not is_read(screen.app)
        await screen.pilot.resize_terminal(80, 24)
        await screen.pilot.pause()
        assert is_read(screen.app)
        assert {"-narrow", "-low"} <= screen.app.screen.classes
        assert not screen.app.screen.query_one("#chain").display


def test_each_of_its_rules_needs_one_of_its_classes_or_another_screen():
    sheet = Stylesheet(variables=GradtuiApp().get_css_variables())
    sheet.read(VIEWS)
    paths = [
        {selector.name for selector in path.selectors}
        for rule in sheet.rules
        for path in rule.selector_set
    ]
    others = {
        "Help", "HelpText", "BreakpointList", "Picker", "Message", "Table", "ArrayView", "Palette",
        "picker-title", "picker-search", "picker-list", "picker-about", "picker-keys",
        "table", "array",
    }  # fmt: skip
    assert paths
    assert [path for path in paths if not path & (VIEWED | others)] == []


def test_it_is_read_once(monkeypatch):
    app, read = GradtuiApp(), []
    monkeypatch.setattr(Stylesheet, "read", lambda sheet, path: read.append(path))
    complete(app, {"-wide", "-tall"})
    assert not read
    complete(app, {"-wide", "-low"})
    assert read == [VIEWS]
