"""User stories of the loss surface: keys in; session state and visible text out."""

from __future__ import annotations

import re

import numpy as np
import pytest

import gradtui.tui.plot as plot
from gradtui.debugger.axes import Axis, Window
from gradtui.debugger.curves import Curve, Picture
from gradtui.explain.surface import surface_rows
from gradtui.tui.panels.loss import LossPanel


async def test_the_surface_of_the_illustration_is_one_key_away_and_follows_the_steps(terminal):
    async with terminal("illustration") as t:
        before = t.rows[:-3]
        await t.press("M")
        text = t.text
        assert "6 Surface  w1, w2" in text and "6 Loss" not in text
        assert "w2 ↑" in text and "w1 →" in text
        assert "◉ L 4  → 1.4884" in text
        assert t.app.focused.id == "loss"
        await t.press("n", "n")
        assert "◉ L 0.553834  → 0.206081" in t.text
        await t.press("N", "N", "M")
        assert "6 Loss" in t.text and t.rows[:-3] == before


async def test_it_takes_the_whole_screen_and_gives_it_back(terminal):
    async with terminal("illustration") as t:
        await t.press("M", "z")
        assert "1 Graph" not in t.text and "6 Surface  w1, w2" in t.text
        assert "0.01 0.03 0.1 0.3 1 3" in t.text
        assert "★ lowest " in t.text
        await t.press("escape")
        assert "1 Graph" in t.text and "6 Surface  w1, w2" in t.text


async def test_axes_are_asked_for_and_a_wrong_one_is_refused_in_words(terminal):
    async with terminal("softmax_classifier") as t:
        await t.press("A")
        assert "surface over:" in t.text and "W1[0,0] W1[0,1]" in t.text
        await t.press(*["backspace"] * 15)
        await t.type("b2 W2")
        await t.press("enter")
        assert t.session.surface.window == Window((Axis("b2", (0,)), Axis("W2", (0, 0))))
        assert "6 Surface  b2[0], W2[0,0]" in t.text
        await t.press("colon")
        await t.type("axes W9")
        await t.press("enter")
        assert "no parameter is called 'W9'" in t.text
        assert t.session.surface.window.axes[0] == Axis("b2", (0,))


async def test_zoom_survives_steps_and_hiding(terminal):
    async with terminal("illustration") as t:
        await t.press("M", "plus", "equals_sign", "n")
        assert t.session.surface.window.zoom == 2 and "w2  ×4" in t.text
        await t.press("M", "n", "M")
        assert t.session.surface.window.zoom == 2
        await t.press("minus", "minus", "minus")
        assert "w2  ×0.5" in t.text
        await t.press("0")
        assert t.session.surface.window.zoom == 0 and "×0.5" not in t.text


async def test_a_zoom_key_shows_the_surface_first(terminal):
    async with terminal("two_weights") as t:
        await t.press("plus")
        assert t.session.surface.window == Window((Axis("w1"), Axis("w2")))


async def test_a_small_terminal_gives_it_the_graphs_place(terminal):
    async with terminal("five_parcels", (80, 24)) as t:
        await t.press("M")
        assert "6 Surface  w[0], w[1]" in t.text and "─ 1 Graph" not in t.text
        assert "2 Gradient" in t.text and "w[1] ↑" in t.text
        await t.press("M")
        assert "1 Graph" in t.text


@pytest.mark.parametrize("file", ["five_parcels", "update_sgd", "one_weight", "late_nan"])
@pytest.mark.parametrize("size", [(1, 1), (20, 5), (40, 10), (80, 24), (200, 60)])
async def test_any_size_shows_what_it_can(terminal, file, size):
    async with terminal(file, size) as t:
        await t.press("M", "n", "plus", "z", "G", "z", "minus", "M")
        assert all(len(row) <= size[0] for row in t.rows)


