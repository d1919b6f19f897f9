"""The panels' heights: rows go from those that do not need them to their neighbours."""

from __future__ import annotations

import pytest
from textual.geometry import Region

from gradtui.scenario.bundled import bundled_folder
from gradtui.tui.body import Needs, share_rows
from gradtui.tui.panels.base import Panel

COLUMN = {"gradient": Region(80, 0, 40, 8), "update": Region(80, 8, 40, 11),
          "notes": Region(80, 19, 40, 17)}  # fmt: skip
GRID = {"graph": Region(0, 0, 80, 8), "chain": Region(0, 8, 80, 11),
        "program": Region(0, 19, 40, 17), "loss": Region(40, 19, 40, 17), **COLUMN}  # fmt: skip


def heights(regions, **needs):
    shared = share_rows(regions, lambda name: Needs(*needs.get(name, (100, 0))))
    return {name: region.height for name, region in shared.items()}


def test_a_panel_takes_what_its_neighbours_have_to_spare_and_no_more():
    found = heights(GRID, gradient=(6, 6), update=(30, 30), notes=(10, 30))
    assert found == {"graph": 8, "chain": 11, "program": 17, "loss": 17,
                     "gradient": 6, "update": 20, "notes": 10}  # fmt: skip
    assert heights(COLUMN, update=(12, 12), notes=(10, 30))["update"] == 12
    assert heights(COLUMN, update=(5, 5), notes=(10, 30)) == {
        "gradient": 8, "update": 5, "notes": 23
    }  # fmt: skip


def test_panels_side_by_side_keep_one_border_with_the_one_above_them():
    found = share_rows(GRID, lambda name: Needs(5, 20 if name == "chain" else 5))
    assert found["chain"].bottom == found["program"].y == found["loss"].y == 8 + 20
    assert found["program"].bottom == found["loss"].bottom == 36


def test_the_panels_cover_the_same_cells_whatever_they_need():
    for least in range(4, 30, 5):
        for wanted in range(least, 60, 9):
            shared = share_rows(GRID, lambda name, many=(least, wanted): Needs(*many))
            assert sum(region.area for region in shared.values()) == 120 * 36
            assert shared["graph"] == GRID["graph"]


async def test_adams_arithmetic_has_the_rows_that_the_lesson_does_not_need(terminal):
    async with terminal(str(bundled_folder() / "five_parcels_adam.toml")) as t:
        update, notes = (t.debugger.query_one(f"#{name}") for name in ("update", "notes"))
        await t.press("enter", "n", "n", "n")
        assert "own rate = " in t.text and "step 0.0115593" in t.text
        assert not notes.border_subtitle and update.size.height > notes.size.height


@pytest.mark.parametrize("size", [(120, 40), (200, 60)])
async def test_no_border_moves_to_and_fro_from_step_to_step(terminal, size):
    async with terminal("five_parcels_adam", size) as t:
        seen = []
        for key in "FF" + "s" * 12 + "nnnNNsS":
            await t.press(key)
            place = [panel.region for panel in t.debugger.query(Panel)]
            if place not in seen:
                seen.append(place)
        assert len(seen) <= 2


async def test_another_width_asks_anew(terminal):
    async with terminal("five_parcels_adam") as t:
        update = t.debugger.query_one("#update")
        narrow = update.most_rows
        await t.pilot.resize_terminal(200, 60)
        await t.pilot.pause()
        assert update.most_rows < narrow and not update.border_subtitle


async def test_a_wide_screen_has_a_map_beside_the_program_and_it_keeps_its_rows(terminal):
    async with terminal("iris", (200, 60)) as t:
        await t.press("n", "M")
        loss, program = (t.debugger.query_one(name).size for name in ("#loss", "#program"))
        assert loss.width > 60 and loss.height > 28
        assert program == loss and "h = tanh(X@W1 + b1)" in t.text
        await t.press("s", "n", "N")
        assert t.debugger.query_one("#loss").size == loss


async def test_beside_a_map_the_update_has_the_rows_that_the_notes_can_spare(terminal):
    async with terminal("five_parcels") as t:
        await t.press("n", "M")
        loss = t.debugger.query_one("#loss").outer_size.height
        update = t.debugger.query_one("#update")
        assert not update.border_subtitle and update.size.height > 5 and loss > 18
