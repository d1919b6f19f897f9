"""The command registry is what keys, help, footer and palette show."""

from __future__ import annotations

import pytest
from textual.command import CommandList

from gradtui.base.text import cell_width
from gradtui.tui.commands import COMMANDS, find_command
from gradtui.tui.help import help_lines
from gradtui.tui.keys import Keys
from gradtui.tui.panels import PANELS, panel_types

KEYS = Keys()


MODIFIED = ("ctrl+", "alt+")


def test_ids_and_keys_are_unique():
    ids = [command.id for command in COMMANDS]
    keys = [key for command in COMMANDS for key in command.keys]
    assert len(ids) == len(set(ids))
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.id)
def test_every_command_has_a_plain_key_and_stands_in_the_help(command):
    assert any(not key.startswith(MODIFIED) for key in command.keys)
    text = "\n".join(help_lines(200, KEYS))
    assert KEYS.fill(command.help) in text
    assert KEYS.shown(command.id) in text
    assert find_command(command.id) is command


def test_a_short_name_is_enough_where_it_is_the_only_one():
    assert find_command("got").id == "goto"
    assert find_command("f") is None
    assert find_command("") is None
    assert find_command("find").id == "find"


@pytest.mark.parametrize("width", [40, 62, 100])
def test_the_help_is_folded_beside_its_keys(width):
    rows = help_lines(width, KEYS)
    assert max(map(cell_width, rows)) <= width
    assert " ".join(" ".join(rows).split()) == " ".join(" ".join(help_lines(200, KEYS)).split())
    assert all(row == row.upper() for row in rows if row and not row.startswith("  "))


def test_every_panel_stands_in_the_help_with_its_number():
    text = "\n".join(help_lines(200, KEYS))
    for number, (name, panel) in enumerate(zip(PANELS, panel_types(), strict=True), 1):
        assert name == panel.NAME
        assert f"  {number} {name}" in text


async def test_every_command_can_be_run_from_the_screen(terminal):
    async with terminal("two_weights") as t:
        for command in COMMANDS:
            if command.id in ("quit",):
                continue
            t.debugger.action_run(command.id)
            await t.pilot.pause()
            while t.app.screen is not t.app.screen_stack[0]:
                await t.press("escape")
            await t.press("escape")
        assert "1 Graph" in t.text


async def test_the_palette_finds_a_command(terminal):
    async with terminal("two_weights") as t:
        await t.press("ctrl+p")
        listed = t.app.screen.query_one(CommandList)
        everything = listed.option_count
        await t.type("next")
        await t.until(lambda: 0 < listed.option_count < everything)
        await t.press("enter")
        await t.until(lambda: t.session.step == 1)


async def test_the_help_goes_from_part_to_part_and_from_the_last_to_the_first(terminal):
    async with terminal("two_weights", size=(80, 24)) as t:
        await t.press("question_mark")
        assert "TRAINING STEPS" in t.text
        await t.press("n")
        assert "INSIDE A STEP" in t.text and "TRAINING STEPS" not in t.text
        parts = sum(row.isupper() and not row.startswith(" ") for row in help_lines(60, KEYS))
        for _ in range(parts + 1):
            await t.press("n")
            if "TRAINING STEPS" in t.text:
                break
        assert "TRAINING STEPS" in t.text
        await t.press("pagedown")
        assert "TRAINING STEPS" not in t.text
