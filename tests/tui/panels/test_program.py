"""The program's panel: what it does with the rows it has."""

from contextlib import asynccontextmanager
from itertools import takewhile

import pytest

from gradtui.cli.running import trace_code
from gradtui.tui.app import GradtuiApp
from gradtui.tui.panels.program import ProgramPanel
from tui.conftest import Terminal


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


FILL = "    pass\n" * 60
HALVES = f"""import numpy as np


def forward(w):
    z = w * 2.0
{FILL}    return np.sum(z**2), z


def backward(z):
    dz = 2 * z
{FILL}    return 3 * dz


def case(w=np.array([1.0, 2.0])):
    loss, z = forward(w)
    return loss, backward(z)
"""
"""Two functions of one call that are longer than the screen, the second one wrong."""


@asynccontextmanager
async def halves(tmp_path, size):
    (tmp_path / "net.py").write_text(HALVES)
    app = GradtuiApp(trace_code(f"{tmp_path / 'net.py'}:case"))
    async with app.run_test(size=size) as pilot:
        terminal = Terminal(app, pilot)
        await terminal.settled()
        yield terminal, app.screen.query_one(ProgramPanel)


def columns(panel):
    """Return the text of the two halves."""
    rows = ["".join(text for text, _ in row).partition(" │ ") for row in panel.visible_rows()]
    return "\n".join(row[0] for row in rows), "\n".join(row[2] for row in rows)


@pytest.mark.parametrize(
    ("size", "keys", "wide"),
    [
        ((152, 50), (), True), ((170, 50), (), True), ((151, 50), (), False),
        ((112, 30), ("5", "z"), True), ((111, 30), ("5", "z"), False),
    ],
)  # fmt: skip
async def test_the_halves_of_a_call_stand_side_by_side_where_there_is_room(
    tmp_path, size, keys, wide
):
    async with halves(tmp_path, size) as (t, panel):
        await t.press(*keys)
        left, right = columns(panel)
        assert bool(right.strip()) == wide
        assert not wide or ("forward, net.py: forward" in left and "return 3 * dz" in right)


async def test_the_cursor_goes_from_half_to_half_and_each_stays_where_it_is(tmp_path):
    async with halves(tmp_path, (160, 50)) as (t, panel):
        await t.press("F", "F", "s")
        left, right = columns(panel)
        assert "5▸ z = w * 2.0" in left and "▸" not in right
        while "▸ dz = 2 * z" not in columns(panel)[1]:
            await t.press("s")
        left, right = columns(panel)
        assert "5› z = w * 2.0" in left and "▸" not in left  # whose gradient dz is
        await t.press("g", "f2")
        left, right = columns(panel)
        assert "▸ return 3 * dz" in right and "dz = 2 * z" not in right and "z = w * 2.0" in left
        shown = right
        panel.scroll_at(5, 2)
        left, right = columns(panel)
        assert left.startswith("  6") and right == shown
        await t.press("5", "pageup")
        assert columns(panel)[0] != left and columns(panel)[1] != shown
        above, _, below = str(panel.border_subtitle).partition(" │ ")
        assert "↓" in above and "↑" in below


async def test_of_two_halves_no_line_out_of_view_is_made(tmp_path, monkeypatch):
    async with halves(tmp_path, (160, 50)) as (t, panel):
        made = []
        monkeypatch.setattr(
            "gradtui.explain.program.code_rows", lambda *given: made.append(given) or [()]
        )
        await t.press("S")
        assert 0 < len(made) <= 2 * panel.size.height


@pytest.mark.parametrize("size", [(160, 50), (200, 60)])
async def test_the_source_of_a_call_has_more_room_than_the_chain_rule_but_for_a_lens(
    tmp_path, size
):
    async with halves(tmp_path, size) as (t, panel):
        chain = t.debugger.query_one("#chain")
        assert panel.outer_size.height > 2 * chain.outer_size.height
        await t.press("L", "enter")
        assert panel.outer_size.height < chain.outer_size.height
