"""What the next step shows is made before the key that leads there."""

from __future__ import annotations

import pytest

from gradtui.debugger import investigation
from gradtui.tui.foresight import Foresight
from gradtui.tui.panels import update
from gradtui.tui.panels.update import UpdatePanel

ALWAYS, NEVER = (0.0, 60.0), (60.0, 60.0)


async def test_the_update_of_the_next_step_is_made_before_its_key(terminal, monkeypatch):
    made, make = [], update.update_rows

    def counted(frame, width):
        made.append(frame.step)
        return make(frame, width)

    monkeypatch.setattr(investigation, "_AHEAD", ALWAYS)
    monkeypatch.setattr(update, "update_rows", counted)
    async with terminal("five_parcels_adam") as t:
        await t.press("n")
        await t.until(lambda: 2 in made)
        assert "step 1/" in t.text
        await t.press("n")
        assert "step 2/" in t.text
        assert made.count(2) == 1


async def test_what_is_foreseen_changes_nothing_on_the_screen(terminal, monkeypatch):
    seen = list[str]()
    for worth in (ALWAYS, NEVER):
        monkeypatch.setattr(investigation, "_AHEAD", worth)
        async with terminal("minibatches", (120, 40)) as t:
            for key in "nnNnjnsnxn":
                await t.press(key)
                await t.settled()
                seen.append(t.text)
    half = len(seen) // 2
    assert seen[:half] == seen[half:]


async def test_a_key_ends_what_the_one_before_has_begun(terminal, monkeypatch):
    monkeypatch.setattr(investigation, "_AHEAD", ALWAYS)
    async with terminal("five_parcels_adam") as t:
        await t.press("n")
        before = t.session.frame
        await t.press("n")
        monkeypatch.setattr(UpdatePanel, "foresee", lambda *args: pytest.fail("too late"))
        await Foresight(t.debugger)._foresee(before, 2)
