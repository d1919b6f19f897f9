"""The program's panel: what it does with the rows it has."""

import pytest

from gradtui.tui.panels.program import ProgramPanel


@pytest.mark.parametrize("name", ["ravine", "two_weights", "iris", "transformer_block"])
@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_no_code_is_cut_above_blank_rows(terminal, name, size):
    async with terminal(name, size) as t:
        await t.type(":lesson off")
        await t.press("enter")
        panel = t.debugger.query_one(ProgramPanel)
        if panel.region.height:
            rows = ["".join(text for text, _ in row) for row in panel.visible_rows()]
            spare = panel.size.height - len(rows)
            assert spare >= 0
            assert spare <= 2 or not any("…" in row for row in rows if row[:1] != "…"), rows


async def test_the_data_keep_their_rows_below_code_that_goes_on(terminal):
    async with terminal("ravine", (120, 40)) as t:
        assert "steep = 1000   flat = 1" in t.text and "flat*b**2)/2" in t.text
