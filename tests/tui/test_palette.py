"""The palette, with keys that come faster than it opens, and where there is hardly any room."""

from __future__ import annotations

import asyncio

import pytest
from rich.style import Style
from textual.command import CommandList, SearchIcon
from textual.events import Click, Key

from gradtui.base.ascii import to_ascii
from gradtui.tui.palette import Palette


@pytest.mark.parametrize("width", [4, 6])
async def test_a_palette_of_a_few_columns_opens_and_closes(terminal, width):
    async with terminal("two_weights", (width, 30)) as t:
        await t.press("ctrl+p")
        await t.until(lambda: isinstance(t.app.screen, Palette))
        await t.press("escape", "n")
        assert t.session.step == 1


async def test_a_palette_has_no_sign_that_a_plain_terminal_lacks(terminal):
    async with terminal("two_weights") as t:
        await t.press("ctrl+p")
        icon = t.app.screen.query_one(SearchIcon)
        assert to_ascii(str(icon.render())) == ">"


@pytest.mark.parametrize("turns", [0, 3, 6, 12, 24])
async def test_a_palette_that_is_left_as_it_opens_is_gone(terminal, turns):
    async with terminal("two_weights") as t:
        for key in ("ctrl+p", "z", "enter", "escape", "escape"):
            t.app.post_message(Key(key, key if len(key) == 1 else None))
            for _ in range(turns):
                await asyncio.sleep(0)
        await t.pilot.pause()
        assert t.app.screen is t.debugger


async def test_a_palette_opens_while_the_last_one_is_removed(terminal):
    async with terminal("two_weights") as t:
        await t.press("ctrl+p")
        palette = t.app.screen
        palette.dismiss()
        t.app.action_command_palette()
        await t.pilot.pause()
        assert isinstance(t.app.screen, Palette)
        assert t.app.screen is not palette


async def test_a_palette_is_left_once(terminal):
    async with terminal("two_weights") as t:
        await t.press("ctrl+p")
        palette = t.app.screen
        assert isinstance(palette, Palette)
        palette.dismiss()
        await palette.dismiss()
        await t.pilot.pause()
        assert t.app.screen is t.debugger


async def test_a_palette_whose_screen_has_gone_is_no_crash(terminal):
    async with terminal("two_weights") as t:
        before = t.app.screen
        t.app.push_screen(palette := Palette())
        t.app._screen_stacks[t.app.current_mode].remove(before)
        await t.pilot.pause()
        assert t.app.screen is palette


async def test_a_palette_that_the_app_ends_before_it_has_its_parts_is_no_crash(terminal):
    class Ended(Palette):
        def compose(self):
            return ()

    async with terminal("two_weights") as t:
        t.app.push_screen(palette := Ended())
        await t.pilot.pause()
        assert t.app.screen is palette


async def test_a_key_for_the_list_before_there_is_one_is_no_crash(terminal):
    async with terminal("two_weights") as t:
        t.app.post_message(Key("ctrl+p", None))
        t.app.post_message(Key("pagedown", None))
        await t.pilot.pause()
        assert isinstance(t.app.screen, Palette)


async def test_a_click_on_a_command_that_is_no_longer_listed_is_no_crash(terminal):
    async with terminal("two_weights") as t:
        await t.press("ctrl+p")
        palette = t.app.screen
        listed = palette.query_one(CommandList)
        style = Style.from_meta({"option": listed.option_count - 1})
        await t.type("reload")
        await t.until(lambda: listed.option_count < style.meta["option"])
        listed.post_message(Click(listed, 5, 5, 0, 0, 1, False, False, False, style=style))
        await t.pilot.pause()
        assert t.app.screen is palette
        await t.press("escape", "n")
        assert t.session.step == 1


async def test_the_sign_before_the_input_can_be_seen(terminal):
    async with terminal("two_weights") as t:
        await t.press("ctrl+p")
        _, _, ground, ink = t.app.screen.query_one(SearchIcon).colors
        assert abs(ink.brightness - ground.brightness) > 0.2
