"""Textual is imported without what it can do without, which is there when asked for."""

from __future__ import annotations

import subprocess
import sys

_APP = """
from gradtui.tui.bare_textual import leave_out
leave_out(unused=False)
import gradtui.tui.app, sys, textual
print("textual.widgets._tree" in sys.modules)
{asked}
print(DirEntry.__name__)
print(hasattr(textual.types, "Absent"), "textual.widgets._tree" in sys.modules)
"""


def test_types_of_widgets_are_there_when_they_are_asked_for() -> None:
    for asked in ("from textual.types import DirEntry", "DirEntry = textual.types.DirEntry"):
        told = subprocess.run(
            [sys.executable, "-c", _APP.format(asked=asked)],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert told.stdout.split("\n")[:3] == ["False", "DirEntry", "False True"]


_WITHOUT_TLS = """
from gradtui.tui.bare_textual import leave_out_tls
leave_out_tls()
import asyncio, gradtui.tui.app, sys
print("_ssl" in sys.modules, asyncio.run(asyncio.sleep(0, "slept")))
import ssl
print(ssl.create_default_context().verify_mode.name)
"""


def test_asyncio_is_imported_without_openssl_which_can_be_imported_later() -> None:
    told = subprocess.run(
        [sys.executable, "-c", _WITHOUT_TLS], capture_output=True, text=True, check=True
    )
    assert told.stdout.split() == ["False", "slept", "CERT_REQUIRED"]


_WITHOUT_PALETTE = """
import asyncio, sys
from gradtui.tui.bare_textual import leave_out
leave_out(unused=True)
from gradtui.debugger.session import Session
from gradtui.scenario.bundled import find_scenario
from gradtui.scenario.load import load_problem
from gradtui.tui.app import GradtuiApp

async def start():
    app = GradtuiApp(Session(load_problem(find_scenario("two_weights"))))
    async with app.run_test(size=(100, 30)) as pilot:
        for unused in "textual.widgets._option_list", "textual.widgets._toast", "rich.table":
            print(unused in sys.modules)
        app.notify("to nobody")
        for open_palette in (app.action_command_palette, app.search_themes):
            open_palette()
            await pilot.pause()
            from textual.command import CommandList
            while not (found := app.screen.query_one(CommandList)).option_count:
                await pilot.pause(0.01)
            print(any("dracula" in str(found.get_option_at_index(at).prompt)
                      for at in range(found.option_count)))
            await pilot.press("escape")

asyncio.run(start())
"""


def test_the_app_starts_without_notifications_and_the_palette_which_opens_all_the_same() -> None:
    told = subprocess.run(
        [sys.executable, "-c", _WITHOUT_PALETTE], capture_output=True, text=True, check=True
    )
    assert told.stdout.split() == ["False", "False", "False", "False", "True"]
