"""Events that reach what has another size than is painted, or what has gone."""

from __future__ import annotations

from textual.events import Key, MouseDown, MouseMove, Paste, Resize
from textual.geometry import Size

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


async def test_what_comes_when_the_screens_have_gone_is_not_looked_at(terminal):
    async with terminal("two_weights") as t:
        pass
    assert not t.app.screen_stack
    size = Size(80, 24)
    mouse = [kind(None, 5, 5, 0, 0, 1, False, False, False) for kind in (MouseDown, MouseMove)]
    for event in (*mouse, Key("n", "n"), Paste("n"), Resize(size, size)):
        await t.app.on_event(event)
