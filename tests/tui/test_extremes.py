"""Numbers at the end of the range, through every command and panel of every bundled scenario."""

from __future__ import annotations

import random

import pytest

import gradtui
from extremes import do, done_with, settle, write_stretched
from gradtui.base.source import InputError
from gradtui.cli.arguments import main
from gradtui.debugger.session import Session
from gradtui.scenario.bundled import bundled_folder
from gradtui.scenario.load import load_problem
from gradtui.tui.app import GradtuiApp
from gradtui.tui.commands import COMMANDS

NAMES = sorted(path.stem for path in bundled_folder().glob("*.toml"))
SIZES = ((80, 24), (120, 40), (200, 60))
TOGETHER, DONE, SEED = 8, 7, 1
"""Scenarios that are shown on the screen of one app; commands that are done to each, drawn from all
there are; what is drawn.  `benchmarks/values.py` does more of each."""
SHELL = (("check", "--json"), ("show",), ("run", "--every", "7"), ("check",))
"""What the shell does with them, with one after the other."""
NO_NUMBERS = {
    "lesson", "lesson-back", "slower", "faster",
    "play", "goto", "find", "reload", "edit", "write-fix", "repaint", "focus-previous", "axes",
    "scroll-up", "scroll-left", "picture", "theme", "open", "command", "help", "message", "quit",
    "ten-back", "hundred-back", "branch-before", "hint", "leave", "fold",
}  # fmt: skip
"""Commands that show no number, or none that the others do not."""


def test_every_command_that_shows_numbers_is_tried():
    tried = {name for name, _ in done_with(gradtui.load("two_weights"), random.Random(0))}
    assert {command.id for command in COMMANDS} == (tried - {"escape"}) | NO_NUMBERS


@pytest.mark.parametrize("first", range(0, len(NAMES), TOGETHER))
async def test_any_number_is_shown_and_judged(first, tmp_path, capsys):
    app = GradtuiApp(gradtui.load("two_weights"))
    async with app.run_test(size=SIZES[first // TOGETHER % len(SIZES)]) as pilot:
        for number, name in enumerate(NAMES[first : first + TOGETHER], first):
            chance, folder = random.Random(f"{name} {SEED}"), tmp_path / name
            folder.mkdir()
            path = write_stretched(folder, name, bundled_folder(), chance)
            try:
                session = Session(load_problem(path))
            except InputError:
                continue
            command, *options = SHELL[number % len(SHELL)]
            assert main([command, str(path), *options]) in (0, 1)
            app.screen.around.open_session(session)
            await pilot.pause(0)
            for id, text in list(done_with(session, chance))[:DONE]:
                await do(pilot, id, text)
            assert await settle(pilot) == []
    capsys.readouterr()