@pytest.mark.parametrize("panel", ["1", "5"])
async def test_a_zoomed_panel_is_alone_on_a_small_terminal_with_a_part_by_hand(terminal, panel):
    async with terminal("update_sgd", (80, 24)) as t:
        for _ in range(2):
            await t.press(panel, "z") if "╭─ 5" in t.text and panel == "5" else await t.press(panel)
            tops = [row for row in t.rows if "╭" in row]
            assert len(tops) == 1 and panel in tops[0]
            await t.press("escape", "M")
            await t.press("M")


async def test_resizing_and_zooming_in_any_order_leave_the_same_screen(terminal):
    async with terminal("ravine") as t:
        await t.press("M", "n", "plus")
        before = t.text
        await t.pilot.resize_terminal(60, 14)
        await t.press("z", "z", "n", "N")
        await t.pilot.resize_terminal(200, 60)
        await t.press("2", "z", "escape", "6", "M", "M")
        await t.pilot.resize_terminal(120, 40)
        await t.pilot.pause()
        assert t.text == before


async def test_the_other_drive_has_its_own_path(terminal):
    async with terminal("update_uphill") as t:
        await t.press("M", "n")
        before = t.session.frame.surface((20, 10)).path.places
        await t.press("D")
        after = t.session.frame.surface((20, 10)).path.places
        assert (before[0] == after[0]).all() and (before[1] != after[1]).any()


async def test_another_scenario_starts_without_the_surface(terminal):
    async with terminal("two_weights") as t:
        await t.press("M", "colon")
        await t.type("open five_parcels")
        await t.press("enter")
        assert "6 Loss" in t.text
        await t.press("M")
        assert "6 Surface  w[0], w[1]" in t.text


KEYS = ["s", "s", "s", "f", "f", "S", "n", "v", "f", "F", "plus", "z", "n", "z", "D", "n", "M",
        "N", "M", "minus", "N", "s", "G", "right_square_bracket", "N", "R", "f", "n"]  # fmt: skip


@pytest.mark.parametrize("file", ["update_uphill", "minibatches", "one_weight"])
async def test_it_is_what_would_be_drawn_anew_whatever_came_before(terminal, file):
    async with terminal(file) as t:
        await t.press("M")
        for key in KEYS:
            await t.press(key)
            panel, frame = t.debugger.query_one(LossPanel), t.session.frame
            if frame.looked.window is not None:
                shown = panel.rows_of(frame, panel.size.width)
                assert shown == surface_rows(frame, *panel.size), key
        assert frame.looked.window is not None


async def test_a_message_does_not_draw_it_anew(terminal, monkeypatch):
    drawn = []

    def counted(frame, width, height):
        drawn.append(frame.step)
        return surface_rows(frame, width, height)

    monkeypatch.setattr("gradtui.explain.surface.surface_rows", counted)
    async with terminal("two_weights") as t:
        await t.press("M", "n")
        before = len(drawn)
        t.debugger.say("a message")
        await t.press("ctrl+c", "j", "k")
        assert "Ctrl+C" not in t.text and len(drawn) == before and drawn[-1] == 1


async def test_the_data_of_a_classifier_take_the_maps_place_and_give_it_back(terminal):
    async with terminal("softmax_classifier") as t:
        await t.press("M", "v")
        assert "6 Data  X" in t.text and "X[:,1] ↑" in t.text and "v map" in t.rows[-1]
        await t.press("G")
        assert "12 of 12 right" in t.text
        await t.press("v")
        assert "6 Surface  W1[0,0]" in t.text and "v data" in t.rows[-1]


@pytest.mark.parametrize("size", [(40, 12), (80, 24), (200, 60)])
async def test_the_data_fit_any_size(terminal, size):
    async with terminal("softmax_classifier", size) as t:
        await t.press("M", "v", "z", "n")
        assert all(len(row) <= size[0] for row in t.rows)


