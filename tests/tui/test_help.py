"""The help on the screen: what is looked for in it, and what is behind it."""

from __future__ import annotations

from textwrap import wrap

import pytest

from gradtui.tui import around
from gradtui.tui.help import Help, HelpText, help_lines
from gradtui.tui.keys import Keys
from gradtui.tui.themes import THEMES


async def test_the_help_shows_what_is_looked_for_and_then_all_of_it_again(terminal):
    async with terminal("two_weights") as t:
        await t.press("question_mark", "slash")
        await t.type("adam")
        assert "PANELS" not in t.text and "momentum or Adam the limit" in " ".join(t.text.split())
        await t.press("enter", "j", "escape")
        assert isinstance(t.app.screen, Help) and "TRAINING STEPS" in t.text
        await t.press("escape", "n")
        assert t.session.step == 1


async def test_a_search_is_typed_inside_the_help_and_covers_nothing_else(terminal):
    async with terminal("two_weights", size=(80, 24)) as t:
        await t.press("question_mark")
        below = t.rows[-2:]
        await t.press("slash")
        assert any("│ search: a word, such as rate or Adam" in row for row in t.rows)
        await t.type("adam")
        assert any("│ search: adam" in row for row in t.rows) and t.rows[-2:] == below
        await t.press("escape")
        assert "search: " not in t.text


async def test_what_is_looked_for_is_marked_and_counted(terminal):
    async with terminal("two_weights") as t:
        await t.press("question_mark", "slash")
        await t.type("Largest Curvature")
        (text,) = t.app.screen.query(HelpText)
        marked = [
            line.plain[start:end].casefold() for line in text.marked for start, end, _ in line.spans
        ]
        words = " ".join(marked).split()  # a line may end between the two
        assert words and words == ["largest", "curvature"] * (len(words) // 2)
        assert f"{len(words) // 2} places" in t.text
        await t.press("escape")
        assert "places" not in t.text and not any(line.spans for line in text.marked)


async def test_a_text_that_is_nowhere_says_so(terminal):
    async with terminal("two_weights") as t:
        await t.press("question_mark", "slash")
        await t.type("qqq")
        assert "nothing in the help has this" in t.text


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
@pytest.mark.parametrize("typed", ["lambda", "lmax", "Lambda max", "λmax"])
async def test_a_sign_that_no_keyboard_has_is_found_by_its_name(terminal, typed, size):
    async with terminal("two_weights", size) as t:
        await t.press("question_mark", "slash")
        t.app.screen.query_one("Input").value = typed
        await t.pilot.pause()
        assert "λmax" in t.text and "the largest curvature" in t.text


async def test_what_is_looked_for_is_found_in_the_manual_too(terminal):
    async with terminal("two_weights") as t:
        await t.press("question_mark", "slash")
        await t.type("glorot")
        assert "MANUAL: SCENARIOS" in t.text and "xavier" in t.text


async def test_a_page_of_the_manual_is_shown_and_its_parts_are_gone_through(terminal):
    async with terminal("two_weights", size=(80, 24)) as t:
        await t.press("colon")
        await t.type("help saving")
        await t.press("enter")
        assert "SAVING: how a session is kept" in t.text and "PANELS" not in t.text
        await t.press("n")
        assert "Files" in t.text and "SAVING: " not in t.text
        await t.press("escape", "colon")
        await t.type("help relu")
        await t.press("enter")
        assert "LANGUAGE: " in t.text and "keep what is positive" in t.text
        await t.press("escape", "colon")
        await t.type("help savings")
        await t.press("enter")
        assert "the manual has no topic 'savings'; did you mean 'saving'?" in t.text


async def test_its_styles_may_be_read_as_it_opens(terminal, monkeypatch):
    monkeypatch.setattr(around, "_REST", 1e6)
    async with terminal("two_weights", size=(120, 40)) as t:
        around_it = t.rows[0], t.rows[-1]
        await t.press("question_mark")
        assert (t.rows[0], t.rows[-1]) == around_it
        assert t.rows[2].index("╭─ Help ─") == 6 and t.rows[2].rindex("╮") == 113


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
@pytest.mark.parametrize("keys", [("question_mark",), ("T",), ("P", "enter"), ("B",)])
async def test_what_is_behind_a_window_stays_in_view_in_every_theme(terminal, theme, keys):
    async with terminal("five_parcels", size=(80, 24)) as t:
        t.app.theme = theme.name
        await t.press("b", *"loss<0", "enter")
        await t.press("n")
        around = t.rows[0], t.rows[-1]
        await t.press(*keys)
        assert t.app.screen is not t.app.screen_stack[0] and (t.rows[0], t.rows[-1]) == around


async def test_the_ends_of_the_help_are_a_key_away_as_in_a_table(terminal):
    async with terminal("two_weights", (80, 24)) as t:
        await t.press("question_mark")
        first = t.text
        await t.press("G")
        assert "how a session is kept, resumed and protected" in t.text
        await t.press("g")
        assert t.text == first


@pytest.mark.parametrize("width", [30, 47, 90, 200])
def test_entries_are_broken_where_textwrap_breaks_them(monkeypatch, width):
    lines = help_lines(width, Keys())
    monkeypatch.setattr(
        "gradtui.tui.help._broken", lambda text, room: wrap(text, room, break_on_hyphens=False)
    )
    assert help_lines(width, Keys()) == lines
