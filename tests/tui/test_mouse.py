"""The mouse at a moment when what it is on has another size than is painted."""

from __future__ import annotations

from textual.events import MouseDown

from gradtui.tui.panels.base import Panel


async def test_a_panel_can_be_pressed_on_before_its_new_rows_are_laid_out(terminal):
    pressed = 0
    async with terminal("two_weights") as t:
        for panel in t.debugger.query(Panel):
            x, rows = panel.region.x + 2, panel.size.height
            panel.styles.border = ("none", "black")
            for y in range(panel.region.y + rows, panel.region.bottom):
                await t.app.on_event(MouseDown(None, x, y, 0, 0, 1, False, False, False))
                pressed += 1
        await t.press("n")
        assert t.session.step == 1
    assert pressed >= 10
