"""The program's panel: what it does with the rows it has."""

from itertools import takewhile

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


@pytest.mark.parametrize(("size", "keys"), [((120, 40), ()), ((80, 24), ("5",))])
async def test_the_line_looked_at_is_there_as_a_whole(terminal, size, keys):
    async with terminal("transformer_block", size) as t:
        await t.press(*keys, "F", "F")
        panel, file = t.debugger.query_one(ProgramPanel), t.session.problem.lines
        for statement in t.session.problem.graph.statements:
            await t.press("s")
            rows = panel.visible_rows()
            (here,) = [at for at, row in enumerate(rows) if row and row[0][0].endswith("▸ ")]
            more = takewhile(lambda row: row and not row[0][0].strip(), rows[here + 1 :])
            code = "".join(row[1][0] for row in (rows[here], *more))
            assert code.split() and "".join(code.split()) == "".join(
                file[statement.place.line - 1].split()
            )
            assert len(rows) <= panel.size.height


async def test_the_last_lines_are_reached_below_a_line_of_more_rows(terminal):
    async with terminal("transformer_block", (120, 40)) as t:
        await t.press("5", "F", "F", *"ssssss")
        panel = t.debugger.query_one(ProgramPanel)
        assert "54▸" in t.text and "60  L = " not in t.text and "↓ 1" in panel.border_subtitle
        await t.press("pagedown")
        assert "60  L = cross_entropy(z, nexts)" in t.text and panel.border_subtitle == "↑ 1"
