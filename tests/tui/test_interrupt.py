"""Ctrl+C on the screen: it closes whatever is open, and twice in a row quits."""

from __future__ import annotations

import pytest

from gradtui.tui.commands import COMMANDS
from gradtui.tui.debugger import Debugger

KEYS = [
    "ctrl+p",
    *(command.keys[0] for command in COMMANDS if command.keys and command.id != "editor"),
]


def is_open(t):
    return not isinstance(t.app.screen, Debugger) or bool(t.app.screen.query("Prompt, Question"))


async def test_it_closes_whatever_any_key_opens(terminal):
    opened = []
    async with terminal("five_parcels") as t:
        await t.press("n", "e", *"lr", "space", "1", "enter")  # so that q has something to ask
        for key in KEYS:
            await t.press("escape", key)
            if is_open(t):
                opened.append(key)
                await t.press("ctrl+c")
                assert not is_open(t), key
                assert t.app.return_value is None, key
                assert "press Ctrl+C again to quit" in t.text, key
    assert {"ctrl+p", "o", "question_mark", "B", "T", "q", "colon", "b"} <= {*opened}


@pytest.mark.parametrize("key", ["ctrl+p", "o", "question_mark", "B", "T", "colon"])
async def test_twice_it_quits(terminal, key):
    async with terminal("five_parcels") as t:
        await t.press(key, "ctrl+c", "ctrl+c")
        assert t.app.return_value == 0


async def test_another_key_between_begins_anew(terminal):
    async with terminal("five_parcels") as t:
        await t.press("question_mark", "ctrl+c", "question_mark", "ctrl+c")
        assert t.app.return_value is None
        assert not is_open(t)


async def test_a_table_over_a_sweep_is_closed(terminal):
    async with terminal("five_parcels") as t:
        t.debugger.trials.sweep("lr 0.01 0.02")
        t.debugger.trials.list_sweep()
        await t.pilot.pause()
        assert is_open(t)
        await t.press("ctrl+c")
        assert not is_open(t)
        assert t.app.return_value is None


async def test_the_palette_over_another_screen_is_closed_first(terminal):
    async with terminal("five_parcels") as t:
        await t.press("o", "ctrl+p", "ctrl+c")
        assert type(t.app.screen).__name__ == "Picker"


async def test_what_is_typed_does_not_keep_the_picker_open(terminal):
    async with terminal("five_parcels") as t:
        await t.press("o", *"adam", "ctrl+c")
        assert not is_open(t)


async def test_without_a_debugger_it_leaves_the_picker(terminal):
    async with terminal(None) as t:
        await t.press("ctrl+p", "ctrl+c")
        assert t.app.return_value is None
        await t.press("n", "ctrl+c")
        assert t.app.return_value == 0
