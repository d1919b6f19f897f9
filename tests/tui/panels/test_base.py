"""What all panels have in common: what they bring into view."""

import pytest
from textual.geometry import Region

from gradtui.tui.panels.gradient import GradientPanel


@pytest.mark.parametrize("size", [(120, 40), (80, 24), (200, 60)])
async def test_the_selected_weight_is_in_view_after_another_optimizer(terminal, size):
    async with terminal("two_weights", size) as t:
        await t.press("n", "4")
        t.session.selection.select(t.session.problem.graph.names["w2"])
        t.debugger.show_frame()
        await t.pilot.pause()
        assert any("w2  1.1" in row for row in t.rows)
        t.debugger.run_line("what-if optimizer adam")
        await t.until(lambda: t.session.problem.optimizer == "adam")
        await t.settled()
        assert any("w2  m = 0.9" in row for row in t.rows), t.text


async def test_a_new_title_paints_the_row_of_the_border_alone(terminal):
    async with terminal("two_weights") as t:
        panel = t.debugger.query_one(GradientPanel)
        await t.settled()
        panel._exchange_repaint_regions()
        panel.title("Gradient · w1")
        assert [*panel._exchange_repaint_regions()] == [Region(0, 0, panel.outer_size.width, 1)]
        await t.pilot.pause()
        assert "Gradient · w1" in t.text