@pytest.mark.parametrize("size", [(50, 14), (80, 24), (80, 40), (120, 40), (200, 60)])
async def test_the_view_opened_last_has_the_room(terminal, size):
    lens, surface = "L ← e ← ŷ ← w2", "★"
    async with terminal("two_weights", size) as t:
        await t.press("M", "L")
        assert lens in t.text
        await t.press("escape")
        assert surface in t.text and lens not in t.text
        await t.press("L", "M")
        assert surface in t.text and t.session.surface.window is not None
        await t.press("M")
        assert lens in t.text and surface not in t.text
        await t.press("M")
        assert surface in t.text
        await t.press("M")
        assert lens in t.text and surface not in t.text
        await t.press("escape")
        assert surface not in t.text and lens not in t.text


async def test_a_view_opened_from_a_zoomed_panel_is_shown(terminal):
    async with terminal("two_weights", (80, 24)) as t:
        await t.press("2", "z", "L")
        assert "∂L/∂ŷ = ∂L/∂e · 1 = 6 · 1 = 6" in t.text and "2 Gradient" not in t.text
        await t.press("M")
        assert "6 Surface" in t.text and "3 Lens" not in t.text
        await t.press("escape", "escape", "M")
        assert "1 Graph" in t.text and "6 Loss" in t.text


def curve_of(known):
    """Return the picture of a run of 1,000 steps of which some are known."""
    return Picture((Curve("L", 0, range(known), np.arange(known, dtype=float)),), 0, 1000)


async def test_keys_do_not_wait_for_a_drawing_of_each_more_step(terminal, monkeypatch):
    drawn = []
    real = plot.draw_curves
    monkeypatch.setattr(plot, "draw_curves", lambda *a, **k: drawn.append(a) or real(*a, **k))
    async with terminal("one_weight") as t:
        panel = t.app.screen.query_one(LossPanel)
        asked = []
        monkeypatch.setattr(panel, "redraw", lambda: asked.append(1))
        drawn.clear()
        for known in range(500, 520):
            panel._drawing(curve_of(known), 40, 10)
        assert len(drawn) <= 3
        await t.until(lambda: asked)
        panel._drawing(curve_of(1001), 40, 10)
        assert len(drawn[-1][0][0].steps) == 1001


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("late_nan", "6 Loss · nan from step 1 "),
        ("five_parcels_rate_1_5", "6 Loss · t log scale ─"),
    ],
)
async def test_a_curve_that_ends_not_finite_says_from_where_on(terminal, name, title):
    async with terminal(name, (80, 24)) as t:
        await t.press("G")
        assert title in t.text


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
@pytest.mark.parametrize("name", ["five_parcels_rate_1_5", "two_weights_rate_3"])
async def test_a_curve_that_runs_off_offers_the_log_scale(terminal, name, size):
    async with terminal(name, size) as t:
        assert re.search(r"6 Loss.* · t log scale ─", t.text)
        assert size == (80, 24) or "t log scale" in t.rows[-1]
        await t.press("t")
        assert "6 Loss, log scale" in t.text and "t log scale" not in t.text


@pytest.mark.parametrize("name", ["five_parcels", "two_weights", "one_weight"])
async def test_a_curve_that_falls_is_drawn_as_it_is(terminal, name):
    async with terminal(name) as t:
        assert "6 Loss ─" in t.text and "t log scale" not in t.text


def test_values_that_a_log_scale_leaves_out_do_not_run_off():
    def picture(values):
        curve = Curve("L", 0, range(len(values)), np.array(values))
        return Picture((curve,), 0, len(values))

    steep = [10.0**n for n in range(9)]
    assert picture(steep).runs_off and picture([*steep, np.inf, np.nan]).runs_off
    assert not picture([-1.0, *steep]).runs_off and not picture([0.0, *steep]).runs_off
    assert not picture(steep[::-1]).runs_off and not picture([]).runs_off
    assert not picture([1.0, *[500.0] * 9]).runs_off, "a jump that stays is seen"
