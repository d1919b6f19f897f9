"""What all panels have in common: what they bring into view."""

import pytest


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
