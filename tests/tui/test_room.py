"""How the panels share the screen, and how many digits the graph has."""

from __future__ import annotations

import re

import pytest

import gradtui
from gradtui.explain.graph_text import CLOSE, ROOMY, WORDY
from gradtui.tui.drawings import Drawings
from gradtui.tui.panels import panel_types


@pytest.mark.parametrize(("size", "low", "high"), [((120, 40), 8, 13), ((80, 24), 8, 11)])
async def test_a_low_graph_leaves_its_rows_to_what_is_below(terminal, size, low, high):
    async with terminal("two_weights", size) as t:
        assert t.debugger.query_one("#graph").outer_size.height == low
        rows = t.debugger.query_one("#loss").size.height
    async with terminal("transformer_block", size) as t:
        assert t.debugger.query_one("#graph").outer_size.height == high
        assert t.debugger.query_one("#loss").size.height < rows


async def test_the_graph_of_operations_and_the_list_take_the_rows_they_need(terminal):
    async with terminal("practice") as t:
        graph = t.debugger.query_one("#graph")
        named = graph.outer_size.height
        await t.press("X")
        assert graph.outer_size.height > named
        await t.press("X")
        assert graph.outer_size.height == named


async def test_a_low_screen_names_the_panels_that_are_a_key_away(terminal):
    async with terminal("two_weights", (80, 24)) as t:
        assert t.rows[-2].rstrip().endswith("3 Chain 4 Update 5 Program 7 Notes")
        await t.press("z")
        assert "3 Chain" not in t.text and t.rows[-1].startswith(" Esc all panels")
        await t.press("escape")
        assert "3 Chain 4 Update" in t.rows[-2]


async def test_each_panel_is_drawn_alone_by_its_key(terminal):
    async with terminal("two_weights", (80, 24)) as t:
        for number, panel in enumerate(panel_types(), 1):
            await t.press(str(number))
            drawn = t.debugger.query_one(f"#{panel.NAME.lower()}")
            assert t.debugger.focused is drawn and drawn.size.height > 2
            assert t.text.strip()
            await t.press("escape")


async def test_the_footer_goes_with_the_focus(terminal):
    async with terminal("two_weights") as t:
        assert "j k select" in t.rows[-1] and "t log" not in t.rows[-1]
        await t.press("6")
        assert "t log" in t.rows[-1] and "M surface" in t.rows[-1]
        await t.press("k")
        assert "Esc follow" in t.rows[-1]


async def test_an_open_question_has_no_keys_on_offer_that_wait_for_its_answer(terminal, write):
    asked = """
[[lesson]]
text = "How large is the loss?"
ask = "L"
"""
    async with terminal(write("e = w*x\nL = e**2", more=asked), (200, 60)) as t:
        assert "Enter answer" in t.rows[-1] and "i sweep" not in t.rows[-1]
        await t.press("M")
        assert "M leave" in t.rows[-1] and "A axes" not in t.rows[-1]
        await t.press("M", "enter", *"36", "enter")
        assert "i sweep" in t.rows[-1]


async def test_of_data_no_chain_rule_is_offered(terminal):
    async with terminal("five_parcels", (200, 60)) as t:
        assert "L element" in t.rows[-1]
        await t.press("slash", "X", "enter")
        assert "X is data" in t.text and "L element" not in t.rows[-1]


async def test_a_high_screen_of_half_the_width_has_every_panel(terminal):
    async with terminal("two_weights", (80, 34)) as t:
        assert all(f"{key} {panel.NAME}" in t.text for key, panel in enumerate(panel_types(), 1))
        assert "= 6 · 1 · 3 = 18" in t.text and "1 - 0.05·12 = 0.4" in t.text


async def test_a_wide_screen_has_all_of_adams_arithmetic_in_view(terminal):
    async with terminal("five_parcels_adam", (200, 60)) as t:
        await t.press("n", "n", "n")
        update = t.debugger.query_one("#update")
        assert "m = 0.9·0.0658334 + (1 - 0.9)·(-1.57329) = -0.0980788" in t.text
        assert "step -0.0219706" in t.text and not update.border_subtitle


async def test_without_a_border_the_last_row_says_what_is_outside(terminal):
    async with terminal("transformer_block", (50, 12)) as t:
        graph = t.debugger.query_one("#graph")
        assert t.rows[graph.region.bottom - 1].endswith(graph.border_subtitle)
        assert "> " in graph.border_subtitle and "↓ " in graph.border_subtitle


def test_numbers_have_more_digits_where_the_drawing_fits_with_them():
    frame = gradtui.load("two_weights").frame
    drawings = Drawings()
    roomy, close = drawings.drawing(frame, 96), drawings.drawing(frame, 76)
    assert (roomy.cells, close.cells) == (ROOMY, WORDY)
    assert close.layout.width < roomy.layout.width <= 96
    assert roomy.layout.height == close.layout.height == drawings.rows(frame)
    assert drawings.drawing(frame, 96) is roomy


def test_names_are_whole_in_a_graph_that_is_wider_all_the_same_where_that_is_hardly_more():
    frame = gradtui.load("transformer_block").frame
    drawings = Drawings()
    wide, narrow = drawings.drawing(frame, 130), drawings.drawing(frame, 76)
    assert (wide.cells, narrow.cells) == (WORDY, CLOSE)
    assert 130 < narrow.layout.width < wide.layout.width <= narrow.layout.width + 130 // 8


def test_a_graph_with_a_wrong_line_is_drawn_as_the_right_one_is():
    right, wrong = (
        Drawings().drawing(gradtui.load(name).frame, 76).layout
        for name in ("two_weights", "grad_missing_factor")
    )
    assert right.width == wrong.width <= 76
    assert right.boxes == wrong.boxes


async def test_a_large_terminal_shows_all_chains_and_the_data(terminal):
    async with terminal("two_weights", (200, 60)) as t:
        t.debugger.run_line("lesson off")
        await t.press("1")
        for said in ("= 6 · 1 · 2 = 12", "= 6 · 1 · 3 = 18", "x1 = 2   x2 = 3   y = 5"):
            assert said in t.text
    async with terminal("two_weights", (120, 40)) as t:
        t.debugger.run_line("lesson off")
        await t.press("1")
        assert ("= 6 · 1 · 2 = 12" in t.text) != ("= 6 · 1 · 3 = 18" in t.text)


@pytest.mark.parametrize("size", [(80, 24), (80, 34), (120, 40), (200, 60)])
@pytest.mark.parametrize("name", ["five_parcels", "late_stable", "two_weights_schedule"])
async def test_a_value_has_all_its_digits_or_four_of_them_on_every_panel(terminal, name, size):
    async with terminal(name, size) as t:
        for keys in ("nnn", "s", "M"):
            await t.press(*keys)
            frame, text = t.session.frame, t.text.replace("·", " ")
            told = [float(token) for token in re.findall(r"-?\d+\.\d{3,}(?:e-?\d+)?", text)]
            parameters = [node.id for node in frame.graph.parameters]
            values = [
                float(x)
                for id in parameters
                for one in (frame.tape.value(id), frame.gradient(id))
                for x in one.reshape(-1)
            ]
            for value in [*values, frame.loss]:
                near = {x for x in told if abs(x - value) < 4e-4 * abs(value)}
                assert near <= {float(f"{value:.6g}"), float(f"{value:.4g}")}, (keys, value)


async def test_where_a_surface_has_no_room_it_is_said_how_it_gets_some(terminal):
    async with terminal("two_weights", (120, 12)) as t:
        await t.press("n", "M")
        assert "a larger panel shows the surface: zoom it, or enlarge the terminal" in t.text
