"""A call that is due happens, however late the machine comes to it."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from textual.app import App

import gradtui
from gradtui.tui.later import call_after


async def test_a_late_call_is_made_once():
    calls = []
    async with App().run_test() as pilot:
        call_after(pilot.app, 0.001, lambda: calls.append(1))
        time.sleep(0.05)
        await asyncio.sleep(0.05)
    assert calls == [1]


async def test_a_call_can_be_cancelled():
    calls = []
    async with App().run_test() as pilot:
        call_after(pilot.app, 0.05, lambda: calls.append(1)).cancel()
        await asyncio.sleep(0.1)
    assert calls == []


def test_the_program_has_no_timer_that_may_be_lost():
    package = Path(gradtui.__file__).parent
    assert [path for path in package.rglob("*.py") if "set_timer(" in path.read_text()] == []
