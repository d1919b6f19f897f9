"""A call that is due happens, however late the machine comes to it."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from textual.app import App

import gradtui
from gradtui.tui import later
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


async def test_work_in_parts_leaves_others_their_turn_and_rests_as_long(monkeypatch):
    monkeypatch.setattr(later, "_TURN", 0.0)
    seen = []

    class Working(App[None]):
        def on_mount(self):
            later.work_off(self, map(seen.append, range(3)), lambda: seen.append("done"))
            self.call_later(seen.append, "other")

    async with Working().run_test() as pilot:
        for _ in range(200):
            if "done" in seen:
                break
            await pilot.pause(0.01)
    assert [one for one in seen if one != "other"] == [0, 1, 2, "done"]
    assert seen.index("other") < seen.index("done")
    monkeypatch.setattr(later, "_TURN", 60.0)
    seen.clear()
    later.work_off(None, map(seen.append, range(3)), lambda: seen.append("done"))
    assert seen == [0, 1, 2, "done"]


async def test_turns_are_given_only_after_a_while(monkeypatch):
    seen = []

    async def other():
        seen.append("other")

    for turn, expected in ((60.0, [0, 1]), (0.0, [0, "other", 1])):
        seen.clear()
        monkeypatch.setattr(later, "_TURN", turn)
        task = asyncio.ensure_future(other())
        await later.in_turns(map(seen.append, range(2)))
        assert seen[: len(expected)] == expected
        await task
